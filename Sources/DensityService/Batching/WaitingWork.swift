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

    /// What streams are owed where requests wait as well, and go first: a quarter of the time.
    struct StreamShare {
        private var creditNanoseconds = 0

        /// What streams get while requests take so long.
        static func nanoseconds(besideRequestsOf nanoseconds: Int) -> Int { nanoseconds / 3 }

        func isEnough(for nanoseconds: Int) -> Bool { creditNanoseconds >= nanoseconds }

        /// Requests went first.
        mutating func noteRequests(_ nanoseconds: Int) {
            creditNanoseconds += Self.nanoseconds(besideRequestsOf: nanoseconds)
        }

        mutating func noteStream(_ nanoseconds: Int) {
            creditNanoseconds = max(0, creditNanoseconds - nanoseconds)
        }
    }

    /// What a queue's lock guards.
    struct State {
        /// Each piece of work holds its request's rows and body.
        var waiting = Backlog<Work>()
        /// Parts of streams. They come after requests, but for their share.
        private var waitingStreams = Backlog<QueuedTask>()
        private var streamShare = StreamShare()
        private(set) var waitingRows = 0
        /// What all requests that wait, and all that is worked on, are expected to take.
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

        var hasWaitingStreams: Bool { !waitingStreams.isEmpty }

        /// What stands before a request that comes in now.
        var backlogNanoseconds: Int {
            let streams = hasWaitingStreams ? StreamShare.nanoseconds(besideRequestsOf: waitingNanoseconds) : 0
            return waitingNanoseconds + streams + assignedNanoseconds
        }

        mutating func append(_ work: Work, rows: Int, nanoseconds: Int) {
            waitingRows += rows
            if case .task(let task) = work, task.isOfStream { return waitingStreams.append(task) }
            waiting.append(work)
            waitingNanoseconds += nanoseconds
        }

        /// Whether a stream is next.
        var isStreamsTurn: Bool {
            guard let next = waitingStreams.first else { return false }
            return waiting.isEmpty || streamShare.isEnough(for: next.expectedNanoseconds)
        }

        /// The stream that is next. Those that nobody waits for any more are left out.
        mutating func takeStream(at now: UInt64, overdueAfter nanoseconds: Int, unwanted: inout [Call]) -> QueuedTask? {
            while let next = waitingStreams.first {
                waitingStreams.removeFirst()
                waitingRows -= next.rows
                if isDue(next, at: now, overdueAfter: nanoseconds) {
                    streamShare.noteStream(next.expectedNanoseconds)
                    return next
                }
                unwanted.append(next.call)
            }
            return nil
        }

        /// Whether a task is to be run: somebody waits for it, and not for too long.
        func isDue(_ task: QueuedTask, at now: UInt64, overdueAfter nanoseconds: Int) -> Bool {
            task.call.isWanted(at: now)
                && (task.isAdmitted || !isOverdue(task.call.start, at: now, after: nanoseconds))
        }

        /// Notes what a worker is at now, in place of what it was at.
        mutating func assign(_ nanoseconds: Int, isStream: Bool = false, to worker: Worker) {
            assignedNanoseconds += nanoseconds - worker.assignedNanoseconds
            worker.assignedNanoseconds = nanoseconds
            if waitingStreams.isEmpty {
                streamShare = StreamShare()
            } else if !isStream {
                streamShare.noteRequests(nanoseconds)
            }
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
            for task in waitingStreams.removeAll(where: { !$0.call.isWanted(at: now) }) {
                unwanted.append(task.call)
                waitingRows -= task.rows
            }
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
    /// A part of a body without end, maybe: requests go first, and a loop has no time for it.
    var isOfStream = false
    let expectedNanoseconds: Int
    /// Computes and replies.
    let run: @Sendable (CompiledModel.Workspace) -> Void
}
