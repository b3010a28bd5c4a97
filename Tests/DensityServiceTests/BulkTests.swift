import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private struct Line: Decodable, Equatable {
    var log_likelihood: Double?
    var p_value: Double?
    var anomaly: Bool?
    var error: String?
}

private func lines(_ reply: Response) throws -> [Line] {
    try reply.text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
}

extension TestService {
    fileprivate func bulk(_ text: String, _ type: String, headers: [String] = []) throws -> Response {
        try client()("POST", "/score", headers: ["Content-Type: \(type)"] + headers, body: text)
    }
}

private let ndjson = "application/x-ndjson"

/// A chunked request with these pieces as its chunks.
private func send(_ pieces: [[UInt8]], _ type: String, over client: Client) {
    client.send("POST /score HTTP/1.1\r\nHost: test\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in pieces where !piece.isEmpty {
        client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
    }
    client.send("0\r\n\r\n")
}

@Test func bulkScoresHaveTheBitsOfJSONScores() throws {
    let service = try TestService([randomModel("m", variables: 7, members: 2, calibrated: true)])
    let rows = randomRows(5000, variables: 7, seed: 6)
    let expected = try service.post("/score", body(rows)).decode(ScoreReply.self)
    let fromLines = try service.bulk(rows.map { "\($0)\n" }.joined(), ndjson)
    #expect(fromLines.status == 200 && fromLines.header("Content-Type") == ndjson)
    let found = try lines(fromLines)
    #expect(found.map(\.log_likelihood) == expected.logLikelihood)
    #expect(found.map(\.p_value) == expected.pValue && found.map(\.anomaly) == expected.anomaly)

    let table =
        "v6,v5,v4,v3,v2,v1,v0\r\n"
        + rows.map { $0.reversed().map(String.init).joined(separator: ",") + "\r\n" }.joined()
    let fromTable = try service.bulk(table, "text/csv; charset=utf-8")
    #expect(fromTable.header("Content-Type") == "text/csv")
    let cells = fromTable.text.components(separatedBy: "\n").dropLast().map { $0.split(separator: ",") }
    #expect(cells[0] == ["log_likelihood", "p_value", "anomaly", "score", "error"])
    #expect(cells.dropFirst().map { Double($0[0]) } == expected.logLikelihood)
    let crossed = try service.bulk(table, "text/csv", headers: ["Accept: application/x-ndjson"])
    #expect(crossed.body == fromLines.body)
}

@Test func aBulkBodyMayBeCutAnywhere() throws {
    let service = try TestService([randomModel("m", variables: 3, calibrated: true)])
    let texts = [
        (ndjson, "[0,1,1]\r\nnope\n{\"v2\":1,\"v0\":0,\"v1\":true}\n\n[1,1]\n[1,1,1]"),
        ("text/csv", "v2,\"v0\",v1\r\n1,\"0\",1\r\n\"1\"x,0\n1,0\n\n0,0,0"),
    ]
    for (type, text) in texts {
        let whole = try service.bulk(text, type)
        #expect(whole.status == 200)
        let client = try service.client()
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            send([Array(bytes[..<cut]), Array(bytes[cut...])], type, over: client)
            #expect(try client.receive().body == whole.body, "\(type) cut at \(cut)")
        }
        send(bytes.map { [$0] }, type, over: client)
        #expect(try client.receive().body == whole.body)
    }
}

@Test func aFaultyLineGetsItsErrorAndSpoilsNoOther() throws {
    let service = try TestService([randomModel("m", variables: 3, calibrated: true)])
    // A blank line is no row, faulty or not.
    let found = try lines(try service.bulk("[0,1,1]\n[1,2,1]\n\n[1,1,1]\n{\"x\":1}", ndjson))
    let alone = try lines(try service.bulk("[0,1,1]\n[1,1,1]\n", ndjson))
    #expect([found[0], found[2]] == alone)
    #expect(found.map { $0.error == nil } == [true, false, true, false])
    #expect(found[1] == Line(error: "rows[1].v1: \"2\" is not a value of a binary variable (0, 1)"))
    #expect(found[3].error?.hasPrefix("rows[3]: \"x\" is not a column of the model") == true)
    let table = try service.bulk("v0,v1,v2\n0,1,1\n1,2,1\n", "text/csv").text.components(separatedBy: "\n")
    #expect(table[2] == #",,,,"rows[1].v1: ""2"" is not a value of a binary variable (0, 1)""#)
}

