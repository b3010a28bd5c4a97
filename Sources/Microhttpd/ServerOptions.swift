/// What a server listens on and what it lets through.
public struct ServerOptions: Sendable {
    /// A host name, an IPv4 or an IPv6 address (with or without brackets). `::` takes IPv4 connections too.
    public var host: String
    /// TCP port; 0 asks the system for a free one (see `Server.port`).
    public var port: UInt16
    /// Number of event loops, each a thread with a daemon of its own.
    public var loopCount: Int
    /// Bounds of every request and connection.
    public var limits: Limits
    /// What bodies and answers take their memory of.
    public var memory = MemoryBudget()
    /// Whether OPTIONS requests reach the handler (for CORS) or are refused with 405.
    public var allowsOptions: Bool
    /// Connections that may wait to be accepted.
    public var backlog: Int32
    /// Makes it HTTPS: asked for every new connection, on a loop's thread, so that another certificate can take over
    /// without a connection lost. Nil for plain HTTP.
    public var tlsIdentity: (@Sendable () -> TLSIdentity)?
    /// Receives libmicrohttpd's own complaints, a line each, on a loop's thread: broken clients mostly.
    public var log: @Sendable (String) -> Void

    /// The defaults: 127.0.0.1, port 8080, one loop a core but at most two.
    public init(
        host: String = "127.0.0.1", port: UInt16 = 8080, loopCount: Int = ServerOptions.defaultLoopCount,
        limits: Limits = Limits(), allowsOptions: Bool = false, backlog: Int32 = 1024,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.loopCount = loopCount
        self.limits = limits
        self.allowsOptions = allowsOptions
        self.backlog = backlog
        self.log = log
    }

    /// One loop a core, at most two: a loop moves far more requests than the models behind it can answer.
    public static var defaultLoopCount: Int { min(2, Processors.count) }

    /// Whether there is a loop for every processor, so that other threads only take turns with them. Each loop then keeps
    /// to one.
    public var loopsTakeAllProcessors: Bool { loopCount >= Processors.count }
}

/// Bounds that every request and connection keeps, or is refused by. Times are in seconds, fractions allowed.
public struct Limits: Sendable, Equatable {
    /// A larger body is refused with 413, by its Content-Length or as it grows.
    public var bodyBytesMax = 64 << 20
    /// The same of a body that is not collected but goes to a `BodySink`.
    public var streamedBodyBytesMax = 1 << 40
    /// A longer request target is refused with 414.
    public var uriBytesMax = 8 << 10
    /// More header bytes (names and values) are refused with 431. With the target it must stay below
    /// `connectionMemoryBytes`, or libmicrohttpd answers first, with a page of its own.
    public var headerBytesMax = 8 << 10
    /// More header fields are refused with 431: each takes 64 bytes of the connection's memory beside its text.
    public var headerCountMax = 96
    /// Connections of all loops together; more wait in the backlog.
    public var connectionCountMax = 1024
    /// Connections of one address (of IPv6: of one network of 64 bits); more are closed at once.
    public var addressConnectionCountMax = Int.max
    /// libmicrohttpd's memory for one connection. It is zeroed after every request: 1 MiB costs a factor of three.
    public var connectionMemoryBytes = 28 << 10
    /// From the first byte that can be seen (a new connection, or a request line) to the end of the header fields.
    public var headSecondsMax = 10.0
    /// From the end of the header fields to the end of the body; of a body that goes to a `BodySink`, to the end of every
    /// 64 KiB.
    public var bodySecondsMax = 60.0
    /// Between two requests of one connection. The longest of the three limits, in full seconds, also bounds how long a
    /// client may take nothing of its reply.
    public var idleSecondsMax = 60.0
    /// While the server stops: a client that has just had its answer, or has just connected, has this long to send its
    /// next request before its connection counts as idle and is closed.
    public var restSecondsMax = 0.1

    var longestSeconds: Double { max(headSecondsMax, bodySecondsMax, idleSecondsMax) }

    /// The defaults above.
    public init() {}
}
