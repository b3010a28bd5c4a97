internal import Logging
internal import Microhttpd
internal import Synchronization

extension ServiceLoop {
    /// Refuses by the head what must not be served, and answers the OPTIONS of browsers.
    func earlyReply(to head: RequestHead) -> Reply? {
        let gate = core.gate
        let requirement = core.routes.requirement(head.match)
        // Most services have neither keys nor limits; of their requests only those that change models get further.
        if gate.isPassive, requirement != .key(.admin) { return nil }
        let start = monotonicNanoseconds()
        if head.method == .options {
            guard let route = core.routes.route(head.match) else { return nil }
            return answer(head, with: Origins.preflight(of: route.methods), start: start)
        }
        do throws(Gate.Denial) {
            try gate.check(head, requirement, ring: ring, now: start)
            return nil
        } catch {
            core.observer.metrics.countRejection(error.reason)
            let id = ids.id(requested: head.header("X-Request-ID"))
            let form = core.routes.errors(head.match)
            return answer(head, with: error.problem.reply(requestID: id, form: form), id: id, start: start)
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

    private func answer(_ head: RequestHead, with reply: Reply, id: String? = nil, start: UInt64) -> Reply {
        let id = id ?? ids.id(requested: head.header("X-Request-ID"))
        var reply = reply
        reply.addHeader("X-Request-ID", id)
        core.observer.note(
            Observer.Answer(
                id: id, trace: TraceContext(head.header("traceparent")), method: head.method.rawValue,
                route: head.match,
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
