internal import Logging
internal import Microhttpd
internal import Synchronization

extension ServiceLoop {
    /// Refuses by the head what must not be served, and answers the OPTIONS of browsers.
    func earlyReply(to head: RequestHead) -> Reply? {
        let gate = core.gate
        // Most services have neither keys nor limits; of their requests only a reload, load or unload gets further.
        if gate.isPassive, !head.path.hasSuffix("load") { return nil }
        let start = monotonicNanoseconds()
        let route = Destination(path: head.path).route
        if head.method == .options {
            guard route != .unknown else { return nil }
            return answer(head, route, with: Origins.preflight(route), start: start)
        }
        do throws(Gate.Denial) {
            try gate.check(head, route.requirement, ring: ring, now: start)
            return nil
        } catch {
            core.observer.metrics.countRejection(error.reason)
            let id = ids.id(requested: head.header("X-Request-ID"))
            return answer(head, route, with: error.problem.reply(requestID: id, path: head.path), id: id, start: start)
        }
    }

    func commonHeaders(for head: RequestHead) -> [Reply.Header] {
        core.gate.origins?.headers(for: head.header("Origin")) ?? []
    }

    /// The keys as they are now.
    private var ring: KeyRing? {
        guard let store = core.gate.keys else { return nil }
        let generation = store.generation.load(ordering: .acquiring)
        if knownRing?.generation != generation { knownRing = (generation, store.ring) }
        return knownRing?.ring
    }

    private func answer(
        _ head: RequestHead, _ route: Route, with reply: Reply, id: String? = nil, start: UInt64
    ) -> Reply {
        let id = id ?? ids.id(requested: head.header("X-Request-ID"))
        var reply = reply
        reply.addHeader("X-Request-ID", id)
        core.observer.note(
            Observer.Answer(
                id: id, trace: TraceContext(head.header("traceparent")), method: head.method.rawValue, route: route,
                client: head.principal, status: reply.status,
                total: nanoseconds(from: start, to: monotonicNanoseconds())))
        return reply
    }
}

extension ServiceCore {
    /// Reads the files of API keys and of TLS again; where they cannot be used the old ones stay, and the log says why.
    func reloadAccess() {
        let logger = observer.logger
        gate.tls?.reload(logger)
        guard let keys = gate.keys else { return }
        do throws(ServiceError) {
            let count = try keys.reload()
            logger.info("API keys reloaded", metadata: ["file": "\(keys.path)", "keys": "\(count)"])
        } catch {
            logger.error("API keys not reloaded, the old ones stay", metadata: ["reason": "\(error)"])
        }
    }
}
