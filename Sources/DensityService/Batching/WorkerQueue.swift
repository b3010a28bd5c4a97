internal import Dispatch
internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

/// What waits for one model: work from all loops, merged into batches by whichever worker is free.
///
/// A worker takes all that waits, up to a batch, and comes back for more; nothing waits for more to come (unless `delay` says
/// so). What waits is bounded in rows, for the memory it takes, and in time, as its rows are expected to take. Streams have no
/// such time: they wait behind requests, for a share of the workers that is theirs.
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
        /// What has waited for longer, in a queue that refuses others, is refused as well: it was accepted on estimates
        /// that proved too low, and would be answered after its time.
        var overdueNanoseconds: Int { waitNanosecondsMax - batchNanosecondsMax }

        var delayNanoseconds: Int {
            Int(delay.components.seconds) * 1_000_000_000 + Int(delay.components.attoseconds / 1_000_000_000)
        }
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

    private let state: Mutex<State>
    private let limits: Limits
    /// Entered by all work that is accepted and left by all that is answered.
    private let pending: DispatchGroup
    private let metrics: Metrics
    /// Whether requests wait, as the lock's last holder left it.
    private let isWaitedFor = Atomic(false)

    init(label: String, model: CompiledModel, limits: Limits, pending: DispatchGroup, metrics: Metrics) {
        self.limits = limits
        self.pending = pending
        self.metrics = metrics
        state = Mutex(
            State(
                idle: (0..<limits.workerCount).map {
                    Worker(queue: DispatchQueue(label: "\(label).\($0)", qos: .userInitiated), model: model)
                }))
    }

    /// Whether there are requests that no worker has taken yet. Costs next to nothing; what it tells may be over.
    var hasWaitingWork: Bool { isWaitedFor.load(ordering: .relaxed) }

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
        if cancellationCount != state.cleanedCancellationCount {
            state.cleanedCancellationCount = cancellationCount
            unwanted += state.removeUnwanted(at: monotonicNanoseconds())
            if fits(state) { return true }
        }
        state.isRefusing = true
        return false
    }

    /// Refuses what was taken out unanswered: the call's own time is over, or it waited too long. Others have gone.
    private func drop(_ unwanted: [Call]) {
        for call in unwanted {
            if call.isPastDeadline(at: monotonicNanoseconds()) {
                call.refuseAsLate()
            } else if call.exchange.isOpen {
                call.refuseAsQueueIsFull(waitNanoseconds: waitNanoseconds)
            }
            pending.leave()
        }
    }

    /// Rows that one batch shall hold of those that are expected to take `nanoseconds` together; zero if they take longer
    /// than `nanosecondsMax`: who has not the time for all would leave a part to others, and the request would wait for two.
    private func batchRowsMax(rows: Int, nanoseconds: Int, within nanosecondsMax: Int = .max) -> Int {
        guard nanoseconds <= nanosecondsMax else { return 0 }
        let perRow = max(1, nanoseconds / max(1, rows))
        return min(max(1, min(limits.batchRowsMax, limits.batchNanosecondsMax / perRow)), nanosecondsMax / perRow)
    }

    /// Takes the jobs of one turn, in order; those for which there is no room are returned. Admitted ones are of requests that
    /// were taken before they were read.
    func submit(_ jobs: [ScoreJob], areAdmitted: Bool = false) -> [ScoreJob] {
        let (refused, unwanted, woken) = state.withLock { state in
            var refused: [ScoreJob] = []
            var unwanted: [Call] = []
            var (rowsAccepted, nanosecondsAccepted) = (0, 0)
            for job in jobs {
                guard areAdmitted || hasRoom(for: job.rows.count, in: &state, unwanted: &unwanted) else {
                    refused.append(job)
                    continue
                }
                pending.enter()
                let nanoseconds = job.expectedNanoseconds(from: 0)
                state.append(.score(job, next: 0), rows: job.rows.count, nanoseconds: nanoseconds)
                rowsAccepted += job.rows.count
                nanosecondsAccepted += nanoseconds
            }
            isWaitedFor.store(state.waiting.first != nil, ordering: .relaxed)
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
            isWaitedFor.store(state.waiting.first != nil, ordering: .relaxed)
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
                worker.queue?.asyncAnywhere(after: .nanoseconds(limits.delayNanoseconds)) { self.work(worker) }
            } else {
                worker.queue?.asyncAnywhere { self.work(worker) }
            }
        }
    }

    /// A worker's turn: batches until nothing waits.
    private func work(_ worker: Worker) {
        while advance(with: worker, nanosecondsMax: .max) {}
    }

    /// Works off what has waited longest with an event loop's own worker, for some nanoseconds: a loop that is busy takes
    /// the processor from those who would.
    func assist(with worker: Worker, nanoseconds: Int) {
        // An operator who wants batches to fill does not want them drained.
        guard limits.delay == .zero else { return }
        // Where many are refused, they and others than this model's clients wait for the loop to come back.
        var left = state.withLock { $0.isRefusing } ? nanoseconds / 16 : nanoseconds
        let end = monotonicNanoseconds() + UInt64(left)
        while left > 0, hasWaitingWork, advance(with: worker, nanosecondsMax: left) {
            left = Int(end) - Int(monotonicNanoseconds())
        }
        state.withLock { $0.assign(0, to: worker) }
    }

    /// Does what is next, if it is expected to take no longer than so; false where there is nothing.
    private func advance(with worker: Worker, nanosecondsMax: Int) -> Bool {
        let (assignment, unwanted) = take(for: worker, nanosecondsMax: nanosecondsMax)
        drop(unwanted)
        switch assignment {
        case nil: return false
        case .run(let task):
            worker.run(task)
            pending.leave()
        case .score(let pieces):
            let start = monotonicNanoseconds()
            let rowCount = pieces.reduce(0) { $0 + $1.rows.count }
            for job in worker.score(pieces) {
                job.answer()
                pending.leave()
            }
            metrics.countBatch(.queue, rows: rowCount)
            guard let first = pieces.first?.job else { break }
            first.model.statistics.countExecution()
            // With the answers: they, too, are time for which the next in the queue waits.
            first.cost.record(units: rowCount, nanoseconds: monotonicNanoseconds() - start)
        }
        return true
    }

    /// The next batch or task, and calls whose time ran out, or whose clients left, while they waited; with nothing to do
    /// the worker is idle.
    private func take(for worker: Worker, nanosecondsMax: Int) -> (Assignment?, unwanted: [Call]) {
        state.withLock { state in
            // Read inside: what came in while this waited for the lock must not start after it is taken.
            let now = monotonicNanoseconds()
            // What a worker finds that was idle has not stood behind anything.
            let isLoop = worker.queue == nil
            let wasIdle = !isLoop && worker.assignedNanoseconds == 0
            let overdueNanoseconds = wasIdle ? .max : limits.overdueNanoseconds
            var gathered = Gathered()
            var unwanted: [Call] = []
            var task: QueuedTask?
            if !isLoop, state.isStreamsTurn {
                task = state.takeStream(at: now, overdueAfter: overdueNanoseconds, unwanted: &unwanted)
            }
            while task == nil, let work = state.waiting.first {
                switch work {
                case .task(let next):
                    if !gathered.pieces.isEmpty || next.expectedNanoseconds > nanosecondsMax { break }
                    if isLoop, next.isForWorkers { break }
                    state.dropFirst(rows: next.rows, nanoseconds: next.expectedNanoseconds)
                    if state.isDue(next, at: now, overdueAfter: overdueNanoseconds) {
                        task = next
                    } else {
                        unwanted.append(next.call)
                    }
                    continue
                case .score(let job, let next):
                    if !job.call.isWanted(at: now)
                        || next == 0 && state.isOverdue(job.call.start, at: now, after: overdueNanoseconds)
                    {
                        state.dropFirst(rows: job.rows.count - next, nanoseconds: job.expectedNanoseconds(from: next))
                        unwanted.append(job.call)
                        continue
                    }
                    if isLoop, job.isLarge { break }
                    let rowsMax = batchRowsMax(
                        rows: job.rows.count, nanoseconds: job.expectedNanoseconds, within: nanosecondsMax)
                    if rowsMax > 0, gathered.hasRoom(for: job, rowsMax: rowsMax) {
                        gathered.take(from: job, next: next, rowsMax: rowsMax, now: now, state: &state)
                        continue
                    }
                }
                break
            }
            if !isLoop, task == nil, gathered.pieces.isEmpty {
                task = state.takeStream(at: now, overdueAfter: overdueNanoseconds, unwanted: &unwanted)
            }
            state.forgetRefusals()
            isWaitedFor.store(state.waiting.first != nil, ordering: .relaxed)
            state.assign(
                task?.expectedNanoseconds ?? gathered.nanoseconds, isStream: task?.isOfStream ?? false, to: worker)
            if let task { return (.run(task), unwanted) }
            if !gathered.pieces.isEmpty { return (.score(gathered.pieces), unwanted) }
            if !isLoop { state.rest(worker) }
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
            return rowCount < rowsMax && first.job.work == job.work
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
                state.cutFirst(job, to: end, rows: end - next, nanoseconds: cost)
            }
        }
    }
}
