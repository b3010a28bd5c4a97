internal import MADE
internal import MADERows
internal import Microhttpd

/// The requests of one event loop; on that loop's thread only.
final class ServiceLoop: LoopHandler {
    let core: ServiceCore
    let turn: Turn
    /// Nil where memory was short when the loop started.
    let scanner = BodyScanner()
    /// Of tensors, which are read while what the first scanner found of their request is still needed.
    private(set) lazy var tensorScanner = BodyScanner()
    var ids = RequestIDs()
    /// The keys that were seen last.
    var knownRing: (generation: Int, ring: KeyRing)?

    /// - Parameter index: its number among the loops.
    init(core: ServiceCore, index: Int) {
        self.core = core
        turn = Turn(loopIndex: index, inlineBudget: core.options.inlineBudgetNanoseconds)
    }

    func receive(_ exchange: Exchange) {
        let start = monotonicNanoseconds()
        let id = requestID(of: exchange)
        let destination = Destination(path: exchange.path)
        let route = destination.route
        let plain = { Call(exchange: exchange, id: id, route: route, start: start, observer: self.core.observer) }
        do throws(Problem) {
            try check(exchange, route)
            switch route {
            case .score, .conditionals, .sample, .drift, .model, .invocations, .v1Model, .v1Predict, .v1Explain,
                .v2Model,
                .v2ModelReady, .v2Statistics, .v2Infer, .v2Config:
                let model = try model(at: destination)
                let call = Call(
                    exchange: exchange, id: id, route: route, model: model.card.name, start: start,
                    deadline: try Self.deadline(of: exchange, start: start), observer: core.observer,
                    statistics: route.scores ? model.statistics : nil)
                do throws(Problem) {
                    try answer(call, model: model)
                } catch {
                    call.refuse(error)
                }
            default: try answer(plain())
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

    private func answer(_ call: Call, model: LoadedModel) throws(Problem) {
        switch call.route {
        case .score: try score(call, model)
        case .conditionals: try conditionals(call, model)
        case .sample: try sample(call, model)
        case .drift: try drift(call, model)
        case .invocations: try invocations(call, model)
        case .v1Model: v1Model(call, model)
        case .v1Predict: try v1Predict(call, model)
        case .v1Explain: try v1Explain(call, model)
        case .v2Model: v2Model(call, model)
        case .v2ModelReady: v2ModelReady(call, model)
        case .v2Statistics: v2Statistics(call, model)
        case .v2Infer: try v2Infer(call, model)
        case .v2Config: v2Config(call, model)
        default: try modelCard(call, model)
        }
    }

    private func answer(_ call: Call) throws(Problem) {
        switch call.route {
        case .models: try models(call)
        case .reload: try reload(call)
        case .live: live(call)
        case .ready: ready(call)
        case .health: health(call)
        case .ping: ping(call)
        case .metrics: metrics(call)
        case .openAPI: try openAPI(call)
        case .v1Models: v1Models(call)
        case .v2Server: v2Server(call)
        case .v2Live, .v2Ready: v2Health(call)
        case .v2Index: try v2Index(call)
        case .v2Load: try v2Load(call)
        case .v2Unload: try v2Unload(call)
        default: try page(call)
        }
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
