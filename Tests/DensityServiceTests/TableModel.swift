import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// A model that knows its table: columns that were left out, texts for missing values and for truths, numbers with a decimal
/// comma, labels that are numbers, labels of few rows, and values that training never saw.
enum TableModel {
    static let variables = [
        Variable(
            name: "city",
            kind: .categorical(
                Categories(
                    labels: ["Köln", "Paris", "other"], otherIndex: 2, rowCounts: [500, 450, 50],
                    rareLabels: ["Ulm", "Bonn"], rareRowCounts: [30, 20])),
            unseen: UnseenValues(rowCount: 1000, singletonCount: 20, doubletonCount: 5)),
        Variable(
            name: "price",
            kind: .real(
                RealEncoding(
                    centre: 1000, scale: 500, componentCount: 3, scaleFloor: 0.05, resolution: 0.01, minimum: 1,
                    maximum: 9999.5))),
        Variable(name: "side", kind: .binary(.plusMinusOne), unseen: UnseenValues(rowCount: 1000)),
        Variable(name: "flag", kind: .binary(.plusMinusOne), unseen: UnseenValues(rowCount: 1000)),
        Variable(
            name: "grade", kind: .categorical(Categories(labels: ["1", "2", "5"])),
            unseen: UnseenValues(rowCount: 1000, singletonCount: 3)),
        Variable(
            name: "size",
            kind: .real(RealEncoding(centre: 2, scale: 0.5, componentCount: 2, scaleFloor: 0.05, resolution: 0.125))),
    ]

    static let schema: Schema = {
        var columns = ["id", "city", "price", "when", "side", "flag", "grade", "size"].map { Schema.Column(name: $0) }
        columns[0].leftOut = .identifier
        columns[1].missingTexts = ["NA", "?"]
        columns[2].missingTexts = ["NA", "?"]
        columns[2].numberForm = Schema.NumberForm(hasDecimalComma: true, groupSeparator: ".", unit: "€")
        columns[3].leftOut = .date
        columns[4].truthTexts = ["left", "right"]
        columns[5].missingTexts = ["-9"]
        columns[6].labelsAreNumbers = true
        columns[6].missingTexts = ["0"]
        columns[7].missingTexts = ["NA", "-999"]
        return Schema(columns: columns)
    }()

    /// With random weights; calibrated on `calibrationRows` of its own draws, 0 for no calibration.
    static func model(
        _ name: String = "table", members: Int = 1, calibrationRows: Int = 199, hasHeader: Bool = true
    ) -> DensityModel {
        var generator = PhiloxGenerator(seed: 12)
        var model = RandomModel.mixed(
            variables, hiddenWidths: [16, 16], direct: true, memberCount: members, using: &generator)
        model.name = name
        model.schema = schema
        model.schema?.hasHeader = hasHeader
        if calibrationRows > 0 {
            let compiled = CompiledModel(model)
            let samples = compiled.sample(
                SamplingRequest(count: calibrationRows, seed: 5), using: compiled.makeWorkspace())
            model.calibration = Calibration(
                logLikelihoods: samples.logLikelihoods,
                rows: CalibrationRows(samples.rows, variableCount: compiled.variableCount))
        }
        return model
    }

    /// Encoded rows, numbers on their grid; where `isUnusual` rare labels, unseen values and missing ones are among them.
    static func rows(_ count: Int, seed: UInt64, isUnusual: Bool = false) -> [[Float]] {
        var generator = PhiloxGenerator(seed: seed)
        return (0..<count).map { _ in
            settled(
                isUnusual
                    ? RandomModel.unusualRow(of: variables, missing: 0.2, using: &generator)
                    : RandomModel.row(of: variables, using: &generator), variables)
        }
    }

    /// One row, each cell as a text; all are of a known value.
    static let cells = ["city": "Paris", "price": "1500", "side": "right", "flag": "0", "grade": "2", "size": "2.5"]
    /// The same, encoded.
    static let encodedCells: [Float] = [1, 1, 1, 0, 1, 1]
    /// The same as an object of JSON, which `more` members may follow.
    static func object(_ changes: [String: String] = [:], _ more: String = "") -> String {
        let json = [
            "city": "\"Paris\"", "price": "1500", "side": "\"right\"", "flag": "0", "grade": "2", "size": "2.5",
        ]
        .merging(changes) { $1 }
        return "{\(variables.map { "\"\($0.name)\":\(json[$0.name] ?? "null")" }.joined(separator: ","))\(more)}"
    }
}

/// A line of the answer to lines.
struct ScoreLine: Decodable, Equatable {
    var logLikelihood: Double?
    var pValue: Double?
    var anomaly: Bool?
    var standardError: Double?
    var error: String?
}

/// What every line of an answer in NDJSON says.
func scoreLines(_ text: String) throws -> [ScoreLine] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try text.split(separator: "\n").map { try decoder.decode(ScoreLine.self, from: Data($0.utf8)) }
}

extension Response {
    /// What every line of NDJSON says.
    func scoreLines() throws -> [ScoreLine] { try DensityServiceTests.scoreLines(text) }

    /// An answer of JSON scores.
    func scores() throws -> ScoreReply {
        try #require(status == 200, "\(text.prefix(300))")
        return try decode(ScoreReply.self)
    }
}

extension TestService {
    /// Sends a body of lines.
    func send(
        lines: String, _ type: String = "text/csv", to path: String = "/score", accept: String = "application/x-ndjson"
    ) throws -> Response {
        try client()(
            "POST", path, headers: ["Content-Type: \(type)", "Accept: \(accept)"], body: lines)
    }

    /// The scores of rows of JSON.
    func score(_ rows: String..., options: String = "", path: String = "/score") throws -> ScoreReply {
        try post(path, "{\"rows\":[\(rows.joined(separator: ","))]\(options)}").scores()
    }
}

/// An inference request whose raw tensors follow its JSON.
func infer(
    _ service: TestService, _ tensors: [InputTensor], model: String = "table", more: String = ""
) throws -> Response {
    let inputs = tensors.map { json, bytes in
        bytes.map { "\(json),\"parameters\":{\"binary_data_size\":\($0.count)}}" } ?? "\(json)}"
    }
    let head = "{\"inputs\":[\(inputs.joined(separator: ","))]\(more)}"
    let client = try service.client()
    try client.send(
        "POST", "/v2/models/\(model)/infer",
        headers: [
            "Content-Type: application/octet-stream", "Inference-Header-Content-Length: \(head.utf8.count)",
        ], body: Array(head.utf8) + tensors.flatMap { $0.bytes ?? [] })
    return try client.receive()
}

/// The log-likelihoods of an inference's answer.
func inferredScores(_ response: Response) throws -> [Double] {
    struct Reply: Decodable {
        struct Output: Decodable {
            var name: String
            var data: [Double]
        }
        var outputs: [Output]
    }
    try #require(response.status == 200, "\(response.text.prefix(300))")
    return try #require(response.decode(Reply.self).outputs.first { $0.name == "log_likelihood" }).data
}

/// Texts as raw bytes, each after its length.
func bytesTensor(_ texts: [String]) -> [UInt8] {
    texts.flatMap { text in withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian, Array.init) + Array(text.utf8) }
}