@Test func rowsOfAJSONRequestAreAnsweredByLinesWhereAccepted() throws {
    let service = try TestService([randomModel("m", variables: 3, calibrated: true)])
    let rows = #"{"rows":[[0,1,1],[1,2,1],[1,1,1]],"on_error":"row"}"#
    for type in [ndjson, "text/csv"] {
        let bulk = try service.bulk("[0,1,1]\n[1,2,1]\n[1,1,1]", ndjson, headers: ["Accept: \(type)"])
        let reply = try service.post("/score", rows, headers: ["Accept: \(type)"])
        #expect(reply.header("Content-Type") == type && reply.body == bulk.body)
    }
}

@Test func aWrongBulkRequestIsRefused() throws {
    let service = try TestService([randomModel("m", variables: 2)]) { options in
        options.bulkBytesMax = 4096
        options.bulkAnswerBytesMax = 2048
    }
    #expect(try service.bulk("", ndjson).text.isEmpty)
    #expect(try service.bulk("v0\n1\n", "text/csv").decode(ProblemReply.self).detail.contains("lacks \"v1\""))
    #expect(try service.bulk("v0,vl\n1,0\n", "text/csv").decode(ProblemReply.self).detail.contains("did you mean 'v0'"))
    #expect(try service.bulk("[0,0]", ndjson, headers: ["Accept: image/png"]).status == 406)
    #expect(try service.bulk("[0,0]", ndjson, headers: ["X-Timeout-Ms: soon"]).status == 400)
    #expect(try service.bulk(String(repeating: "[0,0]\n", count: 200), ndjson).status == 413)
    let tooLarge = String(repeating: " ", count: 5000)
    #expect(try service.bulk(tooLarge, ndjson).status == 413)
    let client = try service.client()
    send([Array(tooLarge.utf8)], ndjson, over: client)
    #expect(try client.receive().status == 413)
    let none = try service.client()("POST", "/models/n/score", headers: ["Content-Type: \(ndjson)"], body: "[0,0]")
    #expect(none.status == 404)
    #expect(try service.bulk("[0,0]", ndjson).status == 200)
}

@Test func aFastSenderWaitsForTheModelAndGetsEveryLine() throws {
    let service = try TestService([randomModel("m", variables: 8, hidden: [64])]) { $0.workers = 1 }
    let line = Array("[0,1,0,1,1,0,0,1]\n".utf8)
    let block = Array(repeatElement(line, count: 1000).joined())
    let port = service.service.port
    let replies = try concurrently(3) { index -> Response in
        let client = try Client(port: port)
        send(Array(repeating: block, count: 60 + index), ndjson, over: client)
        return try client.receive()
    }
    let expected = try service.bulk(String(decoding: line, as: UTF8.self), ndjson).text
    for (index, reply) in replies.enumerated() {
        #expect(reply.status == 200)
        #expect(reply.text == String(repeating: expected, count: 1000 * (60 + index)))
    }
}

@Test func aClientThatGoesAwayInTheMiddleOfItsBodyDisturbsNobody() throws {
    let service = try TestService([randomModel("m", variables: 8, hidden: [64])]) { $0.idleSecondsMax = 0.5 }
    let block = Array(repeating: UInt8(ascii: "\n"), count: 1 << 18)
    for _ in 0..<20 {
        let client = try service.client()
        client.send(
            "POST /score HTTP/1.1\r\nHost: test\r\nContent-Type: \(ndjson)\r\nContent-Length: 100000000\r\n\r\n")
        client.send(block)
    }
    #expect(try service.bulk("[0,0,0,0,0,0,0,0]", ndjson).status == 200)
}
