import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let ndjson = "application/x-ndjson"

extension TestService {
    fileprivate func bulk(
        _ text: String, _ type: String, path: String = "/score", headers: [String] = []
    ) throws -> Response {
        try client()("POST", path, headers: ["Content-Type: \(type)"] + headers, body: text)
    }

    fileprivate func counter(_ name: String) throws -> Int {
        let line = try #require(get("/metrics").lines(startingWith: "\(name) ").first, "\(name) is missing")
        return try #require(Int(line.dropFirst(name.count + 1)))
    }
}

@Test(arguments: [true, false])
func bulkBodiesAreAnsweredByOneDocumentWhereAccepted(isCalibrated: Bool) throws {
    let service = try TestService([randomModel("m", variables: 5, members: 2, calibrated: isCalibrated)])
    let rows = randomRows(12_000, variables: 5, seed: 2).enumerated().map { index, row in
        index % 1000 == 7 ? "[0,1,2,0,1]" : "\(row)"
    }
    let expected = try service.post("/score", "{\"rows\":[\(rows.joined(separator: ","))],\"on_error\":\"row\"}")
        .decode(
            ScoreReply.self)
    let lines = rows.map { "\($0)\n" }.joined()
    let table = "v0,v1,v2,v3,v4\r\n" + rows.map { $0.dropFirst().dropLast().filter { $0 != " " } + "\r\n" }.joined()
    for (text, type) in [(lines, ndjson), (table, "text/csv")] {
        let reply = try service.bulk(text, type, headers: ["Accept: application/json"])
        #expect(reply.status == 200 && reply.header("Content-Type") == "application/json")
        let found = try reply.decode(ScoreReply.self)
        #expect(found.model == "m" && found.version == "1")
        #expect(found.logLikelihood == expected.logLikelihood && found.bitsPerDimension == expected.bitsPerDimension)
        #expect(found.pValue == expected.pValue && found.anomaly == expected.anomaly && found.alpha == expected.alpha)
        #expect(found.errors?.map(\.row) == expected.errors?.map(\.row) && found.errors?.count == 12)
        #expect(found.errors?.map(\.detail) == expected.errors?.map(\.detail))
        #expect(found.errors?.allSatisfy { $0.pointer == nil } == true)
    }
    let empty = try service.bulk("", ndjson, headers: ["Accept: application/json"]).decode(ScoreReply.self)
    #expect(empty.logLikelihood.isEmpty && empty.errors == nil)
    let preferred = try service.bulk("[0,1,0,1,1]", ndjson, headers: ["Accept: application/json;q=0.5, */*;q=0.1"])
    #expect(preferred.header("Content-Type") == "application/json")
}

@Test func theDocumentOfABulkBodyIsBoundedToo() throws {
    let service = try TestService([randomModel("m", variables: 2)]) { $0.bulkAnswerBytesMax = 200_000 }
    let line = "[0,1]\n"
    let refused = try service.bulk(
        String(repeating: line, count: 50_000), ndjson, headers: ["Accept: application/json"])
    #expect(refused.status == 413)
    #expect(try service.bulk(line, ndjson, headers: ["Accept: application/json"]).status == 200)
}

@Test func alphaMayStandInTheQuery() throws {
    let service = try TestService([randomModel("m", variables: 6, calibrated: true)])
    let rows = randomRows(200, variables: 6, seed: 5)
    let lines = rows.map { "\($0)\n" }.joined()
    let expected = try service.post("/score", body(rows, ",\"alpha\":0.4")).decode(ScoreReply.self)
    #expect(Set(expected.anomaly ?? []) == [true, false])
    let found = try service.bulk(
        lines, ndjson, path: "/score?alpha=0.4", headers: ["Accept: application/json"]
    ).decode(ScoreReply.self)
    #expect(found.anomaly == expected.anomaly && found.alpha == 0.4)
    let table = try service.bulk(lines, ndjson, path: "/models/m/score?alpha=0.4", headers: ["Accept: text/csv"])
    let flags = table.text.split(separator: "\n").dropFirst().map { $0.contains(",true,") }
    #expect(flags == expected.anomaly?.map { $0 == true })
    #expect(try service.post("/score?alpha=0.4", body(rows)).decode(ScoreReply.self).anomaly == expected.anomaly)
    let both = try service.post("/score?alpha=0.1", body(rows, ",\"alpha\":0.4")).decode(ScoreReply.self)
    #expect(both.alpha == 0.4)
}

