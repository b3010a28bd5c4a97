import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// What every form of answer says of the rows.
private struct Judged: Equatable {
    var logLikelihood: [Double]
    var pValue: [Double?]
    var calibrationRows: [Int]?
}

private struct Scores: Decodable {
    var logLikelihood: [Double]
    var pValue: [Double?]
    var calibrationRows: [Int]?
}

private struct Prediction: Decodable {
    var logLikelihood: Double
    var pValue: Double?
    var calibrationRows: Int?
}

private struct Predictions: Decodable {
    var predictions: [Prediction]
    var note: String?
}

private struct Inferred: Decodable {
    struct Output: Decodable {
        var name: String
        var data: [Double?]
    }
    struct Parameters: Decodable {
        var note: String
    }
    var outputs: [Output]
    var parameters: Parameters?

    func data(_ name: String) -> [Double?] { outputs.first { $0.name == name }?.data ?? [] }
}

/// Three rows that lack values, and the forms in which every protocol sends them.
private enum Sent {
    static let cities = ["null", "\"Paris\"", "\"Rome\""]
    static let sizes = ["2.5", "null", "1.125"]
    static let rows = (0..<3).map { TableModel.object(["city": cities[$0], "size": sizes[$0]]) }.joined(separator: ",")
    static let csv =
        "city,price,side,flag,grade,size\n,1500,right,0,2,2.5\nParis,1500,right,0,2,\nRome,1500,right,0,2,1.125\n"

    /// A tensor a column, in the JSON or behind it.
    static func columns(isBinary: Bool) -> [InputTensor] {
        [
            textTensor("city", ["NA", "Paris", "Rome"], isBinary: isBinary),
            numberTensor("price", "FP64", [1500, 1500, 1500], isBinary: isBinary),
            textTensor("side", ["right", "right", "right"], isBinary: isBinary),
            numberTensor("flag", "INT64", [0, 0, 0], isBinary: isBinary),
            numberTensor("grade", "INT32", [2, 2, 2], isBinary: isBinary),
            numberTensor("size", "FP32", [2.5, .nan, 1.125], isBinary: isBinary),
        ]
    }

    static let outputs =
        #","outputs":[{"name":"log_likelihood"},{"name":"p_value"},{"name":"calibration_rows"}]"#
}

private func predicted(_ service: TestService, _ path: String, _ more: String) throws -> Judged {
    let response = try service.post(path, "{\"instances\":[\(Sent.rows)]\(more)}")
    try #require(response.status == 200, "\(path)\(more): \(response.text)")
    let predictions = try response.decode(Predictions.self).predictions
    return Judged(
        logLikelihood: predictions.map(\.logLikelihood), pValue: predictions.map(\.pValue),
        calibrationRows: predictions.contains { $0.calibrationRows == nil }
            ? nil : predictions.compactMap(\.calibrationRows))
}

private func inferred(_ response: Response) throws -> Judged {
    try #require(response.status == 200, "\(response.text)")
    let reply = try response.decode(Inferred.self)
    return Judged(
        logLikelihood: reply.data("log_likelihood").compactMap(\.self), pValue: reply.data("p_value"),
        calibrationRows: reply.data("calibration_rows").compactMap { $0.map { Int($0) } })
}

private let fields = [
    #","missing":"unknown""#, #","statistic":"likelihood","missing":"unknown","particles":64,"seed":5"#,
    #","missing":"outcome","ignore_unknown":true"#, "",
]

@Test(arguments: fields) func everyProtocolReadsAndJudgesRowsAsAScoreRequestSays(more: String) throws {
    let service = try TestService([TableModel.model(members: 2)])
    let scores: Scores = try service.post("/score", "{\"rows\":[\(Sent.rows)]\(more)}").decode()
    // A size that is missing is unknown whatever is said: the column has no outcome for it.
    let calibrationRows = try #require(scores.calibrationRows)
    let expected = Judged(
        logLikelihood: scores.logLikelihood, pValue: scores.pValue, calibrationRows: calibrationRows)
    // As an object; the request's own members come first in it.
    let parameters = more.isEmpty ? "" : ",\"parameters\":{\"x\":[1]\(more)}"
    for path in ["/v1/models/table:predict", "/v1/models/table:explain", "/invocations"] {
        for more in [more, parameters] {
            #expect(try predicted(service, path, more) == expected, "\(path)\(more)")
        }
    }
    for isBinary in [false, true] {
        for more in [more, parameters] {
            let response = try infer(service, Sent.columns(isBinary: isBinary), more: Sent.outputs + more)
            #expect(try inferred(response) == expected, "\(more) \(isBinary)")
        }
    }
}

