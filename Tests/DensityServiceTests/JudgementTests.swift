import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private struct Judged: Decodable {
    var logLikelihood: [Double]
    var pValue: [Double]
    var alpha: Double
    var anomaly: [Bool?]
    var note: String?
}

private let rows = [TableModel.object(), TableModel.object(["city": "\"Ulm\""]), TableModel.object(["size": "900"])]
private let ndjson = "application/x-ndjson"
private let lines = rows.map { $0 + "\n" }.joined()
private let note =
    "no row is judged at alpha 0.01: with 10 calibration rows no p-value is below 0.09090909090909091"

@Test func whereNoPValueIsSmallEnoughNoRowIsJudged() throws {
    let service = try TestService([TableModel.model(calibrationRows: 10)])
    let body = "{\"rows\":[\(rows.joined(separator: ","))]}"
    let native = try service.post("/score", body).decode(Judged.self)
    #expect(native.anomaly == [nil, nil, nil] && native.alpha == 0.01 && native.note == note)
    #expect(native.pValue[2] == 1 / 11.0 && native.pValue[0] > native.pValue[2])
    // By lines.
    let objects = try service.send(lines: lines, ndjson)
    #expect(objects.text.components(separatedBy: #","anomaly":null,"#).count == 4)
    #expect(try objects.scoreLines().map(\.pValue) == native.pValue)
    let table = try service.send(lines: lines, ndjson, accept: "text/csv").text.split(separator: "\n")
    for (line, value) in zip(table.dropFirst(), native.pValue) { #expect(line.contains(",\(value),,")) }
    #expect(try service.post("/score", body, headers: ["Accept: text/csv"]).text == table.map { $0 + "\n" }.joined())
    let document = try service.send(lines: lines, ndjson, accept: "application/json").decode(Judged.self)
    #expect(document.anomaly == [nil, nil, nil] && document.note == note && document.pValue == native.pValue)
    // By the protocols: a tensor of truths has no null.
    let predictions = try service.post("/v1/models/table:predict", "{\"instances\":[\(rows[2])]}").text
    #expect(predictions.contains(#""anomaly":null"#))
    let tensor = #"{"name":"rows","datatype":"FP64","shape":[1,6],"data":[1,1500,1,0,1,900]"#
    let inferred = try infer(service, [(tensor, nil)]).text
    #expect(inferred.contains(#"{"name":"anomaly","datatype":"BOOL","shape":[1],"data":[false]}"#), "\(inferred)")
    #expect(try service.get("/metrics").text.contains("made_anomalies_total{model=\"table\",version=\"1\"} 0"))
}

@Test func anAlphaThatIsAskedForIsNeverRaised() throws {
    let service = try TestService([TableModel.model(calibrationRows: 10)])
    let body = { (alpha: String) in "{\"rows\":[\(rows.joined(separator: ","))],\"alpha\":\(alpha)}" }
    let judged = try service.post("/score", body("0.1")).decode(Judged.self)
    #expect(judged.note == nil && judged.alpha == 0.1 && judged.anomaly == [false, false, true])
    let problem = try service.post("/score", body("0.09")).decode(ProblemReply.self)
    #expect(problem.status == 422 && problem.pointer == "/alpha" && problem.detail.contains("10 calibration rows"))
    for (alpha, status) in [("0.1", 200), ("0.09", 422), ("0.01", 422)] {
        #expect(try service.post("/score?alpha=\(alpha)", #"{"rows":[]}"#).status == status)
        #expect(try service.send(lines: lines, ndjson, to: "/score?alpha=\(alpha)").status == status)
    }
    let bulk = try service.send(lines: lines, ndjson, to: "/score?alpha=0.1").scoreLines()
    #expect(bulk.map(\.anomaly) == [false, false, true])
}

@Test func theServicesOwnAlphaIsKeptAsItIs() throws {
    let models = [TableModel.model(calibrationRows: 10), TableModel.model("large")]
    let service = try TestService(models) { options in
        options.defaultModel = "table"
        options.alpha = 0.05
    }
    let body = "{\"rows\":[\(rows.joined(separator: ","))]}"
    let small = try service.post("/score", body).decode(Judged.self)
    #expect(small.alpha == 0.05 && small.anomaly == [nil, nil, nil] && small.note?.contains("alpha 0.05") == true)
    let large = try service.post("/models/large/score", body).decode(Judged.self)
    #expect(large.alpha == 0.05 && large.anomaly[2] == true && large.note == nil)
}
