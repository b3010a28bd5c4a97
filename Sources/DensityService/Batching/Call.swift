internal import Codecs
internal import Dispatch
internal import MADERows
internal import Microhttpd

/// A request on its way through the service. It is answered once, from any thread.
final class Call: Sendable {
    let exchange: Exchange
    let id: String
    let trace: TraceContext?
    /// The model's name; nil where the request concerns none, or one that does not exist.
    let model: String?
    /// When the request was complete, monotonic nanoseconds.
    let start: UInt64
    /// When its answer has no worth any more, monotonic nanoseconds.
    let deadline: UInt64?
    let observer: Observer
    /// Of the model, where the request is one for scores.
    let statistics: InferenceStatistics?
    /// The body, where it was sent compressed.
    private let expandedBody: ExpandedBody?

    init(
        exchange: Exchange, id: String, model: String? = nil, start: UInt64, deadline: UInt64? = nil,
        observer: Observer, statistics: InferenceStatistics? = nil, expandedBody: ExpandedBody? = nil
    ) {
        self.exchange = exchange
        self.id = id
        trace = TraceContext(exchange.header("traceparent"))
        self.model = model
        self.start = start
        self.deadline = deadline
        self.observer = observer
        self.statistics = statistics
        self.expandedBody = expandedBody
    }

    /// The same call with its body as it was before `codec` compressed it; nil: it never was.
    ///
    /// - Throws: what is wrong with the body; as `takeMemory`.
    func whole(_ codec: Codec?, bytesMax: Int) throws(Problem) -> Call {
        guard let codec else { return self }
        let body = try exchange.withBody { coded in
            Result { () throws(Problem) in
                try ExpandedBody(coded, codec, bytesMax: bytesMax) { (bytes) throws(Problem) in
                    try takeMemory((1 + MemoryBudget.readingFactor) * bytes)
                }
            }
        }.get()
        return Call(
            exchange: exchange, id: id, model: model, start: start, deadline: deadline,
            observer: observer,
            statistics: statistics, expandedBody: body)
    }

    /// Takes memory for what is made of the request, until it is answered; of little there is always enough.
    ///
    /// - Throws: 503 where other requests have it, 413 where it is more than all there is beside what the request has.
    func takeMemory(_ bytes: Int) throws(Problem) {
        guard bytes > MemoryBudget.smallBytes, !exchange.takeMemory(bytes) else { return }
        let (taken, bytesMax) = (exchange.takenMemory, exchange.memoryBytesMax)
        guard bytes > bytesMax - taken else { throw memoryShortage }
        throw Problem(
            413,
            "the request needs more memory than there is: \(taken) bytes for its body and what is read of it, and \(bytes) more, "
                + "of \(bytesMax) (memory-bytes-max); send fewer rows, or ask for less of them")
    }

    /// The refusal for want of memory, which is counted.
    var memoryShortage: Problem {
        observer.metrics.countRejection(.memory)
        return .memoryTaken
    }

    /// Bytes of the body.
    var bodyByteCount: Int { expandedBody?.bytes.count ?? exchange.bodyByteCount }

    /// Gives the body to read, with `scanPadding` zeros behind its end.
    func withBody<Result>(_ read: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        guard let expandedBody else { return try exchange.withBody(read) }
        return try withExtendedLifetime(expandedBody) { try read(expandedBody.bytes) }
    }

    /// The name of the model that the path holds.
    var modelInPath: String? { exchange.match.model(in: exchange.path) }

    /// The version that the path holds.
    var versionInPath: String? { exchange.match.version(in: exchange.path) }

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

    /// Sends `reply`, compressed where it is long and the client takes that.
    func answer(_ reply: Reply, effort: Effort? = nil) {
        guard reply.isCompressible else { return send(reply, effort: effort) }
        var reply = reply
        reply.headers.append(Reply.varyByEncoding)
        guard let codec = acceptedCodec else { return send(reply, effort: effort) }
        guard exchange.isOnLoop else { return send(reply.compressed(by: codec), effort: effort) }
        Self.compression.asyncAnywhere { [reply] in self.send(reply.compressed(by: codec), effort: effort) }
    }

    /// What a long answer is compressed with, where the client takes that.
    var acceptedCodec: Codec? { ContentCoding.accepted(by: exchange.header("Accept-Encoding")) }

    /// Compresses what loops have to send: milliseconds, which they have not.
    private static let compression = DispatchQueue(label: "made.compression", attributes: .concurrent)

    /// Sends `reply` as it is, with the fields that every reply has.
    func send(_ reply: Reply, effort: Effort? = nil) {
        // Who has gone, or was told already that it took too long, is counted by who noticed.
        guard exchange.isOpen else { return }
        var reply = reply
        reply.addHeader("X-Request-ID", id)
        var answer = Observer.Answer(
            id: id, trace: trace, method: exchange.method.rawValue, route: exchange.match, client: exchange.principal,
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
        answer(problem.reply(requestID: id, form: observer.routes.errors(exchange.match)))
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