@Test(arguments: ["?missing=unknown", "?missing=unknown&statistic=likelihood", "?missing=outcome", ""])
func everyProtocolReadsTheSameQuery(query: String) throws {
    let service = try TestService([TableModel.model(members: 2)])
    let scores: Scores = try service.post("/score\(query)", "{\"rows\":[\(Sent.rows)]}").decode()
    let expected = Judged(
        logLikelihood: scores.logLikelihood, pValue: scores.pValue, calibrationRows: scores.calibrationRows)
    for path in ["/v1/models/table:predict", "/v1/models/table:explain", "/invocations"] {
        #expect(try predicted(service, path + query, "") == expected, "\(path)\(query)")
    }
    let rows: Scores = try service.post("/invocations\(query)", "{\"rows\":[\(Sent.rows)]}").decode()
    #expect(rows.logLikelihood == expected.logLikelihood && rows.pValue == expected.pValue)
    let lines = try service.send(lines: Sent.csv, to: "/invocations\(query)").scoreLines()
    #expect(lines.map(\.logLikelihood) == expected.logLikelihood && lines.map(\.pValue) == expected.pValue)
    for path in ["/v2/models/table/infer", "/v2/models/table/versions/1/infer"] {
        let inputs = Sent.columns(isBinary: false).map { "\($0.json)}" }.joined(separator: ",")
        let response = try service.post(path + query, "{\"inputs\":[\(inputs)]\(Sent.outputs)}")
        #expect(try inferred(response) == expected, "\(path)\(query)")
    }
    // A field of the body wins.
    let outcome: Scores = try service.post("/score", "{\"rows\":[\(Sent.rows)]}").decode()
    #expect(
        try predicted(service, "/v1/models/table:predict\(query)", #","missing":"outcome""#)
            .logLikelihood == outcome.logLikelihood)
}

@Test func tensorsOfWholeRowsLackValuesAsTheRequestSays() throws {
    let service = try TestService([randomModel("plain", calibrated: true), TableModel.model(members: 2)])
    // NaN of the city and of the price; a label is its index.
    let values: [[Double]] = [[.nan, 1500, 1, 0, 1, 2.5], [1, .nan, 1, 0, 1, 2.5]]
    let rows = "[null,1500,\"right\",0,\"2\",2.5],[\"Paris\",null,\"right\",0,\"2\",2.5]"
    for missing in ["outcome", "unknown"] {
        let more = ",\"missing\":\"\(missing)\""
        let expected = try service.post("/models/table/score", "{\"rows\":[\(rows)]\(more)}").scores().logLikelihood
        let numbers = values.flatMap(\.self)
        let head = #"{"name":"rows","shape":[2,6],"datatype":"FP64""#
        let texts = numbers.map { $0.isNaN ? "null" : "\($0)" }.joined(separator: ",")
        for tensor in [
            InputTensor(head, numbers.withUnsafeBytes(Array.init)), InputTensor("\(head),\"data\":[\(texts)]", nil),
        ] {
            let response = try infer(
                service, [tensor], more: Sent.outputs + ",\"parameters\":{\"missing\":\"\(missing)\"}")
            #expect(try inferredScores(response) == expected, "\(missing) \(tensor.bytes == nil)")
        }
    }
}

@Test func tensorsOfColumnsThatTheTableHasNotGotArePassedOverIfThatIsSaid() throws {
    let service = try TestService([TableModel.model()])
    let strange = numberTensor("strange", "INT64", [1, 2, 3], isBinary: true)
    let known = Sent.columns(isBinary: true)
    let refused = try infer(service, known + [strange])
    #expect(refused.status == 422 && refused.text.contains("strange"))
    let expected = try inferredScores(infer(service, known, more: Sent.outputs))
    for parameters in [#","ignore_unknown":true"#, #","parameters":{"ignore_unknown":true}"#] {
        #expect(try inferredScores(infer(service, [strange] + known, more: Sent.outputs + parameters)) == expected)
    }
    let unseen = try infer(service, known, more: #","parameters":{"unseen":"refuse"}"#)
    #expect(unseen.status == 422 && unseen.text.contains("Rome"))
}

@Test func everyProtocolSaysWhyRowsAreNotJudged() throws {
    let service = try TestService([TableModel.model(calibrationRows: 10)])
    let scores = try service.post("/score", "{\"rows\":[\(Sent.rows)]}").text
    struct Note: Decodable { var note: String }
    let note = try JSONDecoder().decode(Note.self, from: Data(scores.utf8)).note
    let predictions: Predictions = try service.post(
        "/v1/models/table:predict", "{\"instances\":[\(Sent.rows)]}"
    ).decode()
    #expect(predictions.note == note)
    let inferred: Inferred = try infer(service, Sent.columns(isBinary: false), more: Sent.outputs).decode()
    #expect(inferred.parameters?.note == note)
    #expect(inferred.data("calibration_rows") == [10, 10, 10])
}
