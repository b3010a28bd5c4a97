import Foundation
import MADE
import Oracle
import Testing

/// Files of version 1, whose densities are in the data's own units.
@Suite struct FirstVersionTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// One real variable and one Gaussian of u = (x − 4) · 0.5: mean 0.25, standard deviation ½ + log(1 + e⁰).
    private func tiny(calibration: [Double]) throws -> String {
        let document = #"""
            {"activation":"relu","name":"old","version":"7","variables":[{"name":"x","type":"real",
            "encoding":{"offset":4,"scale":0.5},"components":1,"scale_floor":0.5,"input_bound":5,"step":0.5,
            "minimum":-3,"maximum":9.5}],"training":{"trainRows":5,"validationRows":4,"calibrationRows":3,"epochs":2,
            "trainNats":1.5,"validationNats":2.5,"testNats":3.5,"seed":9,
            "curve":{"epochs":[1,2],"trainNats":[2,1],"validationNats":[4,3]}}}
            """#.filter { $0 != "\n" }
        var header: [String: Any] = [
            "__metadata__": ["format": "made", "format_version": "1", "model": document]
        ]
        var data: [UInt8] = []
        func add<Element>(_ name: String, _ dtype: String, _ shape: [Int], _ elements: [Element]) {
            let start = data.count
            elements.withUnsafeBytes { data += $0 }
            header[name] = ["dtype": dtype, "shape": shape, "data_offsets": [start, data.count]]
        }
        add("calibration.log_likelihood", "F64", [calibration.count], calibration)
        add("calibration.surprisal.mean", "F64", [1], [2.0])
        add("calibration.surprisal.standard_deviation", "F64", [1], [0.75])
        add("networks.0.layers.0.weight", "F32", [3, 1], [Float](repeating: 0, count: 3))
        add("networks.0.layers.0.bias", "F32", [3], [Float(0), 0.25, 0])
        add("members.network", "I32", [1], [Int32(0)])
        add("members.ordering", "I32", [1, 1], [Int32(0)])
        let encoded = [UInt8](try JSONSerialization.data(withJSONObject: header))
        let count = withUnsafeBytes(of: UInt64(encoded.count).littleEndian) { Array($0) }
        return try folder.file("old.safetensors", count + encoded + data)
    }

    private func scores(_ model: CompiledModel, _ rows: [Float]) -> [Double] {
        var results = [Double](repeating: .nan, count: rows.count / model.variableCount)
        var span = results.mutableSpan
        model.score(rows.span, into: &span, using: model.makeWorkspace())
        return results
    }

    @Test func densitiesShiftByTheScaleAndPValuesStay() throws {
        let calibration = [-4.5, -2.75, -2.25]
        let path = try tiny(calibration: calibration)
        let model = try Checkpoint.load(path).model
        guard case .real(let encoding) = model.card.variables[0].kind else {
            Issue.record("the variable is real")
            return
        }
        #expect(encoding.centre == 4 && encoding.scale == 2 && encoding.step == 0.5 && encoding.resolution == nil)
        #expect(encoding.minimum == -3 && encoding.maximum == 9.5)
        let old = try #require(model.card.calibration)
        #expect(old.logLikelihoods == calibration.map { $0 + log(2) })
        #expect(old.surprisals == SurprisalSummary(means: [2 - log(2)], standardDeviations: [0.75]))
        let deviation = 0.5 + log(2.0)
        for x in stride(from: -8.0, through: 16, by: 0.375) {
            // In the data's own units, as version 1 had it.
            let z = ((x - 4) * 0.5 - 0.25) / deviation
            let before = -z * z / 2 - log(deviation) - log(2 * .pi) / 2 + log(0.5)
            let found = scores(model, [encoding.encode(x)])[0]
            #expect(abs(found - (before + log(2))) < 1e-5, "x \(x)")
            let p = Double(1 + calibration.count { $0 <= before }) / 4
            #expect(old.pValue(of: found) == p, "x \(x)")
        }
        let training = try #require(model.card.training)
        #expect(
            [training.trainNats, training.validationNats, training.testNats] == [1.5, 2.5, 3.5].map { $0 - log(2) })
        #expect(training.curve?.trainNats == [2, 1].map { $0 - Float(log(2.0)) })
        #expect(training.curve?.validationNats == [4, 3].map { $0 - Float(log(2.0)) })
        #expect(model.card.schema == nil)
    }

    /// Written again it is a file of today, and the same model.
    @Test func itIsWrittenAsAFileOfToday() throws {
        let model = try Checkpoint.read(try tiny(calibration: [-3, -1]))
        let path = "\(folder.path)/new.safetensors"
        try Checkpoint.write(model, to: path)
        let again = try Checkpoint.read(path)
        #expect(again.variables == model.variables && again.networks == model.networks)
        #expect(again.calibration == model.calibration && again.training == model.training)
    }

    private func bundled(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("config/models/\(name).safetensors").path
    }

    /// The file's own numbers: log-likelihoods of the calibration, and Σ log |scale| of the real variables.
    private func raw(_ path: String) throws -> (version: String, calibration: [Double], logScale: Double) {
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(
            try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
        let metadata = try #require(header["__metadata__"] as? [String: String])
        let entry = try #require(header["calibration.log_likelihood"] as? [String: Any])
        let offsets = try #require(entry["data_offsets"] as? [Int])
        let calibration = stride(from: offsets[0], to: offsets[1], by: 8).map { start in
            bytes[(8 + length + start)...].withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
        }
        let text = try #require(metadata["model"])
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let variables = try #require(document?["variables"] as? [[String: Any]])
        let scales = variables.filter { $0["type"] as? String == "real" }.map { variable in
            (variable["encoding"] as? [String: Double])?["scale"] ?? .nan
        }
        return (metadata["format_version"] ?? "", calibration, scales.reduce(0) { $0 + log(abs($1)) })
    }

    @Test(arguments: ["nltcs", "diamonds"]) func theModelsThatComeWithTheProgramKeepTheirPValues(name: String) throws {
        let path = bundled(name)
        let (version, calibration, logScale) = try raw(path)
        guard version == "1" else { return }
        let model = try Checkpoint.load(path).model
        let shifted = try #require(model.card.calibration)
        #expect(zip(shifted.logLikelihoods, calibration).allSatisfy { abs($0 + logScale - $1) < 1e-6 })
        #expect((name == "nltcs") == (logScale == 0))
        let samples = model.sample(SamplingRequest(count: 300, seed: 1), using: model.makeWorkspace())
        for score in samples.logLikelihoods {
            // Densities in the data's own units, as version 1 had them.
            let before = score + logScale
            // What rounding could move is no matter of the version.
            guard calibration.allSatisfy({ $0 == before || abs($0 - before) > 1e-9 }) else { continue }
            let p = Double(1 + calibration.count { $0 <= before }) / Double(1 + calibration.count)
            #expect(shifted.pValue(of: score) == p)
        }
    }
}
