internal import Codecs
internal import MADE
internal import MADERows
internal import Microhttpd

/// The requests of one event loop; on that loop's thread only.
final class ServiceLoop: LoopHandler {
    let core: ServiceCore
    private let turn: Turn
    private let handler: RequestHandler
    var ids = RequestIDs()
    /// The keys that were seen last.
    var knownRing: (generation: Int, ring: KeyRing)?

    /// - Parameter index: its number among the loops.
    init(core: ServiceCore, index: Int) {
        self.core = core
        turn = Turn(loopIndex: index, inlineBudget: core.options.inlineBudgetNanoseconds)
        handler = RequestHandler(core: core, turn: turn)
    }

    func receive(_ exchange: Exchange) {
        let start = monotonicNanoseconds()
        let id = requestID(of: exchange)
        let destination = Destination(path: exchange.path)
        let route = destination.route
        let plain = { Call(exchange: exchange, id: id, route: route, start: start, observer: self.core.observer) }
        do throws(Problem) {
            try check(exchange, route)
            let codec = exchange.bodyByteCount > 0 ? try ContentCoding.codec(of: exchange.contentEncoding) : nil
            switch route {
            case .score, .conditionals, .sample, .drift, .model, .invocations, .v1Model, .v1Predict, .v1Explain,
                .v2Model,
                .v2ModelReady, .v2Statistics, .v2Infer, .v2Config:
                let model = try model(at: destination)
                let call = Call(
                    exchange: exchange, id: id, route: route, model: model.card.name, start: start,
                    deadline: try Self.deadline(of: exchange, start: start), observer: core.observer,
                    statistics: route.scores ? model.statistics : nil)
                if let codec { return readAside(call, codec, model: model) }
                do throws(Problem) {
                    try handler.answer(call, model: model)
                } catch {
                    call.refuse(error)
                }
            default:
                if let codec { return readAside(plain(), codec) }
                try handler.answer(plain())
            }
        } catch {
            plain().refuse(error)
        }
    }

    func mayLackBody(_ head: RequestHead) -> Bool { Destination(path: head.path).route.takesNoBody }

    func endOfTurn() {
        turn.finish()
    }

    func reply(to refusal: Refusal, requestID: String?) -> Reply {
        if case .deadlinePassed = refusal.reason { return lateReply(to: refusal, id: ids.id(requested: requestID)) }
        var problem = Problem(
            refusal.status, refusal.detail + (ServiceOptions.setting(of: refusal.reason).map { " (\($0))" } ?? ""))
        if case .methodNotAllowed = refusal.reason, let path = refusal.path {
            let route = Destination(path: path).route
            problem = route == .unknown ? Self.nothing(at: path) : Self.refusal(of: "this method", by: route)
        }
        if refusal.status == 503 {
            problem.retryAfter = 1
            core.observer.metrics.countRejection(.stopping)
        }
        let id = ids.id(requested: requestID)
        var reply = problem.reply(requestID: id, path: refusal.path)
        reply.addHeader("X-Request-ID", id)
        core.observer.note(
            Observer.Answer(id: id, method: "-", route: .unknown, status: refusal.status))
        return reply
    }

    /// What the loop answers in the place of a call whose time is over.
    private func lateReply(to refusal: Refusal, id: String) -> Reply {
        core.observer.metrics.countCancellation(.deadline)
        let destination = Destination(path: refusal.path ?? "")
        let model = try? core.registry.snapshot.model(named: destination.model, version: destination.version)
        if destination.route.scores { model?.statistics.count(nil, total: 0) }
        core.observer.note(
            Observer.Answer(
                id: id, method: "-", route: destination.route, model: model?.card.name, status: refusal.status))
        var reply = Problem.late.reply(requestID: id, path: refusal.path)
        reply.addHeader("X-Request-ID", id)
        return reply
    }

    func noteDeparture(_ head: RequestHead) {
        core.observer.metrics.countCancellation(.hangUp)
        let destination = Destination(path: head.path)
        core.observer.log(
            Observer.Answer(
                id: ids.id(requested: head.header("X-Request-ID")), trace: TraceContext(head.header("traceparent")),
                method: head.method.rawValue, route: destination.route, client: head.principal,
                model: destination.model, status: Observer.departed))
    }

