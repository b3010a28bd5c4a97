import Foundation
import Microhttpd
import RawHTTP
import Synchronization
import Testing

/// Turns away by the head what has `X-Away`; answers everything else with who sends it and how many bytes came.
private final class Doorkeeper: LoopHandler {
    func earlyReply(to head: RequestHead) -> Reply? {
        if let name = head.headerBytes("x-NAME") { head.principal = String(decoding: name, as: UTF8.self) }
        guard head.headerBytes("X-Away") != nil else { return nil }
        return Reply(status: 403, body: Array("away with \(head.method.rawValue) \(head.path)".utf8))
    }

    func commonHeaders(for head: RequestHead) -> [Reply.Header] {
        [Reply.Header("X-Head", "\(head.path) \(head.isFromLoopback) \(head.remoteAddress)")]
    }

    func receive(_ exchange: Exchange) {
        exchange.reply(Reply(status: 200, body: Array("\(exchange.principal ?? "-") \(exchange.bodyByteCount)".utf8)))
    }

    func endOfTurn() {}
    func reply(to refusal: Refusal, requestID: String?) -> Reply { Reply(status: refusal.status) }
}

private func withDoorkeeper(_ body: (Client) throws -> Void) throws {
    let server = try Server(options: ServerOptions(port: 0)) { _ in Doorkeeper() }
    server.start()
    defer { server.stop(grace: .seconds(5)) }
    try body(try Client(port: server.port))
}

@Suite struct EarlyReplyTests {
    @Test func aRequestIsAnsweredByItsHeadAndTheConnectionGoesOn() throws {
        try withDoorkeeper { client throws in
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nX-Away: 1\r\nContent-Length: 3\r\n\r\nabc")
            let reply = try client.reply()
            #expect(reply.status == 403 && reply.text == "away with POST /a")
            client.send("GET /b HTTP/1.1\r\nHost: a\r\nX-Away:\r\n\r\n")
            #expect(try client.reply().text == "away with GET /b")
            client.send("POST /c HTTP/1.1\r\nHost: a\r\nX-Name: me\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try client.reply().text == "me 3")
            client.send("POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
            #expect(try client.reply().text == "- 2")
        }
    }

    @Test func aLargeBodyIsNotWaitedFor() throws {
        try withDoorkeeper { client throws in
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nX-Away: 1\r\nContent-Length: \(1 << 25)\r\n\r\n")
            #expect(try client.reply().status == 403)
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test func whoWaitsFor100ContinueIsAnsweredBeforeItSendsAnything() throws {
        try withDoorkeeper { client throws in
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nX-Away: 1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            #expect(try client.reply().status == 403)
        }
    }

    @Test func ofAChunkedBodyNoMoreIsReadThanASmallOneHas() throws {
        try withDoorkeeper { client throws in
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nX-Away: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 1 << 16) + Array("\r\n".utf8)
            var sent = 0
            while sent < 1 << 30, client.send(chunk) { sent += chunk.count }
            // What the sockets of both sides hold is sent too.
            #expect(sent < 1 << 26, "\(sent) bytes were taken")
        }
    }

    @Test func everyReplyHasTheCommonHeaders() throws {
        try withDoorkeeper { client throws in
            for head in ["GET /a HTTP/1.1\r\nHost: a\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX-Away: 1\r\n"] {
                client.send(head + "\r\n")
                #expect(try client.reply()["X-Head"] == "/a true 127.0.0.1")
            }
            client.send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let refused = try client.reply()
            #expect(refused.status == 405 && refused["X-Head"] == "/a true 127.0.0.1")
        }
    }
}
