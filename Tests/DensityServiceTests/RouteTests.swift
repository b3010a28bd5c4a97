import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

@Test func everyReadableRouteAnswersGetAndHead() throws {
    let service = try TestService([randomModel("m", calibrated: true)])
    let types = [
        "/": "text/html; charset=utf-8", "/docs": "text/html; charset=utf-8", "/livez": "application/json",
        "/readyz": "application/json",
        "/health": "application/json", "/models": "application/json", "/models/m": "application/json",
        "/metrics": "text/plain; version=0.0.4; charset=utf-8", "/sample": "application/json",
        "/models/m/sample?n=2": "application/json",
    ]
    let client = try service.client()
    for (path, type) in types {
        let answer = try client("GET", path)
        #expect(answer.status == 200 && answer.header("Content-Type") == type, "\(path)")
        #expect(!answer.body.isEmpty && answer.header("X-Request-ID")?.count == 16)
        let head = try client("HEAD", path)
        #expect(head.status == 200 && head.header("Content-Type") == type && head.header("Content-Length") != nil)
    }
    let ping = try client("GET", "/ping")
    #expect(ping.status == 200 && ping.body.isEmpty)
}

@Test func theModelCardHoldsEverythingButTheWeights() throws {
    var model = randomModel("m", variables: 4, hidden: [10, 8], members: 2, calibrated: true)
    model.imageWidth = 2
    model.training = TrainingSummary(
        trainRows: 100, validationRows: 20, calibrationRows: 199, epochs: 3, trainNats: 2.5, validationNats: 2.6,
        seed: 9)
    let service = try TestService([model])
    let object = try #require(
        JSONSerialization.jsonObject(with: Data(service.get("/models/m").body)) as? [String: Any])
    #expect((object["variables"] as? [[String: String]])?.map { $0["name"] } == ["v0", "v1", "v2", "v3"])
    #expect((object["variables"] as? [[String: String]])?.allSatisfy { $0["type"] == "binary" } == true)
    #expect(
        object["orderings"] as? [[String]] == model.members.map { $0.ordering.variables.map { "v\($0)" } })
    #expect(object["layers"] as? [Int] == [4, 10, 8, 4])
    #expect(object["activation"] as? String == "relu")
    #expect(object["parameters"] as? Int == model.card.parameterCount)
    #expect(object["image_width"] as? Int == 2)
    #expect((object["training"] as? [String: Any])?["train_rows"] as? Int == 100)
    let calibration = try #require(object["calibration"] as? [String: Any])
    #expect(calibration["rows"] as? Int == 199)
    let quantiles = try #require(calibration["log_likelihood_quantiles"] as? [String: Double])
    #expect(abs(try #require(quantiles["0.5"]) - (try #require(model.calibration?.logLikelihoods[99]))) < 1e-12)
    #expect((object["autoregressive"] as? [String: Any])?["verified"] as? Bool == true)
    let tool = Process()
    tool.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    tool.arguments = [service.path(of: "m")]
    let output = Pipe()
    tool.standardOutput = output
    try tool.run()
    let line = String(decoding: try #require(try output.fileHandleForReading.readToEnd()), as: UTF8.self)
    #expect(object["sha256"] as? String == line.split(separator: " ").first.map(String.init))
}

@Test func severalModelsAreAddressedByName() throws {
    let models = [randomModel("one", variables: 3), randomModel("two", variables: 4)]
    let service = try TestService(models)
    #expect(try service.post("/models/one/score", body([[0, 1, 0]])).status == 200)
    #expect(try service.post("/models/two/score", body([[0, 1, 0, 1]])).status == 200)
    #expect(try service.post("/models/two/score", body([[0, 1, 0]])).status == 422)
    #expect(try service.post("/score", body([[0, 1, 0]])).status == 404)
    let chosen = try TestService(models) { $0.defaultModel = "two" }
    #expect(try chosen.post("/score", body([[0, 1, 0, 1]])).status == 200)
    let list = try chosen.get("/models").text
    #expect(list.contains(#""name":"one","version":"1","state":"ready","default":false"#))
    #expect(list.contains(#""name":"two","version":"1","state":"ready","default":true"#))
}

