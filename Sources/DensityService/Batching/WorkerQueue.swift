internal import Dispatch
internal import MADE
internal import Synchronization

/// What waits for one model: work from all loops, merged into batches by whichever worker is free.
///
/// A worker takes all that waits, up to a batch, and comes back for more; nothing waits for more to come (unless `delay` says
/// so). What waits is bounded in rows, for the memory it takes, and in time, as its rows are expected to take.
final class WorkerQueue: Sendable {
    struct Limits {
        var workerCount: Int
        /// Rows of one batch.
        var batchRowsMax: Int
        /// Rows that may wait.
        var waitingRowsMax: Int
        /// How long an accepted request may wait for its answer to be begun, and for the batch that it is in.
        var waitNanosecondsMax: Int
        /// How long an idle queue waits for a batch to fill.
        var delay: Duration

        /// Of that time an eighth is a batch's, as far as rows can be parted, ...
        var batchNanosecondsMax: Int { waitNanosecondsMax / 8 }
        /// ... and this is for what stands before a request. The rest is for estimates that are off.
        var backlogNanosecondsMax: Int { waitNanosecondsMax * 5 / 8 }
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

        var call: Call {
            switch self {
            case .score(let job, _): job.call
            case .task(let task): task.call
            }
        }
    }

    fileprivate struct State {
        /// Each piece of work holds its request's rows and body.
        var waiting = Backlog<Work>()
        var waitingRows = 0
        /// What all that waits, and all that is worked on, is expected to take.
        var waitingNanoseconds = 0
        var assignedNanoseconds = 0
        var idle: [Worker]
        /// How many requests had been cancelled when it was last looked through for what nobody waits for any more.
        var cleanedCancellationCount = 0
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

    /// How long work that came in now would wait.
    var waitNanoseconds: Int { state.withLock { $0.backlogNanoseconds / limits.workerCount } }

    /// Whether work that came in now would be refused.
    var isFull: Bool {
        let (isFull, unwanted) = state.withLock { state in
            var unwanted: [Call] = []
            return (!hasRoom(for: 1, in: &state, unwanted: &unwanted), unwanted)
        }
        drop(unwanted)
        return isFull
    }

    /// Whether there is time and room for so many rows more; if not, what nobody waits for any more makes room.
    private func hasRoom(for rows: Int, in state: inout State, unwanted: inout [Call]) -> Bool {
        let fits = { (state: borrowing State) in
            state.backlogNanoseconds <= self.limits.backlogNanosecondsMax * self.limits.workerCount
                && state.waitingRows + rows <= self.limits.waitingRowsMax
        }
        if fits(state) { return true }
        // Looked for only where somebody has gone since the last time: under overload this comes with every request.
        let cancellationCount = metrics.cancellationCount
        guard cancellationCount != state.cleanedCancellationCount else { return false }
        state.cleanedCancellationCount = cancellationCount
        unwanted += state.removeUnwanted(at: monotonicNanoseconds())
        return fits(state)
    }

    /// Answers whose time is over; others have gone.
    private func drop(_ unwanted: [Call]) {
        for call in unwanted {
            call.refuseAsLate()
            pending.leave()
        }
    }

    /// Rows that one batch shall hold of those that are expected to take `nanoseconds` together.
    private func batchRowsMax(rows: Int, nanoseconds: Int) -> Int {
        let perRow = max(1, nanoseconds / max(1, rows))
        return max(1, min(limits.batchRowsMax, limits.batchNanosecondsMax / perRow))
    }

    /// Takes the jobs of one turn, in order; those for which there is no room are returned.
    func submit(_ jobs: [ScoreJob]) -> [ScoreJob] {
        let (refused, unwanted, woken) = state.withLock { state in
            var refused: [ScoreJob] = []
            var unwanted: [Call] = []
            var (rowsAccepted, nanosecondsAccepted) = (0, 0)
            for job in jobs {
                guard hasRoom(for: job.rows.count, in: &state, unwanted: &unwanted) else {
                    refused.append(job)
                    continue
                }
                pending.enter()
                let nanoseconds = job.expectedNanoseconds(from: 0)
                state.append(.score(job, next: 0), rows: job.rows.count, nanoseconds: nanoseconds)
                rowsAccepted += job.rows.count
                nanosecondsAccepted += nanoseconds
            }
            let batchRows = batchRowsMax(rows: rowsAccepted, nanoseconds: nanosecondsAccepted)
            // One worker at least: a job may have no rows at all.
            return (refused, unwanted, state.wake(max(1, (rowsAccepted + batchRows - 1) / batchRows)))
        }
        drop(unwanted)
        start(woken)
        return refused
    }

    /// Takes a task; false where there is no room for its rows.
    func submit(_ task: QueuedTask) -> Bool {
        let (woken, unwanted) = state.withLock { state -> ([Worker]?, [Call]) in
            var unwanted: [Call] = []
            guard task.isAdmitted || hasRoom(for: task.rows, in: &state, unwanted: &unwanted) else {
                return (nil, unwanted)
            }
            pending.enter()
            state.append(.task(task), rows: task.rows, nanoseconds: task.expectedNanoseconds)
            return (state.wake(1), unwanted)
        }
        drop(unwanted)
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
            let (assignment, unwanted) = take(for: worker)
            drop(unwanted)
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

    /// The next batch or task, and calls whose time ran out, or whose clients left, while they waited; with nothing to do
    /// the worker is idle.
    private func take(for worker: Worker) -> (Assignment?, unwanted: [Call]) {
        state.withLock { state in
            // Read inside: what came in while this waited for the lock must not start after it is taken.
            let now = monotonicNanoseconds()
            state.assignedNanoseconds -= worker.assignedNanoseconds
            var gathered = Gathered()
            var unwanted: [Call] = []
            var task: QueuedTask?
            while task == nil, let work = state.waiting.first {
                switch work {
                case .task(let next):
                    if !gathered.pieces.isEmpty { break }
                    state.dropFirst(rows: next.rows, nanoseconds: next.expectedNanoseconds)
                    if next.call.isWanted(at: now) { task = next } else { unwanted.append(next.call) }
                    continue
                case .score(let job, let next):
                    if !job.call.isWanted(at: now) {
                        state.dropFirst(rows: job.rows.count - next, nanoseconds: job.expectedNanoseconds(from: next))
                        unwanted.append(job.call)
                        continue
                    }
                    let rowsMax = batchRowsMax(rows: job.rows.count, nanoseconds: job.expectedNanoseconds)
                    if gathered.hasRoom(for: job, rowsMax: rowsMax) {
                        gathered.take(from: job, next: next, rowsMax: rowsMax, now: now, state: &state)
                        continue
                    }
                }
                break
            }
            worker.assignedNanoseconds = task?.expectedNanoseconds ?? gathered.nanoseconds
            state.assignedNanoseconds += worker.assignedNanoseconds
            if let task { return (.run(task), unwanted) }
            if !gathered.pieces.isEmpty { return (.score(gathered.pieces), unwanted) }
            state.idle.append(worker)
            return (nil, unwanted)
        }
    }

    /// A batch in the making.
    private struct Gathered {
        var pieces: [Piece] = []
        var rowCount = 0
        var nanoseconds = 0

        /// Rows that want the same go together, up to a batch.
        func hasRoom(for job: ScoreJob, rowsMax: Int) -> Bool {
            guard let first = pieces.first else { return true }
            return rowCount < rowsMax && first.job.options.needsSurprisals == job.options.needsSurprisals
        }

        /// Takes what there is room for of the queue's first job, whose rows before `next` are taken.
        mutating func take(from job: ScoreJob, next: Int, rowsMax: Int, now: UInt64, state: inout State) {
            if next == 0 { job.computeStart = now }
            let end = min(job.rows.count, next + rowsMax - rowCount)
            if end < job.rows.count, next == 0 { job.makeOwnSheet() }
            pieces.append(Piece(job: job, rows: next..<end))
            rowCount += end - next
            let cost = job.expectedNanoseconds(from: next) - job.expectedNanoseconds(from: end)
            nanoseconds += cost
            if end == job.rows.count {
                state.dropFirst(rows: end - next, nanoseconds: cost)
            } else {
                state.waiting.first = .score(job, next: end)
                state.waitingRows -= end - next
                state.waitingNanoseconds -= cost
            }
        }
    }
}

extension WorkerQueue.State {
    fileprivate mutating func wake(_ count: Int) -> [Worker] {
        let woken = Array(idle.suffix(count))
        idle.removeLast(woken.count)
        return woken
    }

    fileprivate var backlogNanoseconds: Int { waitingNanoseconds + assignedNanoseconds }

    fileprivate mutating func append(_ work: WorkerQueue.Work, rows: Int, nanoseconds: Int) {
        waiting.append(work)
        waitingRows += rows
        waitingNanoseconds += nanoseconds
    }

    /// Takes out what nobody waits for any more, and returns whose it was.
    fileprivate mutating func removeUnwanted(at now: UInt64) -> [Call] {
        var unwanted: [Call] = []
        for work in waiting.removeAll(where: { !$0.call.isWanted(at: now) }) {
            unwanted.append(work.call)
            switch work {
            case .task(let task):
                waitingRows -= task.rows
                waitingNanoseconds -= task.expectedNanoseconds
            case .score(let job, let next):
                waitingRows -= job.rows.count - next
                waitingNanoseconds -= job.expectedNanoseconds(from: next)
            }
        }
        return unwanted
    }

    fileprivate mutating func dropFirst(rows: Int, nanoseconds: Int) {
        waitingRows -= rows
        waitingNanoseconds -= nanoseconds
        waiting.removeFirst()
    }
}

/// Work other than scoring: it runs alone.
struct QueuedTask: Sendable {
    let call: Call
    /// What it weighs against the bound on waiting rows.
    let rows: Int
    /// It goes on with what was accepted, and is not refused.
    var isAdmitted = false
    let expectedNanoseconds: Int
    /// Computes and replies.
    let run: @Sendable (CompiledModel.Workspace) -> Void
}