    func requestID(of exchange: Exchange) -> String { ids.id(requested: exchange.header("X-Request-ID")) }

    func check(_ exchange: Exchange, _ route: Route) throws(Problem) {
        if route == .unknown { throw Self.nothing(at: exchange.path) }
        if !route.serves(exchange.method) { throw Self.refusal(of: exchange.method.rawValue, by: route) }
        if let names = route.queryNames { try exchange.checkQuery(names) }
    }

    private static func nothing(at path: String) -> Problem {
        Problem(
            404,
            "there is nothing at \(quoted(path)); the routes are "
                + Route.allCases.filter { $0 != .unknown }.map(\.rawValue).joined(separator: ", "))
    }

    private static func refusal(of method: String, by route: Route) -> Problem {
        Problem(405, "\(route.rawValue) does not serve \(method); use \(route.allow)", allow: route.allow)
    }

    func model(at destination: Destination) throws(Problem) -> LoadedModel {
        do {
            return try core.registry.snapshot.model(named: destination.model, version: destination.version)
        } catch {
            if error.status == 503 { core.observer.metrics.countRejection(.noModel) }
            throw error
        }
    }

    /// Answers a call whose body is compressed on a thread that is no loop.
    private func readAside(_ call: Call, _ codec: Codec) {
        RequestHandler.studies.asyncAnywhere { [core] in
            do throws(Problem) {
                let whole = try call.expanded(by: codec, bytesMax: core.options.bodyBytesMax)
                try RequestHandler(core: core).answer(whole)
            } catch {
                call.refuse(error)
            }
        }
    }

    /// The same of a model's call, by one of the model's workers.
    private func readAside(_ call: Call, _ codec: Codec, model: LoadedModel) {
        let cost = model.cost(of: .reading)
        let kibibytes = 1 + call.bodyByteCount >> 10
        let task = QueuedTask(
            call: call, rows: min(kibibytes, max(1, core.options.queueRowsMax / 8)),
            expectedNanoseconds: cost.nanoseconds(rows: kibibytes)
        ) { [core] _ in
            let start = monotonicNanoseconds()
            do throws(Problem) {
                let whole = try call.expanded(by: codec, bytesMax: core.options.bodyBytesMax)
                try RequestHandler(core: core).answer(whole, model: model)
            } catch {
                call.refuse(error)
            }
            cost.record(rows: kibibytes, nanoseconds: monotonicNanoseconds() - start)
        }
        if !model.queue.submit(task) { call.refuseAsQueueIsFull(of: model) }
    }

    /// When the answer is worthless, by the client's `X-Timeout-Ms`.
    static func deadline(of exchange: Exchange, start: UInt64) throws(Problem) -> UInt64? {
        guard let field = exchange.header("X-Timeout-Ms") else { return nil }
        guard let milliseconds = wholeNumber(field), (1...3_600_000).contains(milliseconds) else {
            throw Problem(400, "X-Timeout-Ms is \(quoted(field)); it must be a whole number, 1 to 3600000")
        }
        let deadline = start + milliseconds * 1_000_000
        exchange.expire(at: deadline)
        return deadline
    }
}

/// Names for requests that bring none.
struct RequestIDs {
    private var next = UInt64.random(in: .min ... .max)

    /// The client's own where it is 1 to 128 visible ASCII characters, else a new one.
    mutating func id(requested: String?) -> String {
        if let requested, (1...128).contains(requested.utf8.count),
            requested.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            return requested
        }
        next &+= 1
        // The counter's bits spread over all of the name (the finalizer of MurmurHash3).
        var word = next
        word = (word ^ word >> 33) &* 0xff51_afd7_ed55_8ccd
        word = (word ^ word >> 33) &* 0xc4ce_b9fe_1a85_ec53
        word ^= word >> 33
        return String(unsafeUninitializedCapacity: 16) { bytes in
            for index in 0..<16 {
                let digit = UInt8(word >> (60 - 4 * UInt64(index)) & 15)
                bytes[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 16
        }
    }
}
