import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite struct RequestTests {
    @Test func aPostReachesTheHandlerWithItsBody() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            let reply = try client.reply()
            #expect(reply.status == 200)
            #expect(reply.text == "hello")
            #expect(reply["X-Asked"] == "POST /score")
        }
    }

    @Test func aBodyThatComesInPiecesIsPutTogether() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 7919) {
                client.send(body[start..<min(start + 7919, body.count)])
            }
            #expect(try client.reply().body == body)
        }
    }

    @Test func aBodyLargerThanWhatIsSetAsideAtOnceArrivesWhole() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            client.send(body)
            #expect(try client.reply().body == body)
        }
    }

    @Test func aChunkedBodyIsJoined() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send("5\r\nhello\r\n")
            client.send("6;extension=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n")
            #expect(try client.reply().text == "hello world")
            client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "GET /next")
        }
    }

    @Test func sixtyFourZeroBytesFollowEveryBody() throws {
        let longAndShort: @Sendable (Exchange) -> Void = { exchange in
            let isPadded = exchange.withBody { body in
                // The promise that the address past the end may be read is what is tested here.
                let end = body.baseAddress.map { $0 + body.count }
                return end.map { end in (0..<64).allSatisfy { end.load(fromByteOffset: $0, as: UInt8.self) == 0 } }
            }
            exchange.reply(Reply(status: isPadded == true ? 200 : 500))
        }
        try withServer(loopCount: 1, receive: longAndShort) { server in
            let client = try Client(port: server.port)
            for count in [4032, 1, 100_000, 17, 0] {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
                client.send([UInt8](repeating: 0xFF, count: count))
                #expect(try client.reply().status == 200, "after a body of \(count) bytes")
            }
        }
    }

    @Test func oneConnectionServesManyRequests() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            for number in 0..<50 {
                client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let reply = try client.reply()
                #expect(reply["X-Asked"] == "GET /\(number)")
                #expect(reply["Connection"] == nil)
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send(
                (0..<20).map { "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\(10 + $0)" }.joined())
            for number in 0..<20 {
                let reply = try client.reply()
                #expect(reply["X-Asked"] == "POST /\(number)")
                #expect(reply.text == "\(10 + number)")
            }
        }
    }

    @Test func connectionCloseIsHonoured() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let reply = try client.reply()
            #expect(reply["Connection"] == "close")
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test func anHTTP10RequestIsAnsweredAndClosed() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try client.reply().status == 200)
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test func anHTTP10ClientMayAskToKeepTheConnection() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            for _ in 0..<3 {
                client.send("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx")
                let reply = try client.reply()
                #expect(reply.text == "x")
                #expect(reply["Connection"]?.lowercased() == "keep-alive")
            }
        }
    }

    @Test func aHeadIsAnsweredWithTheLengthAndNoBody() throws {
        let receive: @Sendable (Exchange) -> Void = { $0.reply(Reply(status: 200, body: Array("12345".utf8))) }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply(toHead: true)["Content-Length"] == "5")
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try client.reply().text == "12345")
        }
    }

    @Test func anExpectingClientIsToldToContinue() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.reply().status == 100)
            client.send("ok")
            #expect(try client.reply().text == "ok")
        }
    }

    @Test func pathAndQueryAreDecoded() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            let items = exchange.queryItems.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
            exchange.reply(
                Reply(status: 200, body: Array("\(exchange.path)?\(items) n:\(exchange.query("n") ?? "-")".utf8)))
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("GET /a%20b+c/%C3%A9%2Fd?n=16&given=x%26y+z%2f&flag&bad=%zz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().text == "/a b+c/é%2Fd?n=16|given=x&y z/|flag=|bad=%zz n:16")
        }
    }

    @Test func headerFieldsAreFoundInAnyCaseAndJoined() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            let found = ["accept", "X-Spaced", "X-Missing", "Acc"].map { exchange.header($0) ?? "nil" }
            exchange.reply(Reply(status: 200, body: Array(found.joined(separator: ";").utf8)))
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nACCEPT: a/b\r\nX-Spaced: \t v w \t\r\nAccept: c/d\r\n\r\n")
            #expect(try client.reply().text == "a/b, c/d;v w;nil;nil")
        }
    }

    @Test func theClientsAddressIsKnown() throws {
        try withServer(receive: { $0.reply(Reply(status: 200, body: Array($0.remoteAddress.utf8))) }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().text == "127.0.0.1")
        }
    }

    @Test func aGetMayBringABody() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "GET /")
            #expect(try client.reply()["X-Asked"] == "GET /2")
        }
    }

    @Test func aRequestMayArriveByteByByte() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            for byte in "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".utf8 { client.send([byte]) }
            #expect(try client.reply().text == "hi")
        }
    }
}
