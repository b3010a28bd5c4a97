internal import Codecs
internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

/// The body of a bulk request on its way: the loop cuts it into blocks, and one worker at a time of the model's queue expands
/// and scores them in order. Where blocks wait the client waits, so that what is held grows with the answer alone; where the
/// service's memory is taken, the body waits until some of it is free.
///
/// `@unchecked Sendable`: `block` and `hasStarted` are the loop's; `scorer`, `expansion`, `answer` and the sums are those of the one task
/// that runs (`State.isRunning`), and the queue's lock orders a task after the one before.
final class BulkSink: BodySink, @unchecked Sendable {
    private static let blockBytes = 64 << 10
    /// With so many blocks waiting the client is paused, and goes on when no more than one is left.
    private static let waitingBlocksMax = 4
    /// Rows that a task scores before others get their turn, one with missing values for each of its particles.
    private static let taskRows = 16384
    /// What the first task weighs against the bound on waiting rows. Those after it weigh nothing: one is refused at once
    /// or answered, and has one task at a time in the queue.
    private static let admissionRows = 1024

    private struct Block {
        var bytes: [UInt8]
        /// Compressed yet.
        var isCoded: Bool
    }

    private struct State {
        var waiting: [Block] = []
        /// A task is in the queue, or at work.
        var isRunning = false
        var isPaused = false
        /// The last of the waiting blocks is the body's last.
        var isComplete = false
        /// Nobody waits for the answer any more.
        var isOver = false
    }

    private let call: Call
    private let model: LoadedModel
    private let scorer: BulkScorer
    /// The answer's `Content-Type`.
    private let mediaType: String
    private let options: ServiceOptions
    /// Of a body that is compressed.
    private var expansion: BodyExpansion?
    private let state = Mutex(State())
    private var block: [UInt8] = []
    private var hasStarted = false
    private var answer: AnswerPieces
    /// Bytes that are held whatever the answer, roughly: blocks that wait, and rows on their way through the model.
    private let restingBytes: Int
    /// What a byte of this body takes: from its text to that of the answer.
    private let cost: CostEstimate
    private var computeStart: UInt64?
    private var computeNanoseconds: UInt64 = 0

