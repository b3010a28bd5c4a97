internal import Microhttpd

/// A request on its way through the service. It is answered once, from any thread.
final class Call: Sendable {
    let exchange: Exchange
    let id: String
    let trace: TraceContext?
    let route: Route
    /// The model's name; nil where the request concerns none, or one that does not exist.
    let model: String?
    /// When the request was complete, monotonic nanoseconds.
    let start: UInt64
    /// When its answer has no worth any more, monotonic nanoseconds.
    let deadline: UInt64?
    let observer: Observer
    /// Of the model, where the request is one for scores.
    let statistics: InferenceStatistics?

    init(
        exchange: Exchange, id: String, route: Route, model: String? = nil, start: UInt64, deadline: UInt64? = nil,
        observer: Observer, statistics: InferenceStatistics? = nil
    ) {
        self.exchange = exchange
        self.id = id
        trace = TraceContext(exchange.header("traceparent"))
        self.route = route
        self.model = model
        self.start = start
        self.deadline = deadline
        self.observer = observer
        self.statistics = statistics
    }

    /// What a computed answer took, nanoseconds.
    struct Effort {
        var rows: Int
        /// From the complete request to the start of its computation.
        var queue: UInt64
        var compute: UInt64
    }

    /// Of a computation between two moments.
    func effort(rows: Int, started: UInt64, ended: UInt64) -> Effort {
        Effort(
            rows: rows, queue: nanoseconds(from: start, to: started), compute: nanoseconds(from: started, to: ended))
    }

    func isPastDeadline(at now: UInt64) -> Bool {
        deadline.map { now > $0 } ?? false
    }

    /// Whether its answer is still worth computing.
    func isWanted(at now: UInt64) -> Bool { !isPastDeadline(at: now) && exchange.isOpen }

    /// Sends `reply` with the fields that every reply has.
    func answer(_ reply: Reply, effort: Effort? = nil) {
        // Who has gone, or was told already that it took too long, is counted by who noticed.
        guard exchange.isOpen else { return }
        var reply = reply
        reply.addHeader("X-Request-ID", id)
        var answer = Observer.Answer(
            id: id, trace: trace, method: exchange.method.rawValue, route: route, client: exchange.principal,
            model: model,
            status: reply.status)
        if let effort {
            reply.addHeader("Server-Timing", Self.serverTiming(effort))
            observer.metrics.queueDurations.record(Int(clamping: effort.queue))
            observer.metrics.computeDurations.record(Int(clamping: effort.compute))
            answer.rows = effort.rows
            answer.queue = effort.queue
            answer.compute = effort.compute
        }
        statistics?.count(effort, total: nanoseconds(from: start, to: monotonicNanoseconds()))
        exchange.reply(reply)
        answer.total = nanoseconds(from: start, to: monotonicNanoseconds())
        observer.note(answer)
    }

    func refuse(_ problem: Problem) {
        answer(problem.reply(requestID: id, path: exchange.path))
    }

    /// Refuses because the request's own time is over.
    func refuseAsLate() {
        guard exchange.isOpen else { return }
        observer.metrics.countCancellation(.deadline)
        refuse(.late)
    }

    private static func serverTiming(_ effort: Effort) -> String {
        var text: [UInt8] = []
        text.append(contentsOf: "queue;dur=".utf8)
        appendMilliseconds(effort.queue, to: &text)
        text.append(contentsOf: ", compute;dur=".utf8)
        appendMilliseconds(effort.compute, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
