internal import Codecs
internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

/// The requests of one event loop; on that loop's thread only.
final class ServiceLoop: LoopHandler {
    let core: ServiceCore
    private let loopBatches: LoopBatches
    private let handler: RequestHandler
    var ids = RequestIDs()
    /// The keys that were seen last.
    var knownRing: (generation: Int, ring: KeyRing)?

    /// - Parameter index: its number among the loops.
    init(core: ServiceCore, index: Int) {
        self.core = core
        loopBatches = LoopBatches(loopIndex: index, inlineBudget: core.options.inlineBudgetNanoseconds)
        handler = RequestHandler(core: core, loopBatches: loopBatches)
    }

    func match(path: String) -> RouteMatch { core.routes.match(path) }

    func receive(_ exchange: Exchange) {
        let start = monotonicNanoseconds()
        let id = requestID(of: exchange)
        var call: Call?
        do throws(Problem) {
            let route = try admitted(exchange)
            let codec =
                exchange.bodyByteCount > 0 ? try ContentCoding.codec(of: exchange.header("Content-Encoding")) : nil
            let isInline = codec == nil && loopBatches.reads(exchange.bodyByteCount)
            switch route.handler {
            case .service(let answer):
                let own = Call(exchange: exchange, id: id, start: start, observer: core.observer)
                call = own
                if isInline { try answer(handler, own) } else { readAside(own, codec, answer) }
            case .model(let answer):
                let model = try model(of: exchange)
                let own = Call(
                    exchange: exchange, id: id, model: model.card.name, start: start,
                    deadline: try Self.deadline(of: exchange, start: start), observer: core.observer,
                    statistics: route.scores ? model.statistics : nil)
                call = own
                if isInline { try answer(handler, own, model) } else { readAside(own, codec, model, answer) }
            }
        } catch {
            (call ?? Call(exchange: exchange, id: id, start: start, observer: core.observer)).refuse(error)
        }
    }

    func mayLackBody(_ head: RequestHead) -> Bool { core.routes.route(head.match)?.body == .optional }

    func endOfTurn() {
        core.longestTurnBytes.max(loopBatches.finish(), ordering: .relaxed)
    }

    func reply(to refusal: Refusal, requestID: String?) -> Reply {
        let id = ids.id(requested: requestID)
        var problem = Problem(
            refusal.status, refusal.detail + (ServiceOptions.setting(of: refusal.reason).map { " (\($0))" } ?? ""))
        var model: String?
        switch refusal.reason {
        case .deadlinePassed:
            problem = .late
            model = noteLateness(refusal)
        case .methodNotAllowed:
            if let route = core.routes.route(refusal.match) {
                problem = Self.refusal(of: "this method", by: route)
            } else if let path = refusal.path {
                problem = nothing(at: path)
            }
        case .stopping:
            problem.retryAfter = 1
            core.observer.metrics.countRejection(.stopping)
        case .memoryShort:
            problem = .memoryTaken
            core.observer.metrics.countRejection(.memory)
        default: break
        }
        core.observer.note(
            Observer.Answer(id: id, method: "-", route: refusal.match, model: model, status: problem.status))
        var reply = problem.reply(requestID: id, form: core.routes.errors(refusal.match))
        reply.addHeader("X-Request-ID", id)
        return reply
    }

    /// Counts a call whose time is over; returns its model's name.
    private func noteLateness(_ refusal: Refusal) -> String? {
        core.observer.metrics.countCancellation(.deadline)
        guard let path = refusal.path, let route = core.routes.route(refusal.match) else { return nil }
        let model = try? core.registry.snapshot.model(
            named: refusal.match.model(in: path), version: refusal.match.version(in: path))
        if route.scores { model?.statistics.count(nil, total: 0) }
        return model?.card.name
    }

    func noteDeparture(_ head: RequestHead) {
        core.observer.metrics.countCancellation(.hangUp)
        core.observer.log(
            Observer.Answer(
                id: ids.id(requested: head.header("X-Request-ID")), trace: TraceContext(head.header("traceparent")),
                method: head.method.rawValue, route: head.match, client: head.principal,
                model: head.match.model(in: head.path), status: Observer.departed))
    }

    func requestID(of exchange: Exchange) -> String { ids.id(requested: exchange.header("X-Request-ID")) }

    /// The request's route.
    ///
    /// - Throws: what stands against it before anything of it is read.
    func admitted(_ exchange: Exchange) throws(Problem) -> Route {
        guard let route = core.routes.route(exchange.match) else { throw nothing(at: exchange.path) }
        guard route.serves(exchange.method) else { throw Self.refusal(of: exchange.method.rawValue, by: route) }
        if let names = route.queryNames { try exchange.checkQuery(names) }
        return route
    }

    private func nothing(at path: String) -> Problem {
        Problem(
            404,
            "there is nothing at \(quoted(path)); the routes are "
                + core.routes.routes.map(\.label).joined(separator: ", "))
    }

    private static func refusal(of method: String, by route: Route) -> Problem {
        Problem(405, "\(route.label) does not serve \(method); use \(route.allow)", allow: route.allow)
    }

    func model(of exchange: Exchange) throws(Problem) -> LoadedModel {
        do {
            let match = exchange.match
            return try core.registry.snapshot.model(
                named: match.model(in: exchange.path), version: match.version(in: exchange.path))
        } catch {
            if error.status == 503 { core.observer.metrics.countRejection(.noModel) }
            throw error
        }
    }

    /// Answers a call whose body is large or compressed on a thread that is no loop.
    private func readAside(_ call: Call, _ codec: Codec?, _ answer: @escaping Route.Handler.OfService) {
        RequestHandler.background.asyncAnywhere { [core] in
            do throws(Problem) {
                let whole = try call.whole(codec, bytesMax: core.options.bodyBytesMax)
                try answer(RequestHandler(core: core), whole)
            } catch {
                call.refuse(error)
            }
        }
    }

    /// The same of a model's call, by one of the model's workers.
    private func readAside(
        _ call: Call, _ codec: Codec?, _ model: LoadedModel, _ answer: @escaping Route.Handler.OfModel
    ) {
        let cost = model.cost(of: .reading)
        let kibibytes = 1 + call.bodyByteCount >> 10
        let task = QueuedTask(
            call: call, rows: min(kibibytes, max(1, core.options.queueRowsMax / 8)), isForWorkers: true,
            expectedNanoseconds: cost.nanoseconds(units: kibibytes)
        ) { [core] _ in
            let start = monotonicNanoseconds()
            do throws(Problem) {
                let whole = try call.whole(codec, bytesMax: core.options.bodyBytesMax)
                try answer(RequestHandler(core: core), whole, model)
            } catch {
                call.refuse(error)
            }
            cost.record(units: kibibytes, nanoseconds: monotonicNanoseconds() - start)
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
