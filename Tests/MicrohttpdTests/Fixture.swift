import Foundation
import Glibc
import Microhttpd
import Synchronization

/// A handler made of two closures; refusals become one line of text.
final class ClosureHandler: LoopHandler {
    typealias Receive = @Sendable (Exchange) -> Void
    private let onReceive: @Sendable (Exchange) -> Void
    private let onEndOfTurn: @Sendable () -> Void

    init(onReceive: @escaping @Sendable (Exchange) -> Void, onEndOfTurn: @escaping @Sendable () -> Void = {}) {
        self.onReceive = onReceive
        self.onEndOfTurn = onEndOfTurn
    }

    func receive(_ exchange: Exchange) { onReceive(exchange) }
    func endOfTurn() { onEndOfTurn() }
    func reply(to refusal: Refusal, requestID: String?) -> Reply {
        Reply(
            status: refusal.status, headers: [("X-Request-ID", requestID ?? "none")],
            body: Array("refused: \(refusal.detail)".utf8))
    }
}

/// Runs a server on a free port for the length of a test.
func withServer<Result>(
    limits: Limits = patient, loopCount: Int = 2, allowsOptions: Bool = false,
    log: @escaping @Sendable (String) -> Void = { _ in }, tls: (@Sendable () -> TLSIdentity)? = nil,
    receive: @escaping @Sendable (Exchange) -> Void = echo,
    _ body: (Server) throws -> Result
) throws -> Result {
    var options = ServerOptions(port: 0, loopCount: loopCount, limits: limits, allowsOptions: allowsOptions)
    options.log = log
    options.tlsIdentity = tls
    let server = try Server(options: options) { _ in ClosureHandler(onReceive: receive) }
    server.start()
    defer { server.stop(grace: .seconds(5)) }
    return try body(server)
}

/// Answers what was asked: `METHOD path` in a header, the body as it came.
let echo: @Sendable (Exchange) -> Void = { exchange in
    let body = exchange.withBody { Array($0) }
    exchange.reply(
        Reply(status: 200, headers: [("X-Asked", "\(exchange.method.rawValue) \(exchange.path)")], body: body))
}

/// A busy machine, or a sanitizer, may make any client slow: only tests of a limit of time set it lower.
let patient: Limits = {
    var limits = Limits()
    (limits.headSecondsMax, limits.bodySecondsMax, limits.idleSecondsMax) = (600, 600, 600)
    return limits
}()

func limits(_ change: (inout Limits) -> Void) -> Limits {
    var limits = patient
    change(&limits)
    return limits
}
