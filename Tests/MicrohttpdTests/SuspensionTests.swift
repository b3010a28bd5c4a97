import Dispatch
import Foundation
import Microhttpd
import RawHTTP
import Synchronization
import Testing

/// Keeps every exchange, and counts the clients that have gone.
private final class HoldingHandler: LoopHandler {
    let held: Held
    let deadline: Duration?

    final class Held: Sendable {
        let exchanges = Mutex<[Exchange]>([])
        let arrived = DispatchSemaphore(value: 0)
        let departed = DispatchSemaphore(value: 0)
        let departures = Mutex<[String]>([])
    }

    init(_ held: Held, deadline: Duration? = nil) {
        self.held = held
        self.deadline = deadline
    }

    func receive(_ exchange: Exchange) {
        if exchange.path == "/now" { return echo(exchange) }
        if let deadline {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            exchange.expire(at: now + UInt64(deadline.components.attoseconds / 1_000_000_000))
        }
        held.exchanges.withLock { $0.append(exchange) }
        held.arrived.signal()
    }
    func endOfTurn() {}
    func noteDeparture(_ head: RequestHead) {
        held.departures.withLock { $0.append("\(head.method.rawValue) \(head.path)") }
        held.departed.signal()
    }
    func reply(to refusal: Refusal, requestID: String?) -> Reply {
        Reply(status: refusal.status, body: Array("refused: \(refusal.detail)".utf8))
    }
}

private func withHolding(
    deadline: Duration? = nil, _ body: (Server, HoldingHandler.Held) throws -> Void
) throws {
    let held = HoldingHandler.Held()
    let server = try Server(options: ServerOptions(port: 0, loopCount: 1)) { _ in
        HoldingHandler(held, deadline: deadline)
    }
    server.start()
    defer { server.stop(grace: .seconds(5)) { _ in held.exchanges.withLock { $0 = [] } } }
    try body(server, held)
}

@Suite struct SuspensionTests {
    @Test func aDeadlineIsAnsweredThoughNobodyEverReplies() throws {
        try withHolding(deadline: .milliseconds(30)) { server, held in
            let client = try Client(port: server.port)
            for _ in 0..<3 {
                client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
                let reply = try client.reply()
                #expect(reply.status == 504 && reply.text.contains("deadline"))
            }
            for exchange in held.exchanges.withLock({ $0 }) {
                #expect(!exchange.isOpen)
                // Too late: the connection has other requests by now.
                echo(exchange)
            }
            client.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply()["X-Asked"] == "GET /now")
            #expect(held.departures.withLock { $0 }.isEmpty)
        }
    }

    @Test func manyDeadlinesPassInAnyOrder() throws {
        try withHolding(deadline: .milliseconds(40)) { server, held in
            let clients = try (0..<50).map { _ in try Client(port: server.port) }
            for client in clients { client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
            for _ in clients { held.arrived.wait() }
            // Every other one is answered, or has gone by itself.
            for (index, exchange) in held.exchanges.withLock({ $0 }).enumerated() where index % 2 == 0 {
                echo(exchange)
            }
            let statuses = try clients.map { try $0.reply().status }
            #expect(Set(statuses).isSubset(of: [200, 504]) && statuses.contains(504))
        }
    }

    @Test func aReplyInTimeIsNotFollowedByAnother() throws {
        try withHolding(deadline: .milliseconds(900)) { server, held in
            let client = try Client(port: server.port)
            client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            held.arrived.wait()
            for exchange in held.exchanges.withLock({ $0 }) { echo(exchange) }
            #expect(try client.reply()["X-Asked"] == "GET /held")
        }
    }

    @Test func theDepartureOfAWaitingClientIsNoticed() throws {
        try withHolding { server, held in
            for path in ["/one", "/two"] {
                do {
                    let client = try Client(port: server.port)
                    client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
                    held.arrived.wait()
                }
                held.departed.wait()
            }
            #expect(held.departures.withLock { $0 } == ["POST /one", "POST /two"])
            for exchange in held.exchanges.withLock({ $0 }) {
                #expect(!exchange.isOpen)
                echo(exchange)
            }
        }
    }

    @Test func aClientThatHasGoneBeforeItIsWatchedIsNoticedToo() throws {
        try withHolding { server, held in
            let clients = try (0..<20).map { _ in
                let client = try Client(port: server.port)
                client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
                client.finishSending()
                return client
            }
            for _ in clients { held.departed.wait() }
            for client in clients { #expect(client.rest().isEmpty) }
        }
    }

    @Test func aClientThatStaysIsAnsweredHoweverLongItTakes() throws {
        try withHolding { server, held in
            let (patient, gone) = (try Client(port: server.port), try Client(port: server.port))
            patient.send("GET /patient HTTP/1.1\r\nHost: a\r\n\r\n")
            held.arrived.wait()
            // The other's departure is heard long after the first began to be watched.
            gone.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
            held.arrived.wait()
            gone.finishSending()
            held.departed.wait()
            #expect(held.departures.withLock { $0 } == ["GET /gone"])
            for exchange in held.exchanges.withLock({ $0 }) { echo(exchange) }
            #expect(try patient.reply()["X-Asked"] == "GET /patient")
            // And what it asks next, on the same connection.
            patient.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
            held.arrived.wait()
            for exchange in held.exchanges.withLock({ $0 }).suffix(1) { echo(exchange) }
            #expect(try patient.reply()["X-Asked"] == "GET /again")
        }
    }
}
