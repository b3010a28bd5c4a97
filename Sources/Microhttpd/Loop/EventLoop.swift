internal import CMicrohttpdShim
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Answers the requests of one event loop, on its thread only.
public protocol LoopHandler: AnyObject {
    /// Takes a complete request, head and body. Reply now (the cheapest), in `endOfTurn`, or later from any thread.
    func receive(_ exchange: Exchange)
    /// Called after each turn of the loop in which `receive` was: the place to work on a turn's requests at once.
    func endOfTurn()
    /// Gives a refusal of the HTTP layer its form. `requestID` is the client's `X-Request-ID`, unchecked; nil where
    /// there was none, or the head never became complete. Status and header fields of the reply are the handler's;
    /// a missing `Allow` is added.
    func reply(to refusal: Refusal, requestID: String?) -> Reply
}

/// One thread, one libmicrohttpd daemon, one handler.
///
/// `@unchecked Sendable`: everything but `inbox` and `isDraining` belongs to the loop's thread, from `run` on; before
/// that to the thread that made it. `pthread_create` and `pthread_join` order the two.
final class EventLoop: @unchecked Sendable {
    /// What other threads ask of a loop.
    enum Command: Sendable {
        /// Accept nothing more, then signal.
        case quiesce(DispatchSemaphore)
        /// Serve this socket, which waited in the backlog.
        case adopt(Int32)
        /// Go on until every connection rests, at most until this time; then end.
        case finish(deadline: UInt64)
    }

    let guardian: RequestGuard
    let limits: Limits
    let isDraining: Atomic<Bool> = Atomic(false)
    let pool = BufferPool()
    var handler: (any LoopHandler)?
    var watchdog: Watchdog
    var hasReceived = false
    /// Requests whose connection is suspended.
    private(set) var suspended: [Request] = []
    /// Requests that the end of the grace period cut off. Read by others after the thread has ended.
    private(set) var unansweredCount = 0
    /// The grace period is over: answer 503 instead of waiting.
    private(set) var isAborting = false
    /// When this turn's wait was over.
    private var turnTime: UInt64?
    private let log: @Sendable (String) -> Void
    private let inbox = Mutex<[Command]>([])
    let bell = Bell()
    private var daemon: OpaquePointer?
    /// Kept open for as long as the daemon may look at it.
    private let listener: Listener
    private let settings: UnsafeMutablePointer<mhd_shim_settings>
    private var nextRound: UInt64 = 0
    private var finishDeadline: UInt64?
    /// A client that has just had its answer, or has just connected, gets this long to send its next request before a
    /// stop takes the connection away.
    private static let restNanoseconds: UInt64 = 100_000_000

    init(options: ServerOptions, listener: Listener, connectionCountMax: Int) throws(ServerError) {
        limits = options.limits
        guardian = RequestGuard(limits: options.limits, allowsOptions: options.allowsOptions)
        watchdog = Watchdog(limits: options.limits)
        log = options.log
        self.listener = listener
        settings = .allocate(capacity: 1)
        settings.initialize(to: mhd_shim_settings())
        settings.pointee.listen_socket = listener.descriptor
        settings.pointee.is_ipv6 = listener.isIPv6 ? 1 : 0
        settings.pointee.connection_count_max = UInt32(clamping: connectionCountMax)
        settings.pointee.connection_memory_bytes = options.limits.connectionMemoryBytes
        settings.pointee.idle_seconds_max = UInt32(max(1, min(limits.longestSeconds.rounded(.up), 1e6)))
        settings.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        installCallbacks(in: settings)
        daemon = mhd_shim_start(settings)
        guard let daemon, mhd_shim_watch(daemon, bell.descriptor) == 0 else {
            throw ServerError.cannotStart(reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        stopDaemon()
        settings.deinitialize(count: 1)
        settings.deallocate()
    }

    /// Asks something of the loop. Any thread.
    func post(_ command: Command) {
        inbox.withLock { $0.append(command) }
        bell.ring()
    }

    /// Turns until told to finish.
    func run() {
        while !isFinished { turn() }
        abortSuspended()
        stopDaemon()
        handler = nil
    }

    /// The time of this turn, read once.
    var now: UInt64 {
        if let turnTime { return turnTime }
        let time = monotonicNow()
        turnTime = time
        return time
    }

    func noteLog(_ line: String) { log(line) }

    func addSuspended(_ request: Request) {
        request.suspendedIndex = suspended.count
        suspended.append(request)
    }

    func removeSuspended(_ request: Request) {
        guard let index = request.suspendedIndex else { return }
        request.suspendedIndex = nil
        let last = suspended.removeLast()
        guard last !== request else { return }
        last.suspendedIndex = index
        suspended[index] = last
    }

    private func turn() {
        let wait = waitMilliseconds()
        turnTime = nil
        MHD_run_wait(daemon, wait)
        if hasReceived {
            hasReceived = false
            handler?.endOfTurn()
        }
        if bell.hush() { obeyCommands() }
        if now >= nextRound {
            for connection in watchdog.round(now: now) { cutOff(connection) }
            nextRound = now + watchdog.roundNanoseconds
        }
    }

    /// How long a turn may wait for something to happen; -1 is for ever.
    private func waitMilliseconds() -> Int32 {
        if finishDeadline != nil { return Int32(Self.restNanoseconds / 10_000_000) }
        if watchdog.connections.isEmpty { return -1 }
        return Int32(clamping: (nextRound - min(nextRound, monotonicNow())) / 1_000_000 + 1)
    }

    private func obeyCommands() {
        let commands = inbox.withLock { commands in
            defer { commands = [] }
            return commands
        }
        for command in commands {
            switch command {
            case .quiesce(let done):
                MHD_quiesce_daemon(daemon)
                done.signal()
            case .adopt(let socket): adopt(socket)
            case .finish(let deadline): finishDeadline = deadline
            }
        }
    }

    private func adopt(_ socket: Int32) {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getpeername(socket, $0, &length)
                _ = MHD_add_connection(daemon, socket, $0, length)
            }
        }
    }

    private var isFinished: Bool {
        guard let finishDeadline else { return false }
        if monotonicNow() >= finishDeadline { return true }
        return watchdog.connections.allSatisfy {
            $0.request == nil && now >= $0.restingSince + Self.restNanoseconds
        }
    }

    /// Gives what is still waiting its 503 and lets libmicrohttpd send it: a daemon must not be stopped while a
    /// connection is suspended.
    private func abortSuspended() {
        isAborting = true
        unansweredCount = watchdog.connections.count { $0.request != nil }
        for request in suspended { request.settle(.dropped) }
        for _ in 0..<3 { MHD_run_wait(daemon, 0) }
    }

    private func stopDaemon() {
        guard let daemon else { return }
        self.daemon = nil
        // A daemon that is not quiesced would close the listening socket, which is not its own.
        MHD_quiesce_daemon(daemon)
        MHD_stop_daemon(daemon)
    }
}
