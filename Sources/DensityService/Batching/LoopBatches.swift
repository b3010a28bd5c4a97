internal import MADE
internal import Microhttpd

/// The score requests of one turn of a loop, gathered a model; one loop's alone.
final class LoopBatches {
    /// Where this turn's jobs are.
    private var active: [ModelBatch] = []
    /// Models to whose queues work went in this turn.
    private var queued: [LoadedModel] = []
    private let loopIndex: Int
    /// What a loop may compute itself, nanoseconds a turn.
    private let inlineBudget: Int
    /// A body of more bytes is never read on a loop, ...
    static let bodyBytesMax = 64 << 10
    /// ... nor are smaller ones after so many bytes: a millisecond or two.
    static let bytesMax = 512 << 10
    /// Bytes of bodies that were read in this turn.
    private var readByteCount = 0

    init(loopIndex: Int, inlineBudget: Int) {
        self.loopIndex = loopIndex
        self.inlineBudget = inlineBudget
    }

    /// Whether the loop has the time to read a body of so many bytes, which is then taken for read.
    func reads(_ byteCount: Int) -> Bool {
        guard byteCount <= Self.bodyBytesMax, readByteCount + byteCount <= Self.bytesMax else { return false }
        readByteCount += byteCount
        return true
    }

    /// Where requests for `model` go.
    func batch(of model: LoadedModel) -> ModelBatch { model.batches[loopIndex] }

    /// Whether a body of so many bytes probably holds more rows than the loop computes itself in a turn.
    func isBeyondLoop(_ byteCount: Int, _ model: LoadedModel) -> Bool {
        // A value and its separator take two bytes in most bodies.
        let rowCount = max(1, byteCount / (2 * model.card.variables.count))
        return model.cost(of: .score).nanoseconds(units: rowCount) > inlineBudget
    }

    /// Takes a job whose rows are in the batch of `modelBatch`. What is more than the loop computes itself goes to the
    /// model's queue at once: the workers need not wait for the rest of the turn, nor its rows for memory.
    func add(_ job: ScoreJob, to modelBatch: ModelBatch) {
        if modelBatch.jobs.isEmpty { active.append(modelBatch) }
        modelBatch.jobs.append(job)
        modelBatch.cost += job.expectedNanoseconds
        if modelBatch.cost > inlineBudget || job.isLarge { submit(modelBatch) }
    }

    private func submit(_ modelBatch: ModelBatch) {
        guard let model = modelBatch.jobs.first?.model else { return }
        if queued.last !== model { queued.append(model) }
        for job in model.queue.submit(modelBatch.takeJobs()) { job.call.refuseAsQueueIsFull(of: model) }
    }

    /// Scores what is left of the turn; where others wait already, after them.
    ///
    /// - Returns: the bytes of bodies that were read in it.
    func finish() -> Int {
        defer { readByteCount = 0 }
        for modelBatch in active {
            guard let model = modelBatch.jobs.first?.model else { continue }
            if model.queue.hasWaitingWork {
                submit(modelBatch)
            } else {
                score(modelBatch.jobs, on: modelBatch)
                modelBatch.forgetJobs()
            }
        }
        active.removeAll(keepingCapacity: true)
        for model in queued {
            model.queue.assist(with: batch(of: model).worker, nanoseconds: inlineBudget)
        }
        queued.removeAll(keepingCapacity: true)
        return readByteCount
    }

    /// Runs a task now where it is small, else in the model's queue.
    func run(_ task: QueuedTask, of model: LoadedModel) {
        if task.expectedNanoseconds <= inlineBudget, !task.isForWorkers {
            task.run(batch(of: model).worker.workspace)
        } else if !model.queue.submit(task) {
            task.call.refuseAsQueueIsFull(of: model)
        }
    }

    /// Scores neighbours that want the same in one batch each.
    private func score(_ jobs: [ScoreJob], on modelBatch: ModelBatch) {
        var first = 0
        while first < jobs.count {
            let work = jobs[first].work
            var end = first + 1
            while end < jobs.count, jobs[end].work == work { end += 1 }
            score(jobs, first..<end, on: modelBatch)
            first = end
        }
    }

    /// Scores the jobs at `places`.
    private func score(_ jobs: [ScoreJob], _ places: Range<Int>, on modelBatch: ModelBatch) {
        let head = jobs[places.lowerBound]
        let (model, sheet, workspace) = (head.model, modelBatch.worker.sheet, modelBatch.worker.workspace)
        let rows = head.rows.lowerBound..<jobs[places.upperBound - 1].rows.upperBound
        let start = monotonicNanoseconds()
        if !rows.isEmpty {
            let values = head.batch.values(ofRows: rows)
            sheet.reserve(rowCount: rows.count, withSurprisals: head.needsSurprisals)
            sheet.score(
                values, at: 0, withSurprisals: head.needsSurprisals, model: model.compiled, using: workspace)
            model.note(values, sheet.logLikelihoods(count: rows.count))
            if head.work == .gains {
                for job in jobs[places] {
                    job.explain(
                        0..<job.rows.count, sheet: sheet, from: job.rows.lowerBound - rows.lowerBound,
                        using: workspace)
                }
            }
            head.cost.record(units: rows.count, nanoseconds: monotonicNanoseconds() - start)
            head.call.observer.metrics.countBatch(.inline, rows: rows.count)
            model.statistics.countExecution()
        }
        for place in places {
            let job = jobs[place]
            job.sheet = sheet
            job.sheetStart = job.rows.lowerBound - rows.lowerBound
            job.computeStart = start
            job.answer()
        }
    }
}

extension Call {
    /// Refuses because too much work waits already; the client may come back when it is done.
    func refuseAsQueueIsFull(of model: LoadedModel) {
        refuseAsQueueIsFull(waitNanoseconds: model.queue.waitNanoseconds)
    }

    func refuseAsQueueIsFull(waitNanoseconds: Int) {
        observer.metrics.countRejection(.queueFull)
        let seconds = waitNanoseconds / 1_000_000_000
        refuse(
            Problem(
                503, "too many rows wait for this model (queue-milliseconds-max, queue-rows-max); try again later",
                retryAfter: 1 + min(seconds, 60)))
    }
}