@Test func sageMakersBodiesAreScored() throws {
    let service = try TestService([randomModel("m", variables: 3, calibrated: true)])
    let native = try service.bulk("v0,v1,v2\n0,1,1\n1,0,0\n", "text/csv").text.components(separatedBy: "\n")
    // What has no header gets none: SageMaker joins the lines of both.
    for type in [
        "text/csv", "text/csv; header=absent", "text/csv;charset=utf-8; Header=Absent",
        "text/csv; header=\"absent\"; charset=\"UTF-8\"", "text/csv;x=\"a\\\"; header=present\";header=\"a\\bsent\"",
    ] {
        let reply = try service.bulk("0,1,1\n1,0,0", type, path: "/invocations")
        #expect(reply.status == 200 && reply.header("Content-Type") == "text/csv")
        #expect(reply.text == native[1] + "\n" + native[2] + "\n", "\(type)")
    }
    for (text, type) in [
        ("v2,v1,v0\n1,1,0\n0,0,1\n", "text/csv"), ("v2,v1,v0\n1,1,0\n0,0,1\n", "text/csv; header=present"),
    ] {
        #expect(try service.bulk(text, type, path: "/invocations").text == native.joined(separator: "\n"))
    }
    let positional = try service.bulk("0,1,1\n", "text/csv; header=absent").text
    #expect(positional == native[1] + "\n")
    #expect(try service.bulk("0,1,1\n", "text/csv; header=present", path: "/invocations").status == 422)
    #expect(try service.bulk("0,1,1\n", "text/csv").status == 422)
    #expect(try service.bulk("", "text/csv", path: "/invocations").text.isEmpty)
    let faulty = try service.bulk("0,1,1\n0,1\n", "text/csv", path: "/invocations", headers: ["Accept: \(ndjson)"])
    #expect(faulty.text.contains("rows[1]: the model has 3 columns, the row 2 values"))
    let lines = try service.bulk(
        "[0,1,1]\n{\"v0\":1,\"v1\":0,\"v2\":0}\n", "application/jsonlines", path: "/invocations")
    #expect(lines.status == 200 && lines.text.split(separator: "\n").count == 2)
    #expect(try service.post("/invocations", #"{"rows":[[0,1,1]]}"#, headers: ["Accept: text/csv"]).status == 200)
}

@Test func linesAreCalledWhatTheClientCallsThem() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let names = ["application/x-ndjson", "application/ndjson", "application/jsonlines", "application/x-jsonlines"]
    for name in names {
        let own = try service.bulk("[0,1,1]", name)
        #expect(own.status == 200 && own.header("Content-Type") == name)
        let asked = try service.bulk("[0,1,1]", ndjson, headers: ["Accept: text/html, \(name)"])
        #expect(asked.header("Content-Type") == name)
        for path in ["/score", "/invocations"] {
            let document = try service.post(path, #"{"rows":[[0,1,1]]}"#, headers: ["Accept: \(name)"])
            #expect(document.status == 200 && document.header("Content-Type") == name)
        }
        #expect(try service.get("/sample", headers: ["Accept: \(name)"]).header("Content-Type") == name)
    }
    #expect(try service.get("/sample?format=ndjson").header("Content-Type") == ndjson)
    #expect(
        try service.bulk("v0,v1,v2\n0,1,1\n", "text/csv", headers: ["Accept: */*"]).header("Content-Type") == "text/csv"
    )
}

/// Many clients that take nothing of their answers: one loop and one worker serve everybody else as before.
@Test func aSlowReaderCostsNoThread() throws {
    let service = try TestService([randomModel("m", variables: 8)]) { options in
        options.loops = 1
        options.workers = 1
    }
    let block = String(repeating: "[0,1,0,1,1,0,0,1]\n", count: 120_000)
    let readers = try (0..<6).map { _ in try service.client() }
    for reader in readers {
        try reader.send("POST", "/score", headers: ["Content-Type: \(ndjson)"], body: Array(block.utf8))
    }
    // Each answer is a few megabytes: more than the system takes for somebody who does not read.
    while try service.counter(#"made_rows_scored_total{model="m",version="1"}"#) < 6 * 120_000 {}
    #expect(try service.bulk("[0,1,0,1,1,0,0,1]", ndjson).status == 200)
    #expect(try service.get("/livez").status == 200)
    for reader in readers {
        let reply = try reader.receive()
        #expect(reply.status == 200 && reply.body.count { $0 == UInt8(ascii: "\n") } == 120_000)
    }
}

/// What a client has sent and the service has not read when it hangs up is not scored.
@Test func aBulkClientThatHangsUpHalfwayCostsNoFurtherWork() throws {
    let service = try TestService([randomModel("m", variables: 64, hidden: [200, 200])]) { options in
        options.loops = 1
        options.workers = 1
    }
    let row = "[" + Array(repeating: "1", count: 64).joined(separator: ",") + "]\n"
    // Far more than the system's buffers hold: when all is sent, a part of it has been read, and a part has not.
    let block = Array(String(repeating: row, count: 100_000).utf8)
    do {
        let client = try service.client()
        client.send(
            "POST /score HTTP/1.1\r\nHost: test\r\nContent-Type: \(ndjson)\r\nContent-Length: 1000000000\r\n\r\n")
        client.send(block)
        client.abandon()
    }
    while try service.counter(#"made_cancelled_total{reason="hang_up"}"#) == 0 {}
    // One worker: when this is answered, the one before is done with, but for the block that it was at.
    #expect(try service.bulk(row, ndjson).status == 200)
    let scored = try service.counter("made_batch_rows_sum")
    #expect(scored < 100_000, "all that was sent was scored: \(scored)")
    #expect(try service.bulk(row, ndjson).status == 200)
    #expect(try service.counter("made_batch_rows_sum") <= scored + 1 + 2 * (64 << 10) / row.utf8.count)
    // It was no answer, and no row of one.
    #expect(try service.counter(#"made_rows_scored_total{model="m",version="1"}"#) == 2)
}
