import CRows
import Foundation
import MADE
import MADERows
import Oracle
import Testing

@testable import DensityService

/// Variables of all types, with labels that need quotes and escapes, numbers for labels, and a class for unseen ones.
let mixedVariables = [
    Variable(
        name: "cut",
        kind: .categorical(Categories(labels: ["Fair", "Good, \"very\"", "Idéal 𝄞", "a\nb", "Premium"]))),
    Variable(
        name: "carat",
        kind: .real(
            RealEncoding(
                centre: 0.7, scale: 0.5, componentCount: 3, scaleFloor: 0.02, minimum: 0.2,
                maximum: 5.01))),
    Variable(name: "sold", kind: .binary(.plusMinusOne)),
    Variable(
        name: "x,\"y\"",
        kind: .real(
            RealEncoding(
                centre: 320, scale: 100, componentCount: 2, scaleFloor: 0.05, step: 1,
                minimum: 18, maximum: 1206))),
    Variable(name: "size", kind: .categorical(Categories(labels: ["1", "2", "10", "other"], otherIndex: 3))),
]

/// The card of a model of `variables` that knows no table.
func card(of variables: [Variable]) -> ModelCard {
    var generator = PhiloxGenerator(seed: 1)
    return RandomModel.mixed(variables, hiddenWidths: [2], using: &generator).card
}

/// Scans `json` as a request's body of rows of `variables`.
func scanRows(
    _ json: String, variables: [Variable] = mixedVariables, shape: BodyScanner.Shape? = nil
) throws -> (rows: [Float], problem: Problem?) {
    let scanner = try #require(BodyScanner())
    let schema = try #require(RowSchema(card(of: variables)))
    let shape = shape ?? BodyScanner.Shape(member: "rows", rowsMax: 1000, valuesMax: 100_000)
    let buffer = RowBuffer()
    let body = Array(json.utf8) + [UInt8](repeating: 0, count: 64)
    return body.withUnsafeBytes { bytes in
        let scan = scanner.scan(
            UnsafeRawBufferPointer(rebasing: bytes[..<json.utf8.count]), as: shape, schema: schema, into: buffer)
        let fault = scan.error_count > 0 ? scan.errors?.pointee : nil
        let problem =
            Problem(scan, shape: shape) ?? fault.map { Problem(RowProblem($0, shape: shape, columns: schema.columns)) }
        return (Array(buffer.values), problem)
    }
}

/// A model of `mixedVariables` with random weights, calibrated on its own draws where `calibrated`.
func mixedModel(members: Int = 1, calibrated: Bool = false, seed: UInt64 = 1) -> DensityModel {
    var generator = PhiloxGenerator(seed: seed)
    var model = RandomModel.mixed(
        mixedVariables, hiddenWidths: [16, 16], direct: true, memberCount: members, using: &generator)
    model.name = "mixed"
    if calibrated {
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 199, seed: 5), using: compiled.makeWorkspace())
        model.calibration = Calibration(
            logLikelihoods: samples.logLikelihoods,
            rows: CalibrationRows(samples.rows, variableCount: compiled.variableCount))
    }
    return model
}

/// Encoded rows of `mixedVariables`, numbers on their grid; where `missingShare` is above 0 so many of their values are missing.
func mixedRows(_ count: Int, missingShare: Float = 0, seed: UInt64) -> [[Float]] {
    var generator = PhiloxGenerator(seed: seed)
    return (0..<count).map { _ in
        settled(RandomModel.row(of: mixedVariables, using: &generator), mixedVariables).map {
            generator.uniform() < missingShare ? .nan : $0
        }
    }
}

/// An encoded row whose numbers are as their columns write them.
func settled(_ row: [Float], _ variables: [Variable]) -> [Float] {
    zip(variables, row).map { $0.encode($0.decode($1)) }
}

/// The rows as every format writes them.
struct WrittenRows {
    private let rows: [[Float]]
    private let text = RowText(card(of: mixedVariables))

    init(_ rows: [[Float]]) {
        self.rows = rows
    }

    func lines(asObjects: Bool = false) -> [String] {
        rows.map { row in
            var bytes: [UInt8] = []
            text.appendJSON(row, asObject: asObjects, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    func json(asObjects: Bool = false) -> String { "[\(lines(asObjects: asObjects).joined(separator: ","))]" }

    var ndjson: String { lines().map { $0 + "\n" }.joined() }

    var csv: String {
        var bytes = text.csvHeader
        for row in rows {
            bytes += Array("\n".utf8)
            text.appendCSV(row, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Numbers in the data's own units, categories as indices.
    var numbers: [Double] { rows.flatMap { zip(mixedVariables, $0).map { $0.decode($1) } } }

    /// The same as JSON, missing values as null.
    var tensor: String { "[\(numbers.map { $0.isNaN ? "null" : "\($0)" }.joined(separator: ","))]" }
}
