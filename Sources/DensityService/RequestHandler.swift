internal import Dispatch
internal import MADE
internal import MADERows
internal import Microhttpd

/// Answers requests that are complete. One thread at a time: an event loop's, or a worker's that reads a body for which a loop
/// has no time.
final class RequestHandler {
    /// Does what takes milliseconds, which a loop has not, one after the other.
    static let background = DispatchQueue(label: "made.background")

    let core: ServiceCore
    /// The loop's; nil on a worker, where each request is work of its own.
    let loopBatches: LoopBatches?
    /// Nil where memory was short.
    let scanner = BodyScanner()
    /// Of tensors, which are read while what the first scanner found of their request is still needed.
    private(set) lazy var tensorScanner = BodyScanner()
    /// Of the one request that a worker reads; nil on a loop, whose bodies are small.
    private var memory: ReadingMemory?

    init(core: ServiceCore, loopBatches: LoopBatches? = nil) {
        self.core = core
        self.loopBatches = loopBatches
    }

    /// Lets the scanners take memory for what they read of `call`'s body.
    ///
    /// - Throws: what `scan` throws; where that is for want of memory, why there was none.
    func charging<Result>(_ call: Call, _ scan: () throws(Problem) -> Result) throws(Problem) -> Result {
        guard loopBatches == nil else { return try scan() }
        if memory == nil { memory = ReadingMemory(of: call) }
        guard let memory else { return try scan() }
        for scanner in [scanner, tensorScanner] { scanner?.takeMemory = memory.take }
        do throws(Problem) { return try scan() } catch { throw memory.problem ?? error }
    }

    /// Lets a job, whose rows `makeJob` appends to a batch, be scored; on a loop with the others of its turn.
    func gather(_ call: Call, for model: LoadedModel, _ makeJob: (RowBatch) throws(Problem) -> ScoreJob) throws(Problem)
    {
        guard let loopBatches else {
            let job = try makeJob(RowBatch(variableCount: model.card.variables.count))
            try call.takeMemory(job.answerBytes)
            if job.specialRowCount > 0 { return try run(incomplete: job) }
            _ = model.queue.submit([job], areAdmitted: true)
            return
        }
        // Reading rows takes time of which there is none when they would be refused afterwards.
        if loopBatches.isBeyondLoop(call.bodyByteCount, model), model.queue.isFull {
            return call.refuseAsQueueIsFull(of: model)
        }
        let modelBatch = loopBatches.batch(of: model)
        let batch = modelBatch.batch
        let valueCount = batch.rows.count
        do throws(Problem) {
            let job = try makeJob(batch)
            try call.takeMemory(job.answerBytes)
            guard job.specialRowCount > 0 else { return loopBatches.add(job, to: modelBatch) }
            guard let own = job.withOwnBatch() else { throw .memory }
            batch.rows.count = valueCount
            try run(incomplete: own)
        } catch {
            batch.rows.count = valueCount
            throw error
        }
    }

    /// Scores a job with missing values and a batch of its own. Each such row is a batch of draws itself: there is nothing to
    /// gain by gathering it with others.
    private func run(incomplete job: ScoreJob) throws(Problem) {
        let weight = job.weight
        guard weight <= core.options.queueRowsMax else { throw Problem(tooMuchWork: weight, job, core.options) }
        let expected = job.model.cost(of: .incomplete).nanoseconds(units: weight)
        run(
            QueuedTask(call: job.call, rows: weight, expectedNanoseconds: expected) {
                job.scoreIncomplete(weight: weight, using: $0)
            }, of: job.model)
    }

    /// Runs a task now where it is small and this is a loop, else in the model's queue.
    func run(_ task: QueuedTask, of model: LoadedModel) {
        if let loopBatches { return loopBatches.run(task, of: model) }
        var task = task
        // The request was taken when its body was.
        task.isAdmitted = true
        _ = model.queue.submit(task)
    }
}

extension Problem {
    fileprivate init(tooMuchWork weight: Int, _ job: ScoreJob, _ options: ServiceOptions) {
        self.init(
            413,
            "\(job.specialRowCount) rows with missing values at \(job.options.missing.particles) particles are the work of "
                + "\(weight) complete rows, and a request may ask for \(options.queueRowsMax); lower 'particles', or send "
                + "fewer rows, or all of them as NDJSON or CSV")
    }
}
