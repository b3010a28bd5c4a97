import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private struct Inferred: Decodable {
    struct Tensor: Decodable {
        struct Parameters: Decodable { var binaryDataSize: Int }
        var name: String
        var datatype: String
        var shape: [Int]
        var data: [Value]?
        var parameters: Parameters?
    }
    enum Value: Decodable, Equatable {
        case number(Double), truth(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let truth = try? container.decode(Bool.self) {
                self = .truth(truth)
            } else {
                self = .number(try container.decode(Double.self))
            }
        }
    }
    var modelName: String
    var modelVersion: String
    var id: String?
    var outputs: [Tensor]
}

private let rows = randomRows(5, variables: 6, seed: 4)

private func request(_ data: String, shape: String = "[5,6]", _ more: String = "") -> String {
    "{\"inputs\":[{\"name\":\"rows\",\"shape\":\(shape),\"datatype\":\"FP32\",\"data\":\(data)}]\(more)}"
}

private func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes(Array.init) }

/// A request whose tensor follows its JSON.
private func post(
    _ client: TestClient, _ values: [UInt8], shape: String = "[5,6]", stated: Int? = nil, headerLength: String? = nil,
    more: String = ""
) throws -> Response {
    let json = Array(
        """
        {"inputs":[{"name":"rows","shape":\(shape),"datatype":"FP32","parameters":{"binary_data_size":\
        \(stated ?? values.count),"other":1}}]\(more)}
        """.utf8)
    let length = headerLength ?? String(json.count)
    try client.send(
        "POST", "/v2/models/m/infer",
        headers: ["Content-Type: application/octet-stream", "Inference-Header-Content-Length: \(length)"],
        body: json + values)
    return try client.receive()
}

@Test func inferencesAreTheScoresWhateverTheFormOfTheRows() throws {
    let service = try TestService([randomModel("m", calibrated: true)])
    let native = try service.post("/score", body(rows)).decode(ScoreReply.self)
    let flat = rows.joined().map(String.init).joined(separator: ", ")
    let client = try service.client()
    let answers = [
        try client.post("/v2/models/m/infer", request("[\(flat)]")),
        try client.post(
            "/v2/models/m/versions/1/infer", request("\(rows)", ",\"parameters\":{\"x\":[1]},\"outputs\":[]")),
        try post(client, bytes(rows.joined().map(Float.init))),
    ]
    for answer in answers {
        #expect(answer.status == 200 && answer.header("Content-Type") == "application/json", "\(answer.text)")
        let inferred = try answer.decode(Inferred.self)
        #expect(inferred.modelName == "m" && inferred.modelVersion == "1" && inferred.id == nil)
        #expect(inferred.outputs.map(\.name) == ["log_likelihood", "p_value", "anomaly"])
        #expect(inferred.outputs.map(\.datatype) == ["FP64", "FP64", "BOOL"])
        #expect(inferred.outputs.allSatisfy { $0.shape == [5] && $0.parameters == nil })
        #expect(inferred.outputs[0].data == native.logLikelihood.map { .number($0 ?? .nan) })
        #expect(inferred.outputs[1].data == native.pValue?.map { .number($0 ?? .nan) })
        #expect(inferred.outputs[2].data == native.anomaly?.map { .truth($0 ?? false) })
    }
}

@Test func theRequestChoosesItsOutputs() throws {
    let service = try TestService([randomModel("m", members: 2, calibrated: true)])
    let native = try service.post("/score", body(rows, ",\"per_variable\":true")).decode(ScoreReply.self)
    let client = try service.client()
    let answer = try client.post(
        "/v2/models/m/infer",
        request(
            "\(rows)",
            """
            ,"id":"seven","parameters":{"binary_data_output":true},"outputs":[
            {"name":"surprisal","parameters":{"classification":3}},{"name":"anomaly"},
            {"name":"log_likelihood","parameters":{"binary_data":false}}]
            """))
    #expect(answer.status == 200 && answer.header("Content-Type") == "application/octet-stream", "\(answer.text)")
    let length = try #require(answer.header("Inference-Header-Content-Length").flatMap(Int.init))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let inferred = try decoder.decode(Inferred.self, from: Data(answer.body.prefix(length)))
    #expect(inferred.id == "seven")
    #expect(inferred.outputs.map(\.name) == ["surprisal", "anomaly", "log_likelihood"])
    #expect(inferred.outputs.map(\.shape) == [[5, 6], [5], [5]])
    #expect(inferred.outputs.map(\.parameters?.binaryDataSize) == [120, 5, nil])
    #expect(inferred.outputs[2].data == native.logLikelihood.map { .number($0 ?? .nan) })
    let raw = Array(answer.body.dropFirst(length))
    #expect(raw.count == 125)
    let rowsOfSurprisals = try #require(native.surprisal)
    let surprisals = rowsOfSurprisals.flatMap { row in (row ?? []).map { Float($0) } }
    #expect(Array(raw.prefix(120)) == bytes(surprisals))
    #expect(raw.dropFirst(120).map { $0 == 1 } == native.anomaly)
}

