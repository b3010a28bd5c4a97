import Dispatch
import Foundation
import Microhttpd
import Synchronization
import RawHTTP
import Testing

@Suite struct ReplyTests {
    @Test func anotherThreadMayReply() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            DispatchQueue.global().async { echo(exchange) }
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            for number in 0..<200 {
                client.send("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                #expect(try client.reply()["X-Asked"] == "POST /\(number)")
            }
        }
    }

    @Test func theEndOfATurnMayReply() throws {
        final class Collector: LoopHandler {
            var waiting: [Exchange] = []
            func receive(_ exchange: Exchange) { waiting.append(exchange) }
            func endOfTurn() {
                for exchange in waiting { echo(exchange) }
                waiting = []
            }
            func reply(to refusal: Refusal, requestID: String?) -> Reply { Reply(status: refusal.status) }
        }
        let server = try Server(options: ServerOptions(port: 0)) { _ in Collector() }
        server.start()
        defer { server.stop(grace: .seconds(5)) }
        let client = try Client(port: server.port)
        client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for number in 0..<100 { #expect(try client.reply()["X-Asked"] == "GET /\(number)") }
    }

    @Test func aReplyMayComeAtAnyMomentOfTheSuspension() throws {
        // Some replies overtake the suspension, some race it, some come long after.
        let receive: @Sendable (Exchange) -> Void = { exchange in
            let spins = (exchange.query("spin").flatMap { Int($0) } ?? 0) * 10
            DispatchQueue.global().async {
                for spin in 0..<spins where spin == Int.max { return }
                echo(exchange)
            }
        }
        try withServer(receive: receive) { server in
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                guard let client = try? Client(port: server.port) else { return }
                for spin in 0..<300 {
                    client.send("GET /\(spin)?spin=\(spin * spin) HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect((try? client.reply()["X-Asked"]) == "GET /\(spin)")
                }
            }
        }
    }

    @Test func aDroppedExchangeIs500() throws {
        try withServer(receive: { _ in }) { server in
            let client = try Client(port: server.port)
            for _ in 0..<2 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: lost\r\n\r\n")
                let reply = try client.reply()
                #expect(reply.status == 500)
                #expect(reply["X-Request-ID"] == "lost")
            }
        }
    }

    @Test func anExchangeDroppedByAnotherThreadIs500() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.02) { _ = exchange.path }
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 500)
        }
    }

    @Test func onlyTheFirstReplyCounts() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            exchange.reply(Reply(status: 200, body: Array("first".utf8)))
            exchange.reply(Reply(status: 500, body: Array("second".utf8)))
            DispatchQueue.global().async { exchange.reply(Reply(status: 500, body: Array("third".utf8))) }
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            for _ in 0..<20 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.reply().text == "first")
            }
        }
    }

    @Test func manyThreadsMayRaceToReply() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            for number in 0..<4 {
                DispatchQueue.global().async { exchange.reply(Reply(status: 200, body: Array("\(number)".utf8))) }
            }
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            for _ in 0..<100 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try ["0", "1", "2", "3"].contains(client.reply().text))
            }
        }
    }

    @Test func aReplyToAClientThatHasGoneIsForgotten() throws {
        let gate = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            if exchange.path == "/echo" { return echo(exchange) }
            DispatchQueue.global().async {
                gate.wait()
                exchange.reply(Reply(status: 200, body: [UInt8](repeating: 0, count: 1_000_000)))
            }
        }
        try withServer(receive: receive) { server in
            for _ in 0..<5 {
                let client = try Client(port: server.port)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let witness = try Client(port: server.port)
                witness.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try witness.reply().status == 200)
            }
            for _ in 0..<5 { gate.signal() }
            let client = try Client(port: server.port)
            client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
        }
    }

    @Test func anExchangeMayOutliveItsServer() throws {
        let kept = Mutex<[Exchange]>([])
        let arrived = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            kept.withLock { $0.append(exchange) }
            arrived.signal()
        }
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let client = try Client(port: server.port)
        client.send("POST /kept HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nContent-Length: 4\r\n\r\nbody")
        arrived.wait()
        #expect(!server.stop(grace: .milliseconds(200)))
        #expect(try client.reply().status == 503)
        for exchange in kept.withLock({ $0 }) {
            #expect(exchange.path == "/kept")
            #expect(exchange.header("x-y") == "z")
            #expect(exchange.withBody { Array($0) } == Array("body".utf8))
            exchange.reply(Reply(status: 200))
        }
        kept.withLock { $0 = [] }
    }

    @Test func aLargeReplyArrivesWhole() throws {
        let body = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        try withServer(receive: { $0.reply(Reply(status: 200, body: body)) }) { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().body == body)
        }
    }

    @Test func aLineEndCannotBeSmuggledIntoAHeader() throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            exchange.reply(Reply(status: 200, headers: [("X-Echo", exchange.query("v") ?? "")]))
        }
        try withServer(receive: receive) { server in
            let client = try Client(port: server.port)
            client.send("GET /?v=a%0D%0ASet-Cookie:%20x%09y HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = try client.reply()
            #expect(reply["Set-Cookie"] == nil)
            #expect(reply["X-Echo"] == "a  Set-Cookie: x y")
        }
    }

    @Test func everyReplyIsDated() throws {
        try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["Date"]?.hasSuffix("GMT") == true)
        }
    }
}
