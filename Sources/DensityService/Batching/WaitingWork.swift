internal import MADE
internal import MADERows

extension WorkerQueue {
    enum Work {
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

    /// What a queue's lock guards.
    struct State {
        /// Each piece of work holds its request's rows and body.
        var waiting = Backlog<Work>()
        private(set) var waitingRows = 0
        /// What all that waits, and all that is worked on, is expected to take.
        private var waitingNanoseconds = 0
        private var assignedNanoseconds = 0
        private var idle: [Worker]
        /// How many requests had been cancelled when it was last looked through for what nobody waits for any more.
        var cleanedCancellationCount = 0
        /// Whether work was refused since the queue was last empty.
        var isRefusing = false

        init(idle: [Worker]) {
            self.idle = idle
        }

        var backlogNanoseconds: Int { waitingNanoseconds + assignedNanoseconds }

        mutating func append(_ work: Work, rows: Int, nanoseconds: Int) {
            waiting.append(work)
            waitingRows += rows
            waitingNanoseconds += nanoseconds
        }

        /// Notes what a worker is at now, in place of what it was at.
        mutating func assign(_ nanoseconds: Int, to worker: Worker) {
            assignedNanoseconds += nanoseconds - worker.assignedNanoseconds
            worker.assignedNanoseconds = nanoseconds
        }

        mutating func dropFirst(rows: Int, nanoseconds: Int) {
            waitingRows -= rows
            waitingNanoseconds -= nanoseconds
            waiting.removeFirst()
        }

        /// Leaves the first job's rows from `next` on.
        mutating func cutFirst(_ job: ScoreJob, to next: Int, rows: Int, nanoseconds: Int) {
            waiting.first = .score(job, next: next)
            waitingRows -= rows
            waitingNanoseconds -= nanoseconds
        }

        /// Takes out what nobody waits for any more, and returns whose it was.
        mutating func removeUnwanted(at now: UInt64) -> [Call] {
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

        /// Whether what came in at `start` has waited too long for a queue that refuses others.
        func isOverdue(_ start: UInt64, at now: UInt64, after nanoseconds: Int) -> Bool {
            isRefusing && now > start && now - start > nanoseconds
        }

        /// An empty queue refuses nobody.
        mutating func forgetRefusals() {
            if waiting.first == nil { isRefusing = false }
        }

        /// So many workers, or as many as are idle, who are so no more.
        mutating func wake(_ count: Int) -> [Worker] {
            let woken = Array(idle.suffix(count))
            idle.removeLast(woken.count)
            return woken
        }

        mutating func rest(_ worker: Worker) {
            idle.append(worker)
        }
    }
}

/// Work other than scoring: it runs alone.
struct QueuedTask: Sendable {
    let call: Call
    /// What it weighs against the bound on waiting rows.
    let rows: Int
    /// It goes on with what was accepted, and is not refused.
    var isAdmitted = false
    /// A loop has no time for it, whatever it is expected to take.
    var isForWorkers = false
    let expectedNanoseconds: Int
    /// Computes and replies.
    let run: @Sendable (CompiledModel.Workspace) -> Void
}
