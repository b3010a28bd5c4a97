import Dispatch
import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite(.serialized) struct SignalTests {
    /// A process of its own each time, so that the default action would be seen: it kills.
    @Test(arguments: 0..<40) func aSignalSentAtOnceIsNotLost(round: Int) async {
        await #expect(processExitsWith: .exitCode(7)) {
            let signals = StopSignals()
            kill(getpid(), SIGTERM)
            exit(signals.wait() == SIGTERM ? 7 : 1)
        }
    }

    @Test func interruptsAreHeardToo() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let heard = DispatchSemaphore(value: 0)
            let signals = StopSignals { number in if number == SIGINT { heard.signal() } }
            kill(getpid(), SIGINT)
            heard.wait()
            exit(signals.wait() == SIGINT ? 7 : 1)
        }
    }

    @Test func aSignalUnderLoadStopsTheServerClean() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let signals = StopSignals()
            let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: echo) }
            server.start()
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            guard try client.reply().status == 200 else { exit(1) }
            kill(getpid(), SIGTERM)
            _ = signals.wait()
            exit(server.stop(grace: .seconds(10)) ? 7 : 2)
        }
    }

    @Test func aBrokenPipeDoesNotKillTheProcess() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let receive: @Sendable (Exchange) -> Void = { exchange in
                let size = exchange.path == "/large" ? 30_000_000 : 1
                exchange.reply(Reply(status: 200, body: [UInt8](repeating: 0, count: size)))
            }
            let server = try Server(options: ServerOptions(port: 0)) { _ in ClosureHandler(onReceive: receive) }
            server.start()
            for _ in 0..<20 {
                let client = try Client(port: server.port)
                client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            let client = try Client(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            exit(try client.reply().status == 200 ? 7 : 1)
        }
    }
}
