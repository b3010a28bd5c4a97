internal import CMicrohttpdShim
internal import Glibc

/// One client connection, as its loop sees it. The loop's thread only.
final class Connection {
    /// What the client owes us, and by when.
    enum Expectation {
        /// The first request of a new connection.
        case firstHead
        /// The rest of a head whose request line is there.
        case head
        case body
        /// Any byte of the next request.
        case nextRequest
        /// Nothing: the request is being worked on, or its reply is on the way.
        case nothing
    }

    /// libmicrohttpd's handle. Not to be touched once the connection is closed.
    let handle: OpaquePointer
    let socket: Int32
    /// Nil for plain HTTP.
    let tls: TLSSession?
    let remoteAddress: String
    let isLoopback: Bool
    let address: ClientAddress
    var request: Request?
    /// Place in the watchdog's list.
    fileprivate(set) var index = 0
    fileprivate(set) var expectation = Expectation.nothing
    /// Nanoseconds of the monotonic clock.
    fileprivate(set) var deadline = UInt64.max
    /// Since when there has been no request on it.
    fileprivate(set) var restingSince: UInt64 = 0
    /// Bytes received in all, as the first round found them while no request was on it.
    fileprivate var restingByteCount: UInt64?

    /// Whether the first byte of its handshake has been looked at.
    var isFirstByteChecked = false
    /// Bytes received before the client could say anything, of its TLS handshake.
    var introductionByteCount: UInt64 = 0

    init(
        handle: OpaquePointer, tls: TLSSession?, remoteAddress: String, isLoopback: Bool, address: ClientAddress
    ) {
        self.handle = handle
        socket = mhd_shim_socket(handle)
        self.tls = tls
        self.remoteAddress = remoteAddress
        self.isLoopback = isLoopback
        self.address = address
    }

    /// Whether the client has sent anything yet, beside the handshake.
    var hasSpoken: Bool { mhd_shim_received_bytes(socket) > introductionByteCount }
}

/// Bounds the whole head and the whole body of every request: libmicrohttpd's own timer starts again with every byte,
/// so that a client that drips one a second would live for ever. One a loop, on its thread only.
struct Watchdog {
    private(set) var connections: [Connection] = []
    private let headNanoseconds: UInt64
    private let bodyNanoseconds: UInt64
    private let idleNanoseconds: UInt64
    private let restNanoseconds: UInt64
    /// Time between two rounds: an eighth of the shortest limit, a second at most.
    let roundNanoseconds: UInt64

    init(limits: Limits) {
        headNanoseconds = nanoseconds(limits.headSecondsMax)
        bodyNanoseconds = nanoseconds(limits.bodySecondsMax)
        idleNanoseconds = nanoseconds(limits.idleSecondsMax)
        restNanoseconds = nanoseconds(limits.restSecondsMax)
        let shortest = min(headNanoseconds, bodyNanoseconds, idleNanoseconds)
        roundNanoseconds = min(max(shortest / 8, 5_000_000), 1_000_000_000)
    }

    mutating func add(_ connection: Connection, now: UInt64) {
        connection.index = connections.count
        connection.restingSince = now
        connections.append(connection)
        expect(.firstHead, of: connection, now: now)
    }

    mutating func remove(_ connection: Connection) {
        let last = connections.removeLast()
        guard last !== connection else { return }
        last.index = connection.index
        connections[connection.index] = last
    }

    func expect(_ expectation: Connection.Expectation, of connection: Connection, now: UInt64) {
        switch expectation {
        case .firstHead: connection.deadline = now + headNanoseconds
        case .head:
            // The first head's time runs from the connection's start, line or no line.
            guard connection.expectation != .firstHead else { return }
            connection.deadline = now + headNanoseconds
        case .body: connection.deadline = now + bodyNanoseconds
        case .nextRequest:
            connection.deadline = now + idleNanoseconds
            connection.restingSince = now
            connection.restingByteCount = nil
        case .nothing: connection.deadline = .max
        }
        connection.expectation = expectation
    }

    /// Connections whose time is up; each is returned once.
    func round(now: UInt64) -> [Connection] {
        var late: [Connection] = []
        for connection in connections {
            if connection.expectation == .nextRequest { noticeUnfinishedLine(of: connection, now: now) }
            guard connection.deadline <= now else { continue }
            connection.deadline = .max
            late.append(connection)
        }
        return late
    }

    /// Connections that wait for something their clients can no longer send. libmicrohttpd is told of an end once, by the
    /// edge that also tells of the last bytes, and misses it where it stops reading at those.
    func abandoned() -> [Connection] {
        connections.filter { connection in
            // What a paused client sent may wait in libmicrohttpd's memory.
            if connection.request?.isPaused == true { return false }
            return switch connection.expectation {
            case .firstHead, .head, .body, .nextRequest:
                connection.tls?.pendingByteCount ?? 0 == 0 && mhd_shim_nothing_more_comes(connection.socket)
            case .nothing: false
            }
        }
    }

    /// Connections that a stop may take away: nothing is owed to their clients, and none of them is just about to ask.
    func resting(now: UInt64) -> [Connection] {
        connections.filter { connection in
            guard now >= connection.restingSince + restNanoseconds else { return false }
            switch connection.expectation {
            // What has come since the loop last looked is a request that counts on its answer.
            case .nextRequest: return mhd_shim_unread_bytes(connection.socket) == 0
            case .firstHead: return connection.request == nil && !connection.hasSpoken
            case .head, .body, .nothing: return false
            }
        }
    }

    /// A request line is seen only when it is complete. While a connection rests, bytes that come all the same are the
    /// beginning of one, and its time starts.
    private func noticeUnfinishedLine(of connection: Connection, now: UInt64) {
        let received = mhd_shim_received_bytes(connection.socket)
        if let known = connection.restingByteCount, received > known {
            expect(.head, of: connection, now: now)
        } else {
            connection.restingByteCount = received
        }
    }
}

/// Nanoseconds of the monotonic clock.
func monotonicNow() -> UInt64 { clock_gettime_nsec() }

private func clock_gettime_nsec() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Seconds as nanoseconds; more than a century counts as one.
func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(min(max(seconds, 0), 3e9) * 1e9) }
