internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// Answers the requests of one event loop, on its thread only.
public protocol LoopHandler: AnyObject {
    /// Finds out what a percent-decoded path is, once a request and before anything else is asked of it.
    func match(path: String) -> RouteMatch
    /// Asked at the end of the head of a POST, and of any other request that has a body. Nil: the body is collected, and `receive` gets all. Else
    /// the result is called once, where the head is in order, and makes what the body goes to as it arrives; `receive`
    /// is not called then.
    func sink(for head: RequestHead) -> ((Exchange) -> any BodySink)?
    /// Asked of a POST that says nothing of a body: whether it may have none. If not it is refused with 411.
    func mayLackBody(_ head: RequestHead) -> Bool
    /// Takes a complete request, head and body. Reply now (the cheapest), in `endOfTurn`, or later from any thread.
    func receive(_ exchange: Exchange)
    /// The client of a request has gone before there was a reply. One that ends its side of the connection while it waits
    /// counts as gone.
    func noteDeparture(_ head: RequestHead)
    /// Called after each turn of the loop in which `receive` was: the place to work on a turn's requests at once.
    func endOfTurn()
    /// Asked when the head of a request is in order, before any of its body is read. Nil lets it pass; else this is the
    /// answer, and no more of the body is read than a small one has.
    func earlyReply(to head: RequestHead) -> Reply?
    /// Header fields that a reply to this request has beside its own.
    func commonHeaders(for head: RequestHead) -> [Reply.Header]
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
        /// Serve this socket.
        case adopt(Int32, ClientAddress)
        /// Close every connection as soon as it rests, and end when all are closed, or at this time.
        case finish(deadline: UInt64)
    }

    let guardian: RequestGuard
    let limits: Limits
    let isDraining: Atomic<Bool> = Atomic(false)
    /// Connections given to it and not yet closed.
    let connectionCount = Atomic(0)
    /// Called after a connection has been closed. The loop's thread.
    let onClose: @Sendable (ClientAddress) -> Void
    let pool: BufferPool
    var handler: (any LoopHandler)?
    var watchdog: Watchdog
    var hasReceived = false
    /// Requests whose connection is suspended.
    var suspended: [Request] = []
    let suspensionWatch = SuspensionWatch()
    /// Requests that the end of the grace period cut off. Read by others after the thread has ended.
    private(set) var unansweredCount = 0
    /// The grace period is over: answer 503 instead of waiting.
    private(set) var isAborting = false
    /// When this turn's wait was over.
    private var turnTime: UInt64?
    /// Of new connections; nil for plain HTTP.
    let tlsIdentity: (@Sendable () -> TLSIdentity)?
    let handshakes: Handshakes?
    private let log: @Sendable (String) -> Void
    private let inbox = Mutex<[Command]>([])
    let wakeEvent = WakeEvent()
    private var daemon: OpaquePointer?
    /// Of the connection that the daemon is being given.
    var arriving: ClientAddress?
    private let settings: UnsafeMutablePointer<mhd_shim_settings>
    /// What `settings` points to.
    private let tlsPriorities: UnsafeMutablePointer<CChar>?
    private var nextRound: UInt64 = 0
    private var finishDeadline: UInt64?

    init(options: ServerOptions, onClose: @escaping @Sendable (ClientAddress) -> Void) throws(ServerError) {
        limits = options.limits
        pool = BufferPool(budget: options.memory)
        guardian = RequestGuard(limits: options.limits, allowsOptions: options.allowsOptions)
        watchdog = Watchdog(limits: options.limits)
        log = options.log
        tlsIdentity = options.tlsIdentity
        handshakes = options.tlsIdentity.map { _ in Handshakes() }
        self.onClose = onClose
        tlsPriorities = options.tlsIdentity.flatMap { _ in strdup(TLSIdentity.priorities) }
        settings = .allocate(capacity: 1)
        settings.initialize(to: mhd_shim_settings())
        // The acceptor keeps the limit; at a stop it takes in the backlog over and above it.
        settings.pointee.connection_count_max = .max
        settings.pointee.connection_memory_bytes = options.limits.connectionMemoryBytes
        settings.pointee.idle_seconds_max = UInt32(max(1, min(limits.longestSeconds.rounded(.up), 1e6)))
        settings.pointee.tls_priorities = tlsPriorities.map { UnsafePointer($0) }
        settings.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        installCallbacks(in: settings)
        daemon = mhd_shim_start(settings)
        guard let daemon, mhd_shim_watch(daemon, wakeEvent.descriptor) == 0, suspensionWatch.watch(from: daemon),
            handshakes?.watch(from: daemon) != false
        else {
            throw ServerError.cannotStart(reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        stopDaemon()
        settings.deinitialize(count: 1)
        settings.deallocate()
        free(tlsPriorities)
    }

    /// Asks something of the loop. Any thread.
    func post(_ command: Command) {
        inbox.withLock { $0.append(command) }
        wakeEvent.signal()
    }

    /// Turns until told to finish.
    func run() {
        wakeEvent.adopt()
        handshakes?.onPlainText = { [unowned self] in refusePlainText(on: $0) }
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

    func noteClosed(_ address: ClientAddress) {
        connectionCount.subtract(1, ordering: .sequentiallyConsistent)
        onClose(address)
    }

    func noteLog(_ line: String) { log(line) }

    private func turn() {
        let wait = waitMilliseconds()
        turnTime = nil
        MHD_run_wait(daemon, wait)
        handshakes?.settle()
        if hasReceived {
            hasReceived = false
            handler?.endOfTurn()
        }
        if wakeEvent.takeSignal() {
            obeyCommands()
            handshakes?.settle()
        }
        if finishDeadline != nil { for connection in watchdog.resting(now: now) { hangUp(connection) } }
        checkSuspended()
        if now >= nextRound {
            for connection in watchdog.round(now: now) { cutOff(connection) }
            for connection in watchdog.abandoned() { hangUp(connection) }
            nextRound = now + watchdog.roundNanoseconds
        }
    }

    /// How long a turn may wait for something to happen; -1 is for ever.
    private func waitMilliseconds() -> Int32 {
        if finishDeadline != nil { return 10 }
        if watchdog.connections.isEmpty { return -1 }
        let next = min(nextRound, suspensionWatch.nextTime)
        return Int32(clamping: (next - min(next, monotonicNow())) / 1_000_000 + 1)
    }

    private func obeyCommands() {
        let commands = inbox.withLock { commands in
            defer { commands = [] }
            return commands
        }
        for command in commands {
            switch command {
            case .adopt(let socket, let address): adopt(socket, from: address)
            case .finish(let deadline): finishDeadline = deadline
            }
        }
    }

    private func adopt(_ socket: Int32, from address: ClientAddress) {
        arriving = address
        var peer = sockaddr_storage()
        _ = withPeer(of: socket, &peer) { MHD_add_connection(daemon, socket, $0, $1) }
        // On failure it has closed the socket, most often before it called it a connection.
        if arriving != nil {
            arriving = nil
            noteClosed(address)
        }
    }

    private var isFinished: Bool {
        guard let finishDeadline else { return false }
        return watchdog.connections.isEmpty || monotonicNow() >= finishDeadline
    }

    /// Gives what is still waiting its 503 and lets libmicrohttpd send it: a daemon must not be stopped while a
    /// connection is suspended.
    private func abortSuspended() {
        isAborting = true
        unansweredCount = watchdog.connections.count { $0.request != nil }
        // In the middle of a request libmicrohttpd takes no reply.
        for connection in watchdog.connections {
            guard let request = connection.request, request.isArriving else { continue }
            sendPastDaemon(reply(to: refusal(.stopping, of: request), for: request), on: connection)
        }
        for request in suspended { request.settle(.dropped) }
        handshakes?.resumeAll()
        for _ in 0..<3 { MHD_run_wait(daemon, 0) }
    }

    private func stopDaemon() {
        guard let daemon else { return }
        self.daemon = nil
        MHD_stop_daemon(daemon)
    }
}