@Test func inferencesBatchWithScores() throws {
    let service = try TestService([randomModel("m", calibrated: true)]) { options in
        options.loops = 1
        options.inlineBudget = 0
        options.workers = 1
        // Long enough for all that is sent at once to be there when the worker starts.
        options.delayMax = 100_000
    }
    // Each sends another table, so that an answer with another's numbers is seen.
    let tables = (0..<8).map { randomRows(5, variables: 6, seed: 10 + UInt64($0)) }
    let wanted = ",\"outputs\":[{\"name\":\"surprisal\"},{\"name\":\"log_likelihood\"}]"
    let clients = try (0..<8).map { _ in try service.client() }
    for (index, client) in clients.enumerated() {
        let (path, text) =
            index % 2 == 0
            ? ("/score", body(tables[index], ",\"per_variable\":true"))
            : ("/v2/models/m/infer", request("\(tables[index])", wanted))
        try client.send("POST", path, body: Array(text.utf8))
    }
    let answers = try clients.map { try $0.receive() }
    #expect(answers.allSatisfy { $0.status == 200 })
    #expect(try service.post("/v2/models/m/infer", request("[]")).status == 400)
    let text = try service.get("/v2/models/m/versions/1/stats").text
    #expect(text.contains(#""inference_count":40,"#), "\(text)")
    #expect(text.contains(#""success":{"count":8,"#) && text.contains(#""fail":{"count":1,"#), "\(text)")
    let executions = try #require(text.firstMatch(of: /"execution_count":(\d+)/).flatMap { Int($0.output.1) })
    #expect((1..<8).contains(executions), "\(text)")
    for index in stride(from: 1, to: 8, by: 2) {
        let inferred = try answers[index].decode(Inferred.self)
        let native = try service.post("/score", body(tables[index], ",\"per_variable\":true")).decode(ScoreReply.self)
        let surprisals = try #require(native.surprisal).flatMap { $0 ?? [] }
        #expect(inferred.outputs[0].data == surprisals.map { .number($0) })
        #expect(inferred.outputs[1].data == native.logLikelihood.map { .number($0 ?? .nan) })
    }
}

@Test func hostileBinaryTensorsAreRefused() throws {
    let service = try TestService([randomModel("m")])
    let client = try service.client()
    let good = bytes(rows.joined().map(Float.init))
    let refusals = [
        (try post(client, Array(good.dropLast())), 400), (try post(client, good + [0]), 400),
        (try post(client, good, stated: 119), 400), (try post(client, good, stated: -120), 400),
        (try post(client, good, shape: "[6,6]"), 400), (try post(client, good, shape: "[-5,6]"), 400),
        (try post(client, good, shape: "[3074457345618258602,6]"), 400),
        (try post(client, [], shape: "[1537228672809129301,6]", stated: 0), 400),
        (try post(client, good, headerLength: "-1"), 400), (try post(client, good, headerLength: "x"), 400),
        (try post(client, good, headerLength: "100000"), 400), (try post(client, good, headerLength: "0"), 400),
        (try post(client, good, headerLength: "60"), 400), (try post(client, []), 400),
        (try post(client, bytes([0, 1, 0, 1, 0, .infinity]), shape: "[1,6]"), 422),
        (try post(client, bytes([0, 1, 0, 1, 0.5, 0]), shape: "[1,6]"), 422),
        (try post(client, bytes([0, 1, -.infinity, 1, 0, 0]), shape: "[1,6]"), 422),
    ]
    for (index, (answer, status)) in refusals.enumerated() {
        let error = try answer.decode([String: String].self)["error"] ?? ""
        #expect(answer.status == status && !error.isEmpty, "\(index): \(answer.text)")
        if status == 422 {
            #expect(error.contains("\"rows\"[0].\(["v5", "v4", "v2"][index - 14])"), "\(error)")
        }
    }
    #expect(try post(client, good).status == 200)
    #expect(try post(client, [], shape: "[0,6]").text.contains(#""shape":[0],"data":[]"#))
    // Raw bytes without the field that says where they start are no request.
    try client.send(
        "POST", "/v2/models/m/infer", headers: ["Content-Type: application/octet-stream"], body: good)
    #expect(try client.receive().status == 415)
}
