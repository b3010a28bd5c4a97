import Foundation
import MADE
import Oracle
import Testing

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path = FileManager.default.temporaryDirectory.path + "/made-tests-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

@Suite struct CheckpointTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func sharedModel(seed: UInt64) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        var model = RandomModel.binary(
            variableCount: 6, hiddenWidths: [9, 7], activation: .tanh, direct: true, memberCount: 2,
            encoding: .plusMinusOne, using: &generator)
        // A third member uses network 0 under an ordering of its own.
        let ordering = Ordering.random(count: 6, using: &generator)
        model.members.append(
            Member(network: 0, ordering: ordering, hiddenDegrees: Degrees.spread(widths: [9, 7], variableCount: 6)))
        model.calibration = Calibration(
            logLikelihoods: [-3, -5.25, -4],
            surprisals: SurprisalSummary(
                means: [0.5, 0.25, 0, 1, 2, 0.125], standardDeviations: [0, 1, 0.5, 0.25, 1, 3]))
        model.training = TrainingSummary(
            trainRows: 10, validationRows: 2, calibrationRows: 3, epochs: 4, trainNats: 3.5, validationNats: 3.75,
            testNats: nil, seed: 9)
        model.imageWidth = 3
        return model
    }

    @Test func writesWhatItReads() throws {
        var model = sharedModel(seed: 3)
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        let read = try Checkpoint.read(path)
        model.applyMasks()
        #expect(read.networks == model.networks)
        #expect(read.members == model.members)
        #expect(read.variables == model.variables)
        #expect(read.calibration == model.calibration)
        #expect(read.training == model.training)
        #expect(read.imageWidth == 3)
        #expect(read.activation == .tanh)
        #expect(read.name == "random")
        let bytes = FileManager.default.contents(atPath: path)
        try Checkpoint.write(read, to: path)
        #expect(FileManager.default.contents(atPath: path) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
    }

    @Test func maskedWeightsAreStoredAsZerosUnlessAnotherMemberNeedsThem() {
        var model = sharedModel(seed: 4)
        model.applyMasks()
        let users = model.members.filter { $0.network == 0 }.map { model.degrees(of: $0) }
        #expect(users.count == 2)
        let weight = model.networks[0].layers[0].weight
        var kept = 0
        for output in 0..<weight.rows {
            for input in 0..<weight.columns {
                let passes = users.contains { $0.passes(layer: 0, output: output, input: input) }
                #expect(passes || weight[output, input] == 0)
                if passes && !users.allSatisfy({ $0.passes(layer: 0, output: output, input: input) }) { kept += 1 }
            }
        }
        #expect(kept > 0)
    }

    /// Files from before surprisals were kept have none.
    @Test func aCalibrationMayLackSurprisals() throws {
        var model = sharedModel(seed: 6)
        model.calibration = Calibration(logLikelihoods: [-3, -4])
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        #expect(try Checkpoint.read(path).calibration == model.calibration)
        model.calibration = Calibration(
            logLikelihoods: [-3], surprisals: SurprisalSummary(means: [1, 2], standardDeviations: [1, 2]))
        try Checkpoint.write(model, to: path)
        #expect(
            throws: CheckpointError(
                path, .badShape(tensor: "calibration.surprisal.mean", shape: [2], expected: "[6]"))
        ) { try Checkpoint.read(path) }
    }

    @Test func activationAndStateDictFlagExcludeEachOther() throws {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(sharedModel(seed: 5), to: path)
        #expect(throws: CheckpointError(path, .activationAlreadyKnown(.tanh))) {
            try Checkpoint.read(path, activation: .relu)
        }
    }

    @Test func aFileThatIsNotThereIsAnError() {
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.read("/nowhere/x.safetensors") }
        #expect(error?.description == "/nowhere/x.safetensors: cannot be read: No such file or directory")
    }

    @Test func aFolderIsAnError() {
        #expect(throws: CheckpointError(folder.path, .unreadable("it is a folder, not a regular file"))) {
            try Checkpoint.read(folder.path)
        }
    }
}

// MARK: - Hostile files

extension CheckpointTests {
    /// A file of `header` and `data`.
    private func safetensors(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
    }

    /// A state dict of one 1×1 layer with the given changes.
    private func tiny(
        dtype: String = "F32", shape: String = "[1,1]", offsets: String = "[0,4]", data: [UInt8]? = nil
    ) -> [UInt8] {
        let header = """
            {"net.0.weight":{"dtype":"\(dtype)","shape":\(shape),"data_offsets":\(offsets)},\
            "net.0.bias":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},\
            "net.0.mask":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}
            """
        return safetensors(header, data ?? [UInt8](repeating: 0, count: 12))
    }

