import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite struct WatchdogTests {
    @Test func aSlowHeadIs408() throws {
        try withServer(limits: limits { $0.headSecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow")
            #expect(try client.reply().status == 408)
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test func aSlowRequestLineIs408() throws {
        try withServer(limits: limits { $0.headSecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            client.send("GET /")
            #expect(try client.reply().status == 408)
        }
    }

    @Test func aDrippedHeadIsCutOffThoughItIsNeverIdle() throws {
        try withServer(limits: limits { $0.headSecondsMax = 0.3 }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            // One byte after another, until the server will take no more.
            let patience = ContinuousClock.now + .seconds(20)
            while client.send("X"), ContinuousClock.now < patience { usleep(10_000) }
            #expect(ContinuousClock.now < patience)
        }
    }

    @Test func aSlowBodyIs408() throws {
        try withServer(limits: limits { $0.bodySecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nX-Request-ID: r1\r\nContent-Length: 10\r\n\r\n123")
            let reply = try client.reply()
            #expect(reply.status == 408)
            #expect(reply["X-Request-ID"] == "r1")
            #expect(reply["Connection"] == "close")
            #expect(throws: ClientError.closed) { try client.reply() }
        }
    }

    @Test func aSlowChunkedBodyIs408() throws {
        try withServer(limits: limits { $0.bodySecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            #expect(try client.reply().status == 408)
        }
    }

    @Test func theSecondRequestOfAConnectionIsWatchedToo() throws {
        try withServer(limits: limits { $0.headSecondsMax = 1 }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
            client.send("GET / HTTP/1.1\r\nX-Slow: ")
            #expect(try client.reply().status == 408)
        }
    }

    @Test func aDrippedSecondRequestLineIsWatchedToo() throws {
        try withServer(limits: limits { $0.headSecondsMax = 0.5 }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
            let patience = ContinuousClock.now + .seconds(20)
            while client.send("X"), ContinuousClock.now < patience { usleep(10_000) }
            #expect(ContinuousClock.now < patience)
        }
    }

    @Test func theTimeOfAHeadStartsAgainWithEachRequest() throws {
        // The requests together take longer than one may.
        try withServer(limits: limits { $0.headSecondsMax = 0.4 }) { server in
            let client = try Client(port: server.port)
            let end = ContinuousClock.now + .milliseconds(900)
            while ContinuousClock.now < end {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.reply().status == 200)
            }
        }
    }

    @Test func anIdleConnectionIsClosedWithoutAWord() throws {
        try withServer(limits: limits { $0.idleSecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
            #expect(client.rest().isEmpty)
        }
    }

    @Test func aConnectionThatNeverSpeaksIsClosedWithoutAWord() throws {
        try withServer(limits: limits { $0.headSecondsMax = 0.2 }) { server in
            let client = try Client(port: server.port)
            #expect(client.rest().isEmpty)
        }
    }

    @Test func aRequestThatIsWorkedOnIsNotCutOff() throws {
        let short = limits {
            $0.headSecondsMax = 0.1
            $0.bodySecondsMax = 0.1
            $0.idleSecondsMax = 0.1
        }
        let receive: @Sendable (Exchange) -> Void = { exchange in
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.6) { exchange.reply(Reply(status: 200)) }
        }
        try withServer(limits: short, receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            #expect(try client.reply().status == 200)
        }
    }

    @Test func aClientThatTakesNothingOfItsReplyIsCutOff() throws {
        let short = limits {
            $0.headSecondsMax = 1
            $0.bodySecondsMax = 1
            $0.idleSecondsMax = 1
        }
        let arrived = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            exchange.reply(Reply(status: 200, body: [UInt8](repeating: 0, count: 50_000_000)))
            arrived.signal()
        }
        var options = ServerOptions(port: 0)
        options.limits = short
        let server = try Server(options: options) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let client = try Client(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        arrived.wait()
        // Nothing else could end this reply: the stop would have to give it up, and say so.
        #expect(server.stop(grace: .seconds(60)))
        #expect(client.rest().count < 50_000_000)
    }
}
