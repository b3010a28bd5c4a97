import Dispatch
import Foundation
import Microhttpd
import Synchronization
import RawHTTP
import Testing

@Suite struct StopTests {
    @Test func aTakenPortIsAnError() throws {
        try withServer { server in
            let expected = ServerError.portInUse(host: "127.0.0.1", port: server.port)
            let error = #expect(throws: ServerError.self) {
                _ = try Server(options: ServerOptions(port: server.port)) { _ in ClosureHandler(onReceive: echo) }
            }
            #expect(error == expected)
            #expect(
                "\(expected)"
                    == "cannot listen on 127.0.0.1:\(server.port): the port is in use by another process")
        }
    }

    @Test func aPortIsFreeAgainAfterTheStop() throws {
        let port = try withServer { server in
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
            return server.port
        }
        let again = try Server(options: ServerOptions(port: port)) { _ in ClosureHandler(onReceive: echo) }
        #expect(again.port == port)
    }

    @Test(arguments: ["no.such.host.invalid", "300.1.1.1"])
    func anUnknownHostIsAnError(host: String) {
        let error = #expect(throws: ServerError.self) {
            _ = try Server(options: ServerOptions(host: host, port: 0)) { _ in ClosureHandler(onReceive: echo) }
        }
        #expect(error.map { "\($0)".hasPrefix("cannot listen on \(host): ") } == true)
    }

    @Test func anAddressOfAnotherMachineIsAnError() {
        let error = #expect(throws: ServerError.self) {
            _ = try Server(options: ServerOptions(host: "192.0.2.1", port: 0)) { _ in ClosureHandler(onReceive: echo) }
        }
        guard case .cannotListen(host: "192.0.2.1", port: 0, _) = error else {
            Issue.record("not \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["::1", "[::1]", "::", "localhost", "0.0.0.0"])
    func itListensOnAnyKindOfHost(host: String) throws {
        let server: Server
        do {
            server = try Server(options: ServerOptions(host: host, port: 0)) { _ in ClosureHandler(onReceive: echo) }
        } catch ServerError.cannotListen where host.contains(":") {
            return  // A machine without IPv6.
        }
        server.start()
        defer { server.stop(grace: .seconds(5)) }
        // `::` takes IPv4 as well; ::1 alone does not.
        guard !["::1", "[::1]", "localhost"].contains(host) else { return }
        let client = try Client(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.reply().status == 200)
    }

    @Test func aServerThatWasNeverStartedGoesAway() throws {
        let port = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: echo) }.port
        #expect(throws: ClientError.refused(ECONNREFUSED)) { try Client(port: port) }
    }

    @Test func aServerThatWasNeverStartedCanBeStopped() throws {
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: echo) }
        #expect(server.stop(grace: .seconds(5)))
        #expect(throws: ClientError.refused(ECONNREFUSED)) { try Client(port: server.port) }
    }

    @Test func connectionsAreRefusedOnceTheServerIsQuiesced() throws {
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: echo) }
        server.start()
        server.stop(grace: .seconds(5)) { _ in
            #expect(throws: ClientError.refused(ECONNREFUSED)) { try Client(port: server.port) }
        }
    }

    @Test func whatWasAcceptedIsAnsweredAndToldToClose() throws {
        let held = Mutex<[Exchange]>([])
        let arrived = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            held.withLock { $0.append(exchange) }
            arrived.signal()
        }
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let clients = try (0..<20).map { _ in try Client(port: server.port) }
        for client in clients { client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
        for _ in clients { arrived.wait() }
        let isClean = server.stop(grace: .seconds(10)) { _ in
            for exchange in held.withLock({ $0 }) { echo(exchange) }
        }
        #expect(isClean)
        for client in clients {
            let reply = try client.reply()
            #expect(reply["X-Asked"] == "GET /held")
            #expect(reply["Connection"] == "close")
        }
    }

    @Test func whoWaitsInTheBacklogIsServedToo() throws {
        let options = ServerOptions(port: 0, loopCount: 1, limits: limits { $0.connectionCountMax = 1 })
        let server = try Server(options: options) { _ in ClosureHandler(onReceive: echo) }
        server.start()
        let first = try Client(port: server.port)
        first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.reply().status == 200)
        // There is room for one connection, which the first client keeps.
        let second = try Client(port: server.port)
        second.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.stop(grace: .seconds(20)))
        #expect(try second.reply()["X-Asked"] == "GET /second")
    }

    @Test func aLargeReplyIsSentWholeBeforeTheEnd() throws {
        let body = [UInt8](repeating: 0x61, count: 20_000_000)
        let arrived = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            exchange.reply(Reply(status: 200, body: body))
            arrived.signal()
        }
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let client = try Client(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        arrived.wait()
        let stopped = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            server.stop(grace: .seconds(20))
            stopped.signal()
        }
        #expect(try client.reply().body.count == body.count)
        stopped.wait()
    }

    @Test func idleConnectionsDoNotHoldUpTheStop() throws {
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: echo) }
        server.start()
        let idle = try (0..<10).map { _ in try Client(port: server.port) }
        for client in idle.dropFirst(2) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 200)
        }
        // The grace period is the proof: had they held it up, it would not have ended clean and early.
        let begin = ContinuousClock.now
        #expect(server.stop(grace: .seconds(60)))
        #expect(ContinuousClock.now - begin < .seconds(30))
        for client in idle { #expect(client.rest().isEmpty) }
    }

    @Test func theGracePeriodBoundsTheStop() throws {
        let held = Mutex<[Exchange]>([])
        let arrived = DispatchSemaphore(value: 0)
        let receive: @Sendable (Exchange) -> Void = { exchange in
            held.withLock { $0.append(exchange) }
            arrived.signal()
        }
        let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let waiting = try Client(port: server.port)
        waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        arrived.wait()
        let sending = try Client(port: server.port)
        sending.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
        let streaming = try Client(port: server.port)
        streaming.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n")
        #expect(!server.stop(grace: .milliseconds(300)))
        #expect(try waiting.reply().status == 503)
        // Who is still sending is told too, by a reply that closes.
        for client in [sending, streaming] {
            let reply = try client.reply()
            #expect(reply.status == 503 && reply["Connection"] == "close")
            #expect(throws: ClientError.closed) { try client.reply() }
        }
        held.withLock { $0 = [] }
    }

    @Test(arguments: [true, false]) func noAcceptedRequestIsLostUnderLoad(keepAlive: Bool) throws {
        let receive: @Sendable (Exchange) -> Void = { exchange in
            if exchange.path.hasSuffix("1") { return echo(exchange) }
            DispatchQueue.global().async { echo(exchange) }
        }
        var options = ServerOptions(port: 0)
        // Every client asks again at once, but on a busy machine it may be kept from it for longer than the default.
        options.limits.restSecondsMax = 60
        let server = try Server(options: options) { _ in ClosureHandler(onReceive: receive) }
        server.start()
        let port = server.port
        let lost = Mutex<[String]>([])
        let answered = Counter()
        let warm = DispatchSemaphore(value: 0)
        let group = DispatchGroup()
        for number in 0..<8 {
            Thread.detachNewThread {
                load(port: port, keepAlive: keepAlive, number: number, warm: warm, answered: answered, lost: lost)
                group.leave()
            }
            group.enter()
        }
        for _ in 0..<8 { warm.wait() }
        #expect(server.stop(grace: .seconds(20)))
        group.wait()
        #expect(lost.withLock { $0 }.isEmpty)
        #expect(answered.value >= 8 * 50)
    }
}

/// Asks until the server lets no more connections in. Every request that was sent over a connection that it let in must
/// be answered, unless the connection had been told to close.
private func load(
    port: UInt16, keepAlive: Bool, number: Int, warm: DispatchSemaphore, answered: Counter,
    lost: borrowing Mutex<[String]>
) {
    var count = 0
    while true {
        guard let client = try? Client(port: port) else { return }
        var isOpen = true
        while isOpen {
            let path = "/\(number)/\(count)"
            client.send(
                "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                    + (keepAlive ? "" : "Connection: close\r\n") + "\r\nok")
            do {
                let reply = try client.reply()
                guard reply.status == 200, reply["X-Asked"] == "POST \(path)", reply.text == "ok" else {
                    lost.withLock { $0.append("\(path): \(reply.head)") }
                    return
                }
                answered.increment()
                isOpen = reply["Connection"] != "close"
            } catch {
                lost.withLock { $0.append("\(path): \(error)") }
                return
            }
            count += 1
            if count == 50 { warm.signal() }
        }
    }
}