    /// - Throws: 400 and 422 for a parameter of the query, 406 where the client takes neither lines nor JSON, 503 where
    ///   memory is short.
    init(
        _ call: Call, model: LoadedModel, input: BulkScorer.Input, codec: Codec?, options: ServiceOptions
    ) throws(Problem) {
        let formats = [input.format] + LineFormat.allCases.filter { $0 != input.format }
        let type = try call.answers(with: formats.map(\.mediaType) + [.json])
        mediaType = type.name(
            accept: call.exchange.header("Accept"), contentType: call.exchange.header("Content-Type"))
        self.call = call
        answer = AnswerPieces(call.acceptedCodec)
        if let codec {
            expansion = try BodyExpansion(codec, bytesMax: options.bulkBytesMax, setting: "bulk-bytes-max")
        }
        self.model = model
        self.options = options
        // A value and its separator take two bytes at least.
        cost = CostEstimate(
            nanosecondsPerUnit: Double(model.cost(of: .score).nanoseconds(units: Self.blockBytes))
                / Double(Self.blockBytes * 2 * model.card.variables.count))
        restingBytes =
            2 * Self.waitingBlocksMax * Self.blockBytes
            + BulkScorer.restingBytes(variableCount: model.card.variables.count)
        try call.takeMemory(restingBytes)
        var scoring = ScoreOptions(alpha: options.alpha, model: model)
        try scoring.read(call.exchange.queryItems, model: model)
        var input = input
        input.options = scoring.reading
        input.kept = scoring.kept
        let judgement = Judgement(
            model.card.calibration, alpha: scoring.alpha, statistic: scoring.statistic)
        let output: any ScoreOutput
        if let format = formats.first(where: { $0.mediaType == type }) {
            output = ScoreLines(
                format, judgement: judgement, kept: input.kept, details: scoring.details, explainer: model.explainer)
        } else {
            guard input.kept.isEmpty else {
                throw Problem(406, "'keep' needs an answer of lines: Accept text/csv or application/x-ndjson")
            }
            output = ScoreColumns(model: model, judgement: judgement, details: scoring.details)
        }
        do {
            scorer = try BulkScorer(
                model: model.compiled, schema: model.schema, input: input, output: output, judgement: judgement,
                details: scoring.details, explainer: model.explainer, masked: model.masked
            ) { rows, logLikelihoods in model.note(rows, logLikelihoods) }
        } catch {
            throw Problem(error)
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        if block.isEmpty { block.reserveCapacity(Self.blockBytes + bytes.count) }
        block.append(contentsOf: bytes)
        if block.count >= Self.blockBytes { handOver(isLast: false) }
    }

    func complete() { handOver(isLast: true) }

    func end() {
        state.withLock { state in
            state.isOver = true
            state.waiting = []
        }
    }

    private func handOver(isLast: Bool) {
        let handed = Block(bytes: block, isCoded: expansion != nil)
        block = []
        let mustStart = state.withLock { state -> Bool in
            guard !state.isOver else { return false }
            state.waiting.append(handed)
            state.isComplete = isLast
            if !isLast, !state.isPaused, state.waiting.count >= Self.waitingBlocksMax {
                state.isPaused = true
                call.exchange.pauseBody()
            }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { enqueue() }
    }

    /// Asks for a worker. The loop's thread, or the task that ends.
    private func enqueue() {
        let isFirst = !hasStarted
        hasStarted = true
        let task = QueuedTask(
            call: call, rows: isFirst ? min(Self.admissionRows, options.queueRowsMax) : 0, isAdmitted: !isFirst,
            isOfStream: true, expectedNanoseconds: cost.nanoseconds(units: Self.blockBytes)
        ) { self.work(using: $0) }
        if !model.queue.submit(task) {
            end()
            call.refuseAsQueueIsFull(of: model)
        }
    }

    /// Scores one block, or what of it is no more than `taskRows`, so that other requests get their turn between two.
    private func work(using workspace: CompiledModel.Workspace) {
        if call.exchange.isMemoryShort { return waitForMemory() }
        let next = state.withLock { state -> (block: Block, isLast: Bool)? in
            guard !state.isOver, !state.waiting.isEmpty else { return nil }
            let block = state.waiting.removeFirst()
            if state.isPaused, state.waiting.count <= 1 {
                state.isPaused = false
                call.exchange.resumeBody()
            }
            return (block, state.isComplete && state.waiting.isEmpty)
        }
        guard var next else { return }
        var isComplete = false
        do throws(Problem) {
            if next.block.isCoded { try expand(&next) }
            let part = try score(next.block.bytes, isLast: next.isLast, using: workspace)
            isComplete = part.isComplete
            if !isComplete {
                next.block.bytes.removeFirst(part.byteCount)
                state.withLock { [block = next.block] in $0.waiting.insert(block, at: 0) }
            }
        } catch {
            end()
            return call.refuse(error)
        }
        if next.isLast, isComplete { return reply() }
        let hasMore = state.withLock { state -> Bool in
            state.isRunning = !state.isOver && !state.waiting.isEmpty
            return state.isRunning
        }
        if hasMore { enqueue() }
    }

    /// Goes on when there is memory.
    private func waitForMemory() {
        call.exchange.waitForMemory(since: call.start) { hasMemory in
            if hasMemory { return self.enqueue() }
            let (held, bytesMax) = (self.call.exchange.heldMemory, self.call.exchange.memoryBytesMax)
            self.end()
            self.call.refuse(
                held < bytesMax / 2
                    ? self.call.memoryShortage
                    : Self.answerTooLarge("takes most of the \(bytesMax)", "memory-bytes-max"))
        }
    }

    /// Puts in the place of a compressed block what the first part of it holds; the rest waits behind that.
    private func expand(_ next: inout (block: Block, isLast: Bool)) throws(Problem) {
        guard var expansion else { return }
        let coded = next.block.bytes
        var text = [UInt8](repeating: 0, count: BodyExpansion.stepBytes)
        var count = 0
        let taken = try text.withUnsafeMutableBytes { text in
            coded.withUnsafeBytes { coded in
                Result { () throws(Problem) in
                    var rest = coded
                    try expansion.expand(&rest, into: text, count: &count)
                    return coded.count - rest.count
                }
            }
        }.get()
        self.expansion = expansion
        text.removeLast(text.count - count)
        if taken < coded.count || expansion.mayHoldOutput {
            next.isLast = false
            let rest = Block(bytes: Array(coded[taken...]), isCoded: true)
            state.withLock { $0.waiting.insert(rest, at: 0) }
        } else if next.isLast, expansion.takenCount > 0 {
            try expansion.finish()
        }
        next.block = Block(bytes: text, isCoded: false)
    }

    private func score(
        _ block: [UInt8], isLast: Bool, using workspace: CompiledModel.Workspace
    ) throws(Problem) -> BulkScorer.Part {
        let start = monotonicNanoseconds()
        if computeStart == nil { computeStart = start }
        let rowCount = scorer.rowCount
        let scored = block.withUnsafeBytes { bytes in
            Result { () throws(StreamError) in
                try scorer.score(bytes, isLast: isLast, weightMax: Self.taskRows, using: workspace)
            }
        }
        let part = try scored.mapError { Problem($0) }.get()
        let lines = part.lines
        let taken = nanoseconds(from: start, to: monotonicNanoseconds())
        cost.record(units: part.byteCount, nanoseconds: taken)
        computeNanoseconds += taken
        call.observer.metrics.countBatch(.queue, rows: scorer.rowCount - rowCount)
        answer.append(lines)
        let answerBytes = answer.byteCount + scorer.heldByteCount
        call.exchange.holdMemory(restingBytes + answerBytes)
        guard answerBytes <= options.bulkAnswerBytesMax else {
            throw Self.answerTooLarge("would take more than \(options.bulkAnswerBytesMax)", "bulk-answer-bytes-max")
        }
        return part
    }

    private static func answerTooLarge(_ what: String, _ setting: String) -> Problem {
        Problem(413, "the answer \(what) bytes (\(setting)); send several requests")
    }

    private func reply() {
        if call.isPastDeadline(at: monotonicNanoseconds()) { return call.refuseAsLate() }
        let scoredCount = scorer.rowCount - scorer.faultCount
        model.statistics.scoredRows.wrappingAdd(scoredCount, ordering: .relaxed)
        model.statistics.anomalies.wrappingAdd(scorer.anomalyCount, ordering: .relaxed)
        var reply = Reply(status: 200, headers: [("Content-Type", mediaType)])
        reply.headers.append(Reply.varyByEncoding)
        for piece in scorer.finish() { answer.append(piece) }
        answer.finish(&reply)
        let effort = Call.Effort(
            rows: scoredCount, queue: nanoseconds(from: call.start, to: computeStart ?? call.start),
            compute: computeNanoseconds)
        call.send(reply, effort: effort)
    }
}

/// The body of a request that is refused already.
final class RefusedBody: BodySink {
    func receive(_ bytes: UnsafeRawBufferPointer) {}
    func complete() {}
    func end() {}
}

extension Problem {
    init(_ error: StreamError) {
        let detail = "the body: " + error.description { $0 == .ignoresUnknown ? "ignore_unknown" : $0.rawValue }
        switch error.kind {
        case .malformed: self.init(400, detail)
        case .columns: self.init(422, detail)
        case .memory: self.init(503, detail, retryAfter: 1)
        }
    }
}
