import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite struct LimitTests {
    @Test(arguments: ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "BREW", "get"])
    func otherMethodsAreRefusedWithAllow(method: String) throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            let reply = try client.reply()
            #expect(reply.status == 405)
            #expect(reply["Allow"] == "GET, HEAD, POST")
            client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "GET /next")
        }
    }

    @Test func optionsPassWhereTheyAreAllowed() throws {
        try withServer(allowsOptions: true) { server in
            let client = try Client(port: server.port)
            client.send("OPTIONS /score HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "OPTIONS /score")
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.reply()["Allow"] == "GET, HEAD, POST, OPTIONS")
        }
    }

    @Test func aPostWithoutLengthIs411() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 411)
        }
    }

    @Test func anOtherExpectationIs417() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n")
            #expect(try client.reply().status == 417)
        }
    }

    @Test func aBodyAtTheLimitPasses() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
            client.send([UInt8](repeating: 0x61, count: 1000))
            #expect(try client.reply().body.count == 1000)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n")
            client.send([UInt8](repeating: 0x61, count: 1000))
            client.send("\r\n0\r\n\r\n")
            #expect(try client.reply().body.count == 1000)
        }
    }

    @Test func aClientThatSendsALittleTooMuchBeforeItReadsSeesThe413() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            #expect(client.send([UInt8](repeating: 0x61, count: 1_000_000)))
            let reply = try client.reply()
            #expect(reply.status == 413)
            #expect(reply["Connection"] == "close")
        }
    }

    @Test func aBodyAnnouncedAsFarTooLargeIs413BeforeItIsSent() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            for length in ["100000000", "9223372036854775807", "9223372036854775808", "18446744073709551614"] {
                let client = try Client(port: server.port)
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
                #expect(try client.reply().status == 413)
                #expect(throws: ClientError.closed) { try client.reply() }
            }
        }
    }

    @Test func anExpectingClientIsSpared() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
            #expect(try client.reply().status == 413)
        }
    }

    @Test func aChunkedBodyThatGrowsOverTheLimitIs413() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<20 {
                client.send("64\r\n")
                client.send([UInt8](repeating: 0x61, count: 100))
                client.send("\r\n")
            }
            client.send("0\r\n\r\n")
            #expect(try client.reply().status == 413)
        }
    }

    @Test func aChunkedBodyWithoutEndIsCutOffWith413() throws {
        try withServer(limits: limits { $0.bodyBytesMax = 1000 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 65536) + Array("\r\n".utf8)
            // Twenty chunks are more than is ever read of a refused body; the server may close before the last.
            for _ in 0..<20 where client.send(chunk) {}
            #expect(String(decoding: client.rest(), as: UTF8.self).hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func aLongTargetIs414() throws {
        try withServer(limits: limits { $0.uriBytesMax = 100 }) { server in
            let client = try Client(port: server.port)
            client.send("GET /\(String(repeating: "a", count: 99)) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
            client.send("GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().text == "refused: the request target is over the limit of 100 bytes")
        }
    }

    @Test func theDefaultLimitsAnswerBeforeTheMemoryOfAConnectionEnds() throws {
        try withServer { server in
            let long = try Client(port: server.port)
            long.send("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try long.reply().text.hasPrefix("refused:"))
            let wide = try Client(port: server.port)
            wide.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n")
            let reply = try wide.reply()
            #expect(reply.status == 431)
            #expect(reply.text.hasPrefix("refused:"))
        }
    }

    @Test func theLargestHeadThatIsAllowedPasses() throws {
        try withServer(receive: {
            $0.reply(Reply(status: 200, headers: [("X-Reply", String(repeating: "r", count: 1000))]))
        }) { server in
            let client = try Client(port: server.port)
            let defaults = Limits()
            let fieldBytes = (defaults.headerBytesMax - 5) / (defaults.headerCountMax - 1)
            let fields = (1..<defaults.headerCountMax).map { number in
                "x\(1000 + number): \(String(repeating: "v", count: fieldBytes - 5))\r\n"
            }
            client.send(
                "GET /\(String(repeating: "a", count: defaults.uriBytesMax - 1)) HTTP/1.1\r\nHost: a\r\n"
                    + fields.joined() + "\r\n")
            #expect(try client.reply().status == 200)
        }
    }

    @Test func manyHeaderFieldsAre431() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            let fields = (0..<120).map { "x\($0): 1\r\n" }.joined()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            let reply = try client.reply()
            #expect(reply.status == 431)
            #expect(reply.text.hasPrefix("refused:"))
        }
    }

    @Test func connectionsOverTheLimitWaitForTheirTurn() throws {
        try withServer(limits: limits { $0.connectionCountMax = 2 }, loopCount: 1) { server in
            var clients = [try Client(port: server.port), try Client(port: server.port)]
            for client in clients {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.reply().status == 200)
            }
            let third = try Client(port: server.port)
            third.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n")
            clients[0].send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try clients[0].reply()["X-Asked"] == "GET /again")
            clients.removeAll()
            #expect(try third.reply()["X-Asked"] == "GET /third")
        }
    }
}