    private func problem(_ bytes: [UInt8]) throws -> String {
        let path = try folder.file("hostile.safetensors", bytes)
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.load(path, activation: .relu) }
        let line = error.description
        #expect(!line.contains("\n"))
        return String(line.dropFirst(path.count + 2))
    }

    @Test func theUnchangedFileIsGood() throws {
        let path = try folder.file("good.safetensors", tiny())
        #expect(try Checkpoint.read(path, activation: .relu).variables.count == 1)
    }

    @Test func everyCutOfAFileIsRefused() throws {
        let whole = tiny()
        for length in 0..<whole.count {
            let line = try problem(Array(whole.prefix(length)))
            #expect(line.contains("safetensors") || line.contains("offsets"), "cut at \(length): \(line)")
        }
    }

    @Test func aHugeHeaderLengthIsRefused() throws {
        for length in [UInt64.max, 1 << 62, 100_000_001, 4096] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
            #expect(try problem(bytes).contains("its header claims \(length) bytes"))
        }
    }

    @Test func aHeaderThatIsNotJSONIsRefused() throws {
        for header in ["", "[]", "{", "{\"a\":1}", String(repeating: "[", count: 5000), "\u{0}"] {
            #expect(try problem(safetensors(header)).contains("not the JSON object"), "\(header.prefix(20))")
        }
    }

    @Test(arguments: ["[0,8]", "[8,4]", "[-4,0]", "[0,4,8]", "[]", "[0,9223372036854775807]", "[4,8]", "[12,16]"])
    func offsetsThatOverlapOrLeaveTheFileAreRefused(offsets: String) throws {
        let line = try problem(tiny(offsets: offsets))
        #expect(line.contains("offsets") || line.contains("begins at byte"), "\(line)")
    }

    @Test(arguments: ["[1,-1]", "[4611686018427387904,4]", "[9223372036854775807,2]", "[1000000,1000000]", "[2,1]"])
    func absurdShapesAreRefused(shape: String) throws {
        let line = try problem(tiny(shape: shape))
        #expect(line.contains("net.0.weight"), "\(line)")
    }

    /// A file of holes, which takes no place on a disk, may be of any size.
    @Test func tensorsBeyondAllMemoryAreRefusedUnread() throws {
        let size = (16 << 30) + 4
        let header = #"{"a": {"dtype": "F32", "shape": [\#(size / 4)], "data_offsets": [0, \#(size)]}}"#
        let bytes = safetensors(header)
        let path = try folder.file("holes.safetensors", bytes)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(bytes.count + size))
        try file.close()
        let expected = CheckpointError(path, .tooLarge("its tensors have \(size) bytes; the limit is \(16 << 30)"))
        #expect(throws: expected) { try Checkpoint.read(path, activation: .relu) }
    }

    @Test func shapesThatDoNotMatchEachOtherAreRefused() throws {
        #expect(try problem(tiny(shape: "[1]")).contains("has shape [1], not [units, inputs]"))
        #expect(try problem(tiny(shape: "[1,1,1]")).contains("has shape [1, 1, 1]"))
    }

    @Test func wrongTypesAreRefused() throws {
        #expect(try problem(tiny(dtype: "I32")).contains("type I32, not F32, F64, F16 or BF16"))
        #expect(try problem(tiny(dtype: "COMPLEX")).contains("type COMPLEX"))
    }

    @Test func weightsThatAreNotFiniteAreRefused() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            let bytes = withUnsafeBytes(of: value) { Array($0) }
            let line = try problem(tiny(data: bytes + [UInt8](repeating: 0, count: 8)))
            #expect(line.contains("weights must be finite"), "\(line)")
        }
    }

    @Test func masksHoldZeroAndOne() throws {
        let half = withUnsafeBytes(of: Float(0.5)) { Array($0) }
        #expect(try problem(tiny(data: [UInt8](repeating: 0, count: 8) + half)).contains("a mask holds 0 and 1"))
    }

    /// Any byte of a good checkpoint changed: either an error of one line or a model that still loads, never a crash.
    @Test(arguments: [UInt64(1), 2, 3])
    func randomDamageNeverCrashes(seed: UInt64) throws {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(sharedModel(seed: seed), to: path)
        let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        var generator = PhiloxGenerator(seed: seed)
        var refused = 0
        for _ in 0..<150 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let damaged = try folder.file("damaged.safetensors", bytes)
            do {
                _ = try Checkpoint.load(damaged)
            } catch {
                refused += 1
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(refused > 0)
    }

    @Test func aWeightThatNoMaskLetsThroughIsRefused() throws {
        var generator = PhiloxGenerator(seed: 8)
        let model = RandomModel.binary(variableCount: 3, hiddenWidths: [4], using: &generator)
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        // The weights follow the header at once, network 0's first layer first; its weight from the last variable of the
        // ordering is hidden from every unit.
        var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let headerBytes = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let input = model.members[0].ordering.variables[2]
        let place = 8 + headerBytes + 4 * input
        bytes.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: Float(1)) { Array($0) })
        let damaged = try folder.file("damaged.safetensors", bytes)
        #expect(
            throws: CheckpointError(
                damaged, .hiddenWeight(tensor: "networks.0.layers.0.weight", output: 0, input: input))
        ) { try Checkpoint.read(damaged) }
    }
}
