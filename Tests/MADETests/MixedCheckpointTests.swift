import Foundation
import MADE
import Oracle
import Testing

@Suite struct MixedCheckpointTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A variable of each kind, with and without what is optional.
    private static let variables = [
        Variable(name: "flag", kind: .binary(.plusMinusOne)),
        Variable(name: "cut", kind: .categorical(Categories(labels: ["Fair", "gut \"é\"", "other"], otherIndex: 2))),
        Variable(name: "color", kind: .categorical(Categories(labels: ["", "J"]))),
        Variable(
            name: "price",
            kind: .real(
                RealEncoding(
                    centre: 0.1, scale: -1 / 3.0, componentCount: 3, scaleFloor: 0.01, inputBound: 4.7, step: 0.01,
                    minimum: -1e30, maximum: 3.3e-20))),
        Variable(
            name: "x",
            kind: .real(
                RealEncoding(
                    centre: 0, scale: 1, linearWidth: 0.1, unit: 1 / 3.0, componentCount: 1, scaleFloor: 1e-4))),
    ]

    private func model(seed: UInt64) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.mixed(
            Self.variables, hiddenWidths: [4, 8, 8], activation: .elu, direct: true, isResidual: true, memberCount: 2,
            using: &generator)
    }

    @Test(arguments: [UInt64(1), 2]) func writesWhatItReads(seed: UInt64) throws {
        var model = model(seed: seed)
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        let read = try Checkpoint.read(path)
        model.applyMasks()
        #expect(read.variables == model.variables)
        #expect(read.isResidual && read.card.isResidual)
        #expect(read.networks == model.networks && read.members == model.members)
        let bytes = FileManager.default.contents(atPath: path)
        try Checkpoint.write(read, to: path)
        #expect(FileManager.default.contents(atPath: path) == bytes)
        let verdict = try Checkpoint.load(path).verdict
        #expect(verdict.memberCount == 2 && verdict.probeCount == 2 * 2 * 5)
    }

    /// What the format had before it knew other kinds than binary: files of then must load, and look the same today.
    @Test func aBinaryModelHasNoNewMembers() throws {
        var generator = PhiloxGenerator(seed: 3)
        let model = RandomModel.binary(variableCount: 2, hiddenWidths: [3], using: &generator)
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        let document = try File(path).document
        #expect(Set(document.keys) == ["name", "version", "variables", "activation"])
        let entry = try #require((document["variables"] as? [[String: Any]])?.first)
        #expect(Set(entry.keys) == ["name", "type", "encoding"])
        #expect(try Checkpoint.read(path).isResidual == false)
    }

    /// A checkpoint taken apart, to be put together with another description.
    private struct File {
        var header: [String: Any]
        var document: [String: Any]
        let data: [UInt8]

        init(_ path: String) throws {
            let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
            let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length]))
            self.header = try #require(header as? [String: Any])
            data = Array(bytes[(8 + length)...])
            let metadata = try #require(self.header["__metadata__"] as? [String: String])
            let text = try #require(metadata["model"])
            document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        func bytes() throws -> [UInt8] {
            var header = header
            let text = try JSONSerialization.data(withJSONObject: document, options: .sortedKeys)
            header["__metadata__"] = [
                "format": "made", "format_version": "2", "model": String(decoding: text, as: UTF8.self),
            ]
            let encoded = [UInt8](try JSONSerialization.data(withJSONObject: header))
            return withUnsafeBytes(of: UInt64(encoded.count).littleEndian) { Array($0) } + encoded + data
        }
    }

    /// What `Checkpoint.load` says of the model with member `key` of variable `index` set to `value`; nil takes it away.
    private func problem(variable index: Int, _ key: String, _ value: Any?) throws -> String {
        try problem { document in
            var variables = try #require(document["variables"] as? [[String: Any]])
            variables[index][key] = value
            document["variables"] = variables
        }
    }

    private func problem(_ change: (inout [String: Any]) throws -> Void) throws -> String {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model(seed: 5), to: path)
        var file = try File(path)
        try change(&file.document)
        let hostile = try folder.file("hostile.safetensors", try file.bytes())
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.load(hostile) }
        let line = error.description
        #expect(!line.contains("\n") && line.utf8.count < 500)
        return String(line.dropFirst(hostile.count + 2))
    }

    @Test func theFileTakenApartAndPutTogetherIsGood() throws {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model(seed: 5), to: path)
        let again = try folder.file("again.safetensors", try File(path).bytes())
        #expect(try Checkpoint.read(again).variables == Self.variables)
    }

    @Test func labelsAreChecked() throws {
        #expect(try problem(variable: 1, "labels", nil).contains("variable 'cut': 'labels' is missing"))
        #expect(try problem(variable: 1, "labels", [String]()).contains("'cut': 0 labels; there must be 1 to 1048576"))
        #expect(try problem(variable: 1, "labels", ["a", "b\nc", "b\nc"]).contains("two labels are 'b\\nc'"))
        #expect(try problem(variable: 1, "labels", ["a", 1]).contains("variables.Index 1.labels"))
        #expect(try problem(variable: 1, "labels", "abc").contains("variables.Index 1.labels"))
        let long = String(repeating: "x", count: 5000)
        #expect(try problem(variable: 1, "labels", [long, long]).contains("xx…'"))
        for other in [-1, 3, 1 << 40] {
            #expect(try problem(variable: 1, "other", other).contains("'other' is \(other); it must be the index"))
        }
        for other in [0.5, 1e30] {
            #expect(try problem(variable: 1, "other", other).contains("variables.Index 1.other"))
        }
    }

    /// A label more than the weights have input units for.
    @Test func unitsThatTheWeightsHaveNotAreRefused() throws {
        let line = try problem(variable: 2, "labels", ["a", "b", "c"])
        #expect(line.contains("networks.0.layers.0.weight has shape [4, 8], not [units, 9]"), "\(line)")
        let more = try problem(variable: 3, "components", 4)
        #expect(more.contains("output units"), "\(more)")
    }

    /// More units than any rows under way should have, in a file that is small.
    @Test func unitsAreBounded() throws {
        let line = try problem { document in
            var real = (document["variables"] as? [[String: Any]])?[3] ?? [:]
            real["components"] = 64
            document["variables"] = (0..<5462).map { real.merging(["name": "v\($0)"]) { $1 } }
        }
        #expect(line == "its variables have 1048704 output units; the limit is 1048576")
    }

    /// A column of tens of thousands of labels is read, checked and served.
    @Test func manyLabelsAreServed() throws {
        let labels = (0..<20_000).map { "label \($0)" }
        let variables = [
            Variable(name: "place", kind: .categorical(Categories(labels: labels))),
            Variable(name: "flag", kind: .binary(.plusMinusOne)),
        ]
        var generator = PhiloxGenerator(seed: 6)
        let model = RandomModel.mixed(variables, hiddenWidths: [2], using: &generator)
        let path = "\(folder.path)/labels.safetensors"
        try Checkpoint.write(model, to: path)
        let (compiled, verdict) = try Checkpoint.load(path)
        #expect(verdict.memberCount == 1 && verdict.independentPairCount == 3 && verdict.probeCount == 4)
        #expect(compiled.card.variables == variables)
        let rows: [Float] = [0, 1, 19_999, 0]
        var scores = [0.0, 0.0]
        var span = scores.mutableSpan
        compiled.score(rows.span, into: &span, using: compiled.makeWorkspace())
        let oracle = Oracle(model)
        for row in 0..<2 {
            let expected = oracle.logLikelihood(of: rows[2 * row..<2 * row + 2].map(Double.init))
            #expect(abs(scores[row] - expected) < 1e-3)
        }
    }

    @Test func realEncodingsAreChecked() throws {
        for components in [0, -1, 65, 1 << 40] {
            let line = try problem(variable: 3, "components", components)
            #expect(line.contains("variable 'price': 'components' is \(components); it must lie in 1…64"))
        }
        for key in ["components", "scale_floor", "input_bound", "centre", "scale"] {
            #expect(try problem(variable: 3, key, nil).contains("variable 'price': '\(key)' is missing"))
        }
        for (key, values) in [
            ("scale_floor", [0, -0.5, 1e-60, 1e60]), ("input_bound", [0, -0.5, 1e-60, 1e60]), ("step", [0, -0.5]),
            ("resolution", [0, -0.5]),
        ] {
            for value in values {
                let line = try problem(variable: 3, key, value)
                #expect(line.contains("'\(key)' is ") && line.contains("finite and above 0"), "\(line)")
            }
        }
        for key in ["scale_floor", "input_bound", "step", "resolution", "minimum", "maximum", "centre", "scale"] {
            #expect(try problem(variable: 3, key, "1").contains("variables.Index 3.\(key)"))
        }
        #expect(try problem(variable: 3, "minimum", 2).contains("'minimum' is 2.0, above 'maximum', 3.3e-20"))
        #expect(try problem(variable: 3, "unit", 2).contains("it must not have 'unit' without 'linear_width'"))
        for unit in [0, -2, 0x1p-1030] {
            let line = try problem(variable: 4, "unit", unit)
            #expect(line.contains("'unit' is \(unit); it must be above 0"), "\(line)")
        }
        for scale in [0, 0x1p-1030] {
            let line = try problem(variable: 3, "scale", scale)
            #expect(line.contains("variable 'price': the centre must be finite, the scale too and not 0"))
        }
        for scale in [0, 1e-60, 1e60] {
            let line = try problem(variable: 0, "encoding", ["offset": 0, "scale": scale])
            #expect(line.contains("variable 'flag': the encoding must be finite, its scale not 0"))
        }
        #expect(
            try problem(variable: 0, "encoding", ["offset": 0]).contains(
                "'scale' is missing in variables.Index 0.encoding"))
    }

    @Test func typesAndMembersThatContradictEachOtherAreRefused() throws {
        #expect(
            try problem(variable: 0, "type", "ordinal\n").contains(
                "variable 'flag': the type is 'ordinal\\n'; this program knows 'binary', 'categorical' and 'real'"))
        #expect(try problem(variable: 0, "labels", ["a", "b"]).contains("it is binary and must not have 'labels'"))
        #expect(try problem(variable: 0, "step", 1).contains("it is binary and must not have 'step'"))
        #expect(
            try problem(variable: 1, "encoding", ["offset": 0, "scale": 1]).contains(
                "it is categorical and must not have 'encoding'"))
        #expect(try problem(variable: 3, "other", 1).contains("it is real and must not have 'other'"))
        #expect(try problem(variable: 0, "name", "cut").contains("two variables are named 'cut'"))
    }

    @Test func aResidualModelNeedsEqualDegrees() throws {
        var generator = PhiloxGenerator(seed: 6)
        var model = RandomModel.mixed(Self.variables, hiddenWidths: [3, 6, 6], using: &generator)
        model.members = [
            Member(
                network: 0, ordering: .natural(count: 5),
                hiddenDegrees: [[1, 2, 3], [1, 2, 3, 4, 4, 4], [1, 2, 3, 4, 4, 3]])
        ]
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        _ = try Checkpoint.load(path)
        var file = try File(path)
        file.document["residual"] = true
        let hostile = try folder.file("hostile.safetensors", try file.bytes())
        let expected =
            "its members are wrong: it is residual, but unit 5 of member 0 has degree 4 in hidden layer 1 and 3 in layer 2, "
            + "which is as wide; they must be equal"
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.load(hostile) }
        #expect(error?.description == "\(hostile): \(expected)")
        #expect(try problem { $0["residual"] = 1.5 }.contains("residual is not of the form"))
    }

    /// Any byte changed, as for binary models: an error of one line or a model that loads and scores, never a crash.
    @Test(arguments: [UInt64(1), 2, 3]) func randomDamageNeverCrashes(seed: UInt64) throws {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model(seed: seed), to: path)
        let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let headerEnd = 8 + whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var generator = PhiloxGenerator(seed: seed)
        var refused = 0
        for attempt in 0..<200 {
            var bytes = whole
            // Half of the attempts keep to the header, where the description is.
            let range = attempt % 2 == 0 ? 8..<headerEnd : bytes.indices
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: range, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let damaged = try folder.file("damaged.safetensors", bytes)
            do {
                let model = try Checkpoint.load(damaged).model
                var result = [Double.nan]
                var span = result.mutableSpan
                model.score([Float](repeating: 1, count: 5).span, into: &span, using: model.makeWorkspace())
                #expect(result[0].isFinite)
            } catch {
                refused += 1
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(refused > 0)
    }
}
