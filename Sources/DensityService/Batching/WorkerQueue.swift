internal import Dispatch
internal import MADE
internal import Synchronization

/// What waits for one model: work from all loops, merged into batches by whichever worker is free.
///
/// A worker takes all that waits, up to a batch, and comes back for more; nothing waits for more to come (unless `delay` says
/// so). What waits is bounded in rows.
final class WorkerQueue: Sendable {
    struct Limits {
        var workerCount: Int
        /// Rows of one batch.
        var batchRowsMax: Int
        /// Rows that may wait.
        var waitingRowsMax: Int
        /// How long an idle queue waits for a batch to fill.
        var delay: Duration
    }

    /// Rows of one job that a worker has taken.
    struct Piece {
        var job: ScoreJob
        /// Within the job.
        var rows: Range<Int>
    }

    /// What a worker has to do next.
    enum Assignment {
        case score([Piece])
        case run(QueuedTask)
    }

    fileprivate enum Work {
        /// A job whose rows before `next` are taken.
        case score(ScoreJob, next: Int)
        case task(QueuedTask)
    }

    fileprivate struct State {
        /// Each piece of work holds its request's rows and body.
        var waiting = Backlog<Work>()
        var waitingRows = 0
        var idle: [Worker]
    }

    private let state: Mutex<State>
    private let limits: Limits
    /// Entered by all work that is accepted and left by all that is answered.
    private let pending: DispatchGroup
    private let metrics: Metrics

    init(label: String, model: CompiledModel, limits: Limits, pending: DispatchGroup, metrics: Metrics) {
        self.limits = limits
        self.pending = pending
        self.metrics = metrics
        state = Mutex(State(idle: (0..<limits.workerCount).map { Worker(label: "\(label).\($0)", model: model) }))
    }

    /// Rows that wait.
    var waitingRows: Int { state.withLock { $0.waitingRows } }

    /// Takes the jobs of one turn, in order; those for which there is no room are returned.
    func submit(_ jobs: [ScoreJob]) -> [ScoreJob] {
        let (refused, woken) = state.withLock { state in
            var refused: [ScoreJob] = []
            var rowsAccepted = 0
            for job in jobs {
                guard state.waitingRows + job.rows.count <= limits.waitingRowsMax else {
                    refused.append(job)
                    continue
                }
                pending.enter()
                state.waiting.append(.score(job, next: 0))
                state.waitingRows += job.rows.count
                rowsAccepted += job.rows.count
            }
            // One worker at least: a job may have no rows at all.
            return (refused, state.wake(max(1, (rowsAccepted + limits.batchRowsMax - 1) / limits.batchRowsMax)))
        }
        start(woken)
        return refused
    }

    /// Takes a task; false where there is no room for its rows.
    func submit(_ task: QueuedTask) -> Bool {
        let woken = state.withLock { state -> [Worker]? in
            guard state.waitingRows + task.rows <= limits.waitingRowsMax else { return nil }
            pending.enter()
            state.waiting.append(.task(task))
            state.waitingRows += task.rows
            return state.wake(1)
        }
        guard let woken else { return false }
        start(woken)
        return true
    }

    private func start(_ workers: [Worker]) {
        for worker in workers {
            if limits.delay > .zero {
                let nanoseconds = limits.delay.components.attoseconds / 1_000_000_000
                let delay = DispatchTimeInterval.nanoseconds(
                    Int(limits.delay.components.seconds) * 1_000_000_000 + Int(nanoseconds))
                worker.queue.asyncAfter(deadline: .now() + delay) { self.work(worker) }
            } else {
                worker.queue.async { self.work(worker) }
            }
        }
    }

    /// A worker's turn: batches until nothing waits.
    private func work(_ worker: Worker) {
        dispatchPrecondition(condition: .onQueue(worker.queue))
        while true {
            let (assignment, late) = take(for: worker)
            for call in late {
                call.refuseAsLate()
                pending.leave()
            }
            switch assignment {
            case nil: return
            case .run(let task):
                worker.run(task)
                pending.leave()
            case .score(let pieces):
                let finished = worker.score(pieces)
                metrics.countBatch(.queue, rows: pieces.reduce(0) { $0 + $1.rows.count })
                pieces.first?.job.model.statistics.countExecution()
                for job in finished {
                    job.answer()
                    pending.leave()
                }
            }
        }
    }

    /// The next batch or task, and calls whose time ran out while they waited; with nothing to do the worker is idle.
    private func take(for worker: Worker) -> (Assignment?, late: [Call]) {
        state.withLock { state in
            // Read inside: what came in while this waited for the lock must not start after it is taken.
            let now = monotonicNanoseconds()
            var pieces: [Piece] = []
            var rowCount = 0
            var late: [Call] = []
            while rowCount < limits.batchRowsMax, let work = state.waiting.first {
                switch work {
                case .task(let task):
                    if !pieces.isEmpty { return (.score(pieces), late) }
                    state.dropFirst(rows: task.rows)
                    if !task.call.isPastDeadline(at: now) { return (.run(task), late) }
                    late.append(task.call)
                case .score(let job, let next):
                    if next == 0, job.call.isPastDeadline(at: now) {
                        state.dropFirst(rows: job.rows.count)
                        late.append(job.call)
                        continue
                    }
                    if let first = pieces.first, first.job.options.needsSurprisals != job.options.needsSurprisals {
                        return (.score(pieces), late)
                    }
                    if next == 0 { job.computeStart = now }
                    let end = min(job.rows.count, next + limits.batchRowsMax - rowCount)
                    if end < job.rows.count, next == 0 { job.makeOwnSheet() }
                    pieces.append(Piece(job: job, rows: next..<end))
                    rowCount += end - next
                    if end == job.rows.count {
                        state.dropFirst(rows: end - next)
                    } else {
                        state.waiting.first = .score(job, next: end)
                        state.waitingRows -= end - next
                    }
                }
            }
            if pieces.isEmpty {
                state.idle.append(worker)
                return (nil, late)
            }
            return (.score(pieces), late)
        }
    }
}

extension WorkerQueue.State {
    fileprivate mutating func wake(_ count: Int) -> [Worker] {
        let woken = Array(idle.suffix(count))
        idle.removeLast(woken.count)
        return woken
    }

    fileprivate mutating func dropFirst(rows: Int) {
        waitingRows -= rows
        waiting.removeFirst()
    }
}

/// Work other than scoring: it runs alone.
struct QueuedTask: Sendable {
    let call: Call
    /// What it weighs against the bound on waiting rows.
    let rows: Int
    let expectedNanoseconds: Int
    /// Computes and replies.
    let run: @Sendable (CompiledModel.Workspace) -> Void
}
