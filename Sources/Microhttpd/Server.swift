internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server: one listening socket, several event loops, each with a handler of its own. A server that was
/// started must be stopped.
public final class Server: Sendable {
    private enum Stage {
        case listening
        case running(acceptor: pthread_t, loops: [pthread_t])
        case stopped
    }

    private let listener: Listener
    private let loops: [EventLoop]
    private let acceptor: Acceptor
    private let makeHandler: @Sendable (_ loopIndex: Int) -> any LoopHandler
    private let loopsKeepToProcessors: Bool
    private let stage = Mutex(Stage.listening)

    /// Binds and listens; connections wait until `start`.
    ///
    /// - Parameter makeHandler: makes the handler of a loop, on that loop's thread, when it starts.
    /// - Throws: `ServerError.portInUse` where another process listens there, and the other errors of that type.
    public init(
        options: ServerOptions, makeHandler: @escaping @Sendable (_ loopIndex: Int) -> any LoopHandler
    ) throws(ServerError) {
        // As many as can be used at once.
        mhd_shim_bound_heaps(Int32(clamping: Processors.count))
        let listener = try Listener(host: options.host, port: options.port, backlog: options.backlog)
        let connectionLimit = ConnectionLimit(connectionCountMax: options.limits.connectionCountMax)
        let addresses = AddressTable(
            connectionCountMax: max(1, options.limits.addressConnectionCountMax),
            entryCountMax: max(1 << 16, 2 * connectionLimit.connectionCountMax))
        var loops: [EventLoop] = []
        for _ in 0..<max(1, options.loopCount) {
            let onClose: @Sendable (ClientAddress) -> Void = { address in
                addresses.leave(address, now: monotonicNow())
                connectionLimit.noteClosed()
            }
            loops.append(try EventLoop(options: options, onClose: onClose))
        }
        acceptor = Acceptor(
            listener: listener, loops: loops, connectionLimit: connectionLimit, addresses: addresses,
            restSecondsMax: options.limits.restSecondsMax)
        self.listener = listener
        self.loops = loops
        self.makeHandler = makeHandler
        loopsKeepToProcessors = options.loopsTakeAllProcessors
    }

    /// The port it listens on; the one the system chose, where 0 was asked for.
    public var port: UInt16 { listener.port }

    /// Whether it listens on every address of this machine.
    public var isOnEveryAddress: Bool { listener.isOnEveryAddress }

    /// The loops begin to turn. A second call does nothing.
    public func start() {
        stage.withLock { stage in
            guard case .listening = stage else { return }
            let threads = loops.enumerated().map { index, loop in
                startThread { [makeHandler, loopsKeepToProcessors] in
                    if loopsKeepToProcessors { Processors.keep(to: index) }
                    loop.handler = makeHandler(index)
                    loop.run()
                }
            }
            stage = .running(acceptor: startThread { [acceptor] in acceptor.run() }, loops: threads)
        }
    }

    /// Stops without losing a request that was accepted: no more connections are taken; the caller lets its queues run
    /// empty; every reply is sent, with `Connection: close`; then the loops end. Connections without a request are
    /// closed. Blocks; a second call returns at once.
    ///
    /// - Parameters:
    ///   - grace: the bound of all this. What is unanswered then gets 503.
    ///   - whenQuiesced: called when no connection is accepted any more, with the time by which it should return: the
    ///     place to say that the service is not ready, and to let the queues run empty.
    /// - Returns: whether every accepted request was answered within `grace`.
    @discardableResult
    public func stop(grace: Duration, whenQuiesced: (_ deadline: ContinuousClock.Instant) -> Void = { _ in }) -> Bool {
        let running = stage.withLock { stage -> (acceptor: pthread_t, loops: [pthread_t])? in
            defer { stage = .stopped }
            switch stage {
            case .running(let acceptor, let loops): return (acceptor, loops)
            case .listening: listener.close()
            case .stopped: break
            }
            return nil
        }
        guard let running else { return true }
        let deadline = ContinuousClock.now + grace
        let seconds = Double(grace.components.seconds) + Double(grace.components.attoseconds) * 1e-18
        let deadlineNanoseconds = monotonicNow() + nanoseconds(seconds)
        for loop in loops { loop.isDraining.store(true, ordering: .relaxed) }
        acceptor.finish()
        pthread_join(running.acceptor, nil)
        whenQuiesced(deadline)
        for loop in loops { loop.post(.finish(deadline: deadlineNanoseconds)) }
        for thread in running.loops { pthread_join(thread, nil) }
        return loops.allSatisfy { $0.unansweredCount == 0 }
    }
}

/// Starts a thread that does not die of a client that hangs up: SIGPIPE is blocked there.
private func startThread(_ work: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(ThreadWork(work))
    let status = pthread_create(
        &thread, nil,
        { box in
            guard let box else { return nil }
            var pipe = sigset_t()
            sigemptyset(&pipe)
            sigaddset(&pipe, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &pipe, nil)
            Unmanaged<ThreadWork>.fromOpaque(box).takeRetainedValue().work()
            return nil
        }, box.toOpaque())
    precondition(status == 0, "the system gives no more threads")
    return thread
}

private final class ThreadWork: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
