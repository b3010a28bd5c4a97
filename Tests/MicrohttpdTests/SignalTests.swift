import Foundation
import Microhttpd
import RawHTTP
import Testing

@Suite struct SignalTests {
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
