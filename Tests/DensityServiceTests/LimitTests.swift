import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// A service whose limits are all small.
private func limited() throws -> TestService {
    try TestService([randomModel("m", calibrated: true)]) { options in
        options.uriBytesMax = 300
        options.headerBytesMax = 600
        options.headerFieldsMax = 8
        options.bodyBytesMax = 2000
        options.bulkBytesMax = 3000
        options.bulkAnswerBytesMax = 1024
        options.queueRowsMax = 20
        options.sampleRowsMax = 10
    }
}

/// A body of blanks around a request.
private func padded(_ count: Int) -> String { body([[0, 0, 0, 0, 0, 0]]) + String(repeating: " ", count: count) }

@Test func everyLimitIsAnsweredWithItsStatusAndItsSetting() throws {
    let service = try limited()
    let lines = { (count: Int) in String(repeating: "[0,0,0,0,0,0]\n", count: count) }
    let ndjson = ["Content-Type: application/x-ndjson"]
    let cases: [(String, [String], String?, Int, String)] = [
        ("/models?\(String(repeating: "a", count: 300))", [], nil, 414, "uri-bytes-max"),
        ("/models", ["A: \(String(repeating: "a", count: 600))"], nil, 431, "header-bytes-max"),
        ("/models", (1...8).map { "A\($0): 1" }, nil, 431, "header-fields-max"),
        ("/score", [], padded(2000), 413, "body-bytes-max"),
        ("/score", ndjson, lines(300), 413, "bulk-bytes-max"),
        ("/score", ndjson, lines(40), 413, "bulk-answer-bytes-max"),
        ("/score", [], body(randomRows(21, variables: 6, seed: 1)), 413, "queue-rows-max"),
        ("/sample", [], #"{"n":11}"#, 422, "sample-rows-max"),
    ]
    for (path, headers, body, status, setting) in cases {
        let type = headers == ndjson ? [] : ["Content-Type: application/json"]
        let answer = try service.client()(body == nil ? "GET" : "POST", path, headers: type + headers, body: body)
        #expect(answer.status == status, "\(setting): \(answer.text)")
        #expect(answer.text.contains(setting), "\(setting): \(answer.text)")
        #expect(ServiceOptions.settings.contains { $0.name == setting })
    }
    // At each limit a request still passes.
    #expect(try service.get("/models?" + String(repeating: "&", count: 290)).status == 200)
    #expect(try service.get("/models", headers: ["A: \(String(repeating: "a", count: 500))"]).status == 200)
    #expect(try service.post("/score", padded(1900)).status == 200)
}

@Test func headsMayBeAsLargeAsTheSettingsSay() throws {
    let service = try TestService([randomModel("m")]) { options in
        options.headerBytesMax = 262_144
        options.uriBytesMax = 65_536
        options.headerFieldsMax = 4096
    }
    let headers = (1...4000).map { "A\($0): \(String(repeating: "a", count: 50))" }
    #expect(try service.get("/" + String(repeating: "a", count: 65_000), headers: headers).status == 404)
    #expect(try service.get("/models", headers: headers + headers).status == 431)
}
