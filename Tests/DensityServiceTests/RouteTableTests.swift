import Foundation
import Microhttpd
import RawHTTP
import Testing

@testable import DensityService

@Test func pathsLeadToRoutes() {
    let table = RouteTable.standard
    let found = { (path: String) in
        let match = table.match(path)
        return [table.label(match), match.model(in: path), match.version(in: path)]
    }
    #expect(found("/") == ["/", nil, nil])
    #expect(found("/score") == ["/score", nil, nil])
    #expect(found("/models/a b/score") == ["/score", "a b", nil])
    #expect(found("/models/score") == ["/models/{model}", "score", nil])
    #expect(found("/models/é:ü/reload") == ["/models/{model}/reload", "é:ü", nil])
    #expect(found("/v1/models/m:predict") == ["/v1/models/{model}:predict", "m", nil])
    #expect(found("/v1/models/m:predict:explain") == ["/v1/models/{model}:explain", "m:predict", nil])
    #expect(found("/v1/models/:predict") == ["/v1/models/{model}", ":predict", nil])
    #expect(found("/v2/") == ["/v2", nil, nil])
    #expect(found("/v2/models/m/versions/7/infer") == ["/v2/models/{model}/infer", "m", "7"])
    #expect(found("/v2/models/versions") == ["/v2/models/{model}", "versions", nil])
    #expect(found("/v2/models/m/versions/7") == ["/v2/models/{model}", "m", "7"])
    #expect(found("/v2/repository/models/m/unload") == ["/v2/repository/models/{model}/unload", "m", nil])
}

@Test func otherPathsLeadNowhere() {
    let table = RouteTable.standard
    for path in [
        "", "score", "/score/", "/scor", "/scores", "/models//score", "/models/m/", "/models/m/score/x", "//score",
        "/Models", "/offload", "/models/m/unload", "/v2x",
    ] {
        #expect(table.match(path) == .none, "\(path)")
    }
    for path in ["/v1", "/v1/", "/v1/models/", "/v1/models/m/x", "/v2//", "/v2/models", "/v2/models/m/versions/"] {
        #expect(table.match(path).index < 0 && table.errors(table.match(path)) == .inference, "\(path)")
    }
}

/// A route that nobody but this test has.
private let extra = Route(
    paths: ["/models/{model}/echo/{version}"], requirement: .key(.admin), queryNames: ["format"], body: .optional,
    computes: true,
    operations: [
        .post: APIOperation(
            summary: "Say it again.",
            answers: [APIOperation.Answer(description: "Said.", content: [("application/json", "Document", nil)])])
    ],
    handler: .service { _, call in
        call.answer(.json(Array("[\"\(call.modelInPath ?? "")\", \"\(call.versionInPath ?? "")\"]".utf8)))
    })

@Test func aRowOfTheTableIsAllThatARouteNeeds() throws {
    let keys = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
    try """
    operator   admin   efbefc3cb71091b4504c341e37fe4e036397126ebc37ff35d3bea9cd056abf66
    prometheus metrics 99c935fadbb07b2c7ef58b1cf7ae678ae138bf726bb8953691770a31efb8a2f3
    """.write(toFile: keys, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: keys) }
    let log = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
    let descriptor = open(log.path, O_WRONLY | O_CREAT, 0o600)
    defer {
        close(descriptor)
        try? FileManager.default.removeItem(at: log)
    }
    let sink = LogSink(descriptor: descriptor)
    let table = RouteTable(RouteTable.standard.routes + [extra])
    let service = try TestService([randomModel("m")], sink: sink, routes: table) { $0.apiKeysFile = keys }
    let key = ["X-API-Key: operators-key"]
    let path = "/models/m/echo/2"
    #expect(try service.post(path, "", headers: key).text == #"["m", "2"]"#)
    // Access, query, methods and the lack of a body.
    #expect(try service.post(path, "").status == 401)
    #expect(try service.post("\(path)?format=json", "", headers: key).status == 200)
    #expect(try service.post("\(path)?quiet=1", "", headers: key).status == 400)
    let get = try service.get(path, headers: key)
    #expect(get.status == 405 && get.header("Allow") == "POST")
    let bare = try service.client()
    bare.send("POST \(path) HTTP/1.1\r\nHost: a\r\nX-API-Key: operators-key\r\n\r\n")
    #expect(try bare.reply().status == 200)
    #expect(try service.get("/models/m/echo").text.contains("/models/{model}/echo/{version}"))
    // The document, the metrics and the log.
    let document = try #require(
        JSONSerialization.jsonObject(with: Data(service.get("/openapi.json").body)) as? [String: Any])
    let paths = try #require(document["paths"] as? [String: [String: Any]])
    let operation = try #require(paths[extra.paths[0]]?["post"] as? [String: Any])
    #expect(operation["summary"] as? String == "Say it again.")
    let parameters = try #require(operation["parameters"] as? [[String: String]])
    #expect(
        parameters.compactMap { $0["$ref"]?.split(separator: "/").last } == ["format", "request_id", "traceparent"])
    #expect((operation["security"] as? [[String: [String]]])?.contains(["api_key": ["admin"]]) == true)
    let metrics = try service.get("/metrics", headers: ["X-API-Key: prometheus-key"]).text
    #expect(metrics.contains("made_http_requests_total{route=\"\(extra.label)\",status=\"200\"} 3\n"))
    #expect(metrics.contains("made_http_request_duration_seconds_count{route=\"\(extra.label)\"} "))
    service.stop()
    #expect(try String(contentsOf: log, encoding: .utf8).contains("method=POST route=\(extra.label) client=operator"))
}

@Test func refusalsBelowTheRoutesKnowTheirRoute() throws {
    let service = try TestService([randomModel("m")]) { options in
        options.bodyBytesMax = 1024
        options.bulkBytesMax = 1024
        options.bodySecondsMax = 0.3
    }
    let long = String(repeating: " ", count: 2000)
    #expect(try service.post("/models/m/score", long).status == 413)
    let chunks = try service.client()
    chunks.send(
        "POST /conditionals HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n\(long)\r\n0\r\n\r\n")
    #expect(try chunks.reply().status == 413)
    #expect(try service.get("/models/m", headers: ["X: \(String(repeating: "a", count: 15_000))"]).status == 431)
    let slow = try service.client()
    slow.send("POST /v2/models/m/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
    #expect(try slow.reply().status == 408)
    let metrics = try service.get("/metrics").text
    for (route, status) in [
        ("/score", 413), ("/conditionals", 413), ("/models/{model}", 431), ("/v2/models/{model}/infer", 408),
    ] {
        #expect(metrics.contains("made_http_requests_total{route=\"\(route)\",status=\"\(status)\"} 1\n"), "\(route)")
    }
}
