internal import Dispatch
internal import Logging
internal import MADE
internal import Microhttpd
internal import Synchronization

/// The HTTP service over a few models.
public final class Service: Sendable {
    let core: ServiceCore
    private let server: Server
    private let sink: LogSink

    /// Loads and checks the models at `paths` (files or directories), binds and listens; nothing is answered before `start`.
    ///
    /// - Throws: one line for the user: a model that cannot serve, an address that cannot be listened on.
    public convenience init(
        models paths: [String], options: ServiceOptions, sink: LogSink = LogSink()
    ) throws(ServiceError) {
        try self.init(models: paths, options: options, sink: sink, routes: .standard)
    }

    init(models paths: [String], options: ServiceOptions, sink: LogSink, routes: RouteTable) throws(ServiceError) {
        let core = try ServiceCore(paths: paths, options: options, sink: sink, routes: routes)
        self.core = core
        self.sink = sink
        var serverOptions = options.serverOptions
        let logger = core.observer.logger
        if let tls = core.gate.tls { serverOptions.tlsIdentity = { tls.identity } }
        serverOptions.memory = core.memory
        serverOptions.log = { line in logger.debug("libmicrohttpd: \(line)") }
        do {
            server = try Server(options: serverOptions) { index in ServiceLoop(core: core, index: index) }
        } catch {
            throw ServiceError(error.description)
        }
        core.gate.tls?.note("TLS certificate ready", logger)
        if server.isOnEveryAddress, core.gate.admitsEverybody {
            logger.warning(
                "everybody who reaches this machine may ask everything but to change models: there are no API keys",
                metadata: ["host": "\(options.host)", "setting": "api-keys-file"])
        }
        let registry = core.registry
        // The list belongs to the core, which must not keep itself.
        core.refreshing.add { [weak core] in core?.reloadAccess() }
        core.refreshing.add { [weak registry] in registry?.reloadAll() }
    }

    /// Where it listens.
    public var url: String {
        let host =
            core.options.host.contains(":") && !core.options.host.hasPrefix("[")
            ? "[\(core.options.host)]" : core.options.host
        return "\(core.gate.tls == nil ? "http" : "https")://\(host):\(server.port)"
    }

    /// The port it listens on.
    public var port: UInt16 { server.port }

    /// Writes a line to the log.
    public func note(_ message: String) { core.observer.logger.notice("\(message)") }

    /// Writes a warning to the log.
    public func warn(_ message: String) { core.observer.logger.warning("\(message)") }

    /// Begins to answer.
    public func start() {
        server.start()
    }

    /// Reads everything again that lies in files: what can be used is put to use without a request lost, and for the rest
    /// what was there stays. Returns at once; the log says what came of it.
    public func refresh() {
        core.refreshing.run()
    }

    /// Says from now on that it is not ready, so that balancers turn away, and answers everything as before.
    public func drain() {
        guard !core.isDraining.exchange(true, ordering: .relaxed) else { return }
        core.observer.logger.info("draining", metadata: ["seconds": "\(core.options.shutdownDelaySeconds)"])
    }

    /// Says that it is not ready, lets the queues run empty, sends every reply and stops; blocks, at most for the grace
    /// period of the options and a moment.
    ///
    /// - Returns: whether every accepted request was answered.
    @discardableResult
    public func stop() -> Bool {
        core.isDraining.store(true, ordering: .relaxed)
        core.observer.logger.info("stopping")
        let wasAnswered = server.stop(grace: .seconds(core.options.graceSeconds)) { deadline in
            let left = ContinuousClock.now.duration(to: deadline)
            let nanoseconds = max(
                left.components.seconds * 1_000_000_000 + left.components.attoseconds / 1_000_000_000, 0)
            _ = core.pending.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
        }
        // A worker writes its log line after its reply is sent.
        _ = core.pending.wait(timeout: .now() + .milliseconds(500))
        core.observer.logger.info("stopped", metadata: ["unanswered": "\(wasAnswered ? "none" : "some")"])
        sink.flush()
        return wasAnswered
    }
}