@Test func requestIDsAreTheClientsOrNew() throws {
    let service = try TestService([randomModel("m")])
    let client = try service.client()
    let long = String(repeating: "x", count: 128)
    for id in ["abc-123", "~!@#$%^&*()", long] {
        #expect(try client("GET", "/livez", headers: ["X-Request-ID: \(id)"]).header("X-Request-ID") == id)
    }
    var seen: Set<String> = []
    for id in ["", "two words", long + "x", "é"] {
        let given = try #require(
            client("GET", "/livez", headers: ["X-Request-ID: \(id)"]).header("X-Request-ID"))
        #expect(given.count == 16 && given.allSatisfy(\.isHexDigit))
        seen.insert(given)
    }
    #expect(seen.count == 4)
}

@Test func metricsCountWhatHappened() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    _ = try service.post("/score", body([[0, 1, 0], [1, 1, 1]]))
    _ = try service.post("/score", body([[0, 1]]))
    let lines = Set(try service.get("/metrics").text.split(separator: "\n").map(String.init))
    #expect(lines.contains(#"made_http_requests_total{route="/score",status="200"} 1"#))
    #expect(lines.contains(#"made_http_requests_total{route="/score",status="422"} 1"#))
    #expect(lines.contains(#"made_rows_scored_total{model="m",version="1"} 2"#))
    #expect(lines.contains(#"made_batch_rows_bucket{le="2"} 1"#))
    #expect(lines.contains(#"made_batch_rows_sum 2"#))
    #expect(lines.contains(#"made_queue_rows{model="m",version="1"} 0"#))
    #expect(lines.contains(#"made_http_request_duration_seconds_count{route="/score"} 2"#))
    // Every family is announced before its samples, which are numbers.
    var family = ""
    for line in try service.get("/metrics").text.split(separator: "\n") {
        if line.hasPrefix("# HELP ") { family = String(line.split(separator: " ")[2]) }
        if line.hasPrefix("#") { continue }
        #expect(line.hasPrefix(family))
        #expect(Double(try #require(line.split(separator: " ").last)) != nil)
    }
}

@Test func aModelIsReloadedWithoutLosingARequest() throws {
    let service = try TestService([randomModel("m", variables: 3, seed: 1)])
    let before = try service.post("/score", body([[0, 1, 0]])).decode(ScoreReply.self)
    try Checkpoint.write(randomModel("m", variables: 3, seed: 2), to: service.path(of: "m"))
    #expect(try service.post("/models/m/reload", "").status == 200)
    let after = try service.post("/score", body([[0, 1, 0]])).decode(ScoreReply.self)
    #expect(before.logLikelihood != after.logLikelihood)
    // What cannot serve changes nothing.
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: service.path(of: "m")))
    #expect(try service.post("/models/m/reload", "").status == 422)
    #expect(try service.post("/score", body([[0, 1, 0]])).decode(ScoreReply.self).logLikelihood == after.logLikelihood)
}

@Test func theProbeTellsReadyFromNot() throws {
    var service: TestService? = try TestService([randomModel("m")])
    let port = try #require(service?.service.port)
    #expect(HealthProbe.check("http://127.0.0.1:\(port)") == nil)
    #expect(HealthProbe.check("http://localhost:\(port)/livez") == nil)
    #expect(HealthProbe.check("http://127.0.0.1:\(port)/nothing")?.contains("404") == true)
    #expect(HealthProbe.check("127.0.0.1:\(port)")?.contains("not an address") == true)
    service = nil
    #expect(HealthProbe.check("http://127.0.0.1:\(port)")?.contains("cannot be reached") == true)
}
