internal import MADE
internal import Microhttpd

/// The score requests of one turn of a loop, gathered a model; one loop's alone.
final class Turn {
    /// What came in for one model.
    final class Gathered {
        let model: LoadedModel
        var batch: RowBatch
        var jobs: [ScoreJob] = []
        /// What the jobs are expected to take, nanoseconds.
        var cost = 0

        init(model: LoadedModel) {
            self.model = model
            batch = RowBatch(variableCount: model.card.variables.count)
        }

        /// Forgets the jobs and their rows.
        func clear() {
            jobs.removeAll(keepingCapacity: true)
            cost = 0
            batch.rows.count = 0
        }
    }

    /// The loop's own scratch for one model.
    private final class Bench {
        let workspace: CompiledModel.Workspace
        let sheet: ScoreSheet

        init(_ model: LoadedModel) {
            workspace = model.compiled.makeWorkspace()
            sheet = ScoreSheet(variableCount: model.card.variables.count)
        }
    }

    private var gathered: [ObjectIdentifier: Gathered] = [:]
    private var benches: [ObjectIdentifier: Bench] = [:]
    /// What a loop may compute itself, nanoseconds a turn.
    private let inlineBudget: Int

    init(inlineBudget: Int) {
        self.inlineBudget = inlineBudget
    }

    /// Forgets everything about models that are no longer served.
    func keepOnly(_ models: some Sequence<LoadedModel>) {
        let kept = Set(models.map(ObjectIdentifier.init))
        gathered = gathered.filter { kept.contains($0.key) || !$0.value.jobs.isEmpty }
        benches = benches.filter { kept.contains($0.key) }
    }

    /// Where requests for `model` go.
    func gathered(for model: LoadedModel) -> Gathered {
        let key = ObjectIdentifier(model)
        if let found = gathered[key] { return found }
        let made = Gathered(model: model)
        gathered[key] = made
        return made
    }

    /// Takes a job whose rows are in the batch of `gathered`. What is more than the loop computes itself goes to the
    /// model's queue at once: the workers need not wait for the rest of the turn, nor its rows for memory.
    func add(_ job: ScoreJob, to gathered: Gathered) {
        gathered.jobs.append(job)
        let kind: LoadedModel.Work = job.options.needsSurprisals ? .explain : .score
        gathered.cost += gathered.model.cost(of: kind).nanoseconds(rows: job.rows.count)
        guard gathered.cost > inlineBudget else { return }
        let jobs = gathered.jobs
        gathered.batch = RowBatch(variableCount: gathered.batch.variableCount)
        gathered.clear()
        for job in gathered.model.queue.submit(jobs) { job.call.refuseAsQueueIsFull(of: job.model) }
    }

    /// Takes a job with missing values and a batch of its own, which is as much work as `weight` complete rows. Each such
    /// row is a batch of draws itself: there is nothing to gain by gathering it with others.
    func add(incomplete job: ScoreJob, weight: Int) {
        let task = QueuedTask(call: job.call, rows: weight) { job.scoreIncomplete(weight: weight, using: $0) }
        run(task, kind: .incomplete, of: job.model)
    }

    /// Scores what is left of the turn.
    func finish() {
        for gathered in gathered.values where !gathered.jobs.isEmpty {
            score(gathered.jobs, of: gathered.model)
            gathered.clear()
        }
    }

    /// Runs a task now where it is small, else in the model's queue.
    func run(_ task: QueuedTask, kind: LoadedModel.Work, of model: LoadedModel) {
        if model.cost(of: kind).nanoseconds(rows: task.rows) <= inlineBudget {
            task.run(bench(for: model).workspace)
        } else if !model.queue.submit(task) {
            task.call.refuseAsQueueIsFull(of: model)
        }
    }

    /// Scores neighbours that want the same in one batch each.
    private func score(_ jobs: [ScoreJob], of model: LoadedModel) {
        var rest = jobs[...]
        while let first = rest.first {
            let withSurprisals = first.options.needsSurprisals
            let run = rest.prefix { $0.options.needsSurprisals == withSurprisals }
            rest = rest[run.endIndex...]
            score(run, from: first.rows.lowerBound, withSurprisals: withSurprisals, of: model)
        }
    }

    private func score(_ jobs: ArraySlice<ScoreJob>, from first: Int, withSurprisals: Bool, of model: LoadedModel) {
        let bench = bench(for: model)
        let end = jobs.last?.rows.upperBound ?? first
        let start = monotonicNanoseconds()
        if let batch = jobs.first?.batch, end > first {
            bench.sheet.reserve(rowCount: end - first, withSurprisals: withSurprisals)
            bench.sheet.score(
                batch.values(ofRows: first..<end), at: 0, withSurprisals: withSurprisals, model: model.compiled,
                using: bench.workspace)
            model.drift.note(batch.values(ofRows: first..<end), bench.sheet.logLikelihoods(count: end - first))
            model.cost(of: withSurprisals ? .explain : .score).record(
                rows: end - first, nanoseconds: monotonicNanoseconds() - start)
            jobs.first?.call.observer.metrics.countBatch(.inline, rows: end - first)
            model.statistics.countExecution()
        }
        for job in jobs {
            job.sheet = bench.sheet
            job.sheetStart = job.rows.lowerBound - first
            job.computeStart = start
            job.answer()
        }
    }

    private func bench(for model: LoadedModel) -> Bench {
        let key = ObjectIdentifier(model)
        if let found = benches[key] { return found }
        let made = Bench(model)
        benches[key] = made
        return made
    }
}

extension Call {
    /// Refuses because too many rows wait already; the client may come back when they are done.
    func refuseAsQueueIsFull(of model: LoadedModel) {
        observer.metrics.countRejection(.queueFull)
        let seconds = model.cost(of: .score).nanoseconds(rows: model.queue.waitingRows) / 1_000_000_000
        refuse(
            Problem(
                503, "too many rows wait for this model (queue-rows-max); try again later",
                retryAfter: 1 + min(seconds, 60)))
    }
}
