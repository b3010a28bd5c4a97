internal import Dispatch
internal import Synchronization

/// Trains members of one or several ensembles side by side, each by one thread from start to end.
struct MemberPool {
    /// One member to train.
    struct Job: Sendable {
        let fit: EnsembleFit
        /// Its number in the ensemble, from 0.
        let member: Int
    }

    /// What came of a job.
    struct Outcome: Sendable {
        let result: MemberTraining.Result
        /// Of the thread that trained it.
        let seconds: Double
    }

    /// All members of `fits`, one fit's after the other's.
    static func jobs(of fits: [EnsembleFit]) -> [Job] {
        fits.flatMap { fit in (0..<fit.options.memberCount).map { Job(fit: fit, member: $0) } }
    }

    let threadCount: Int
    /// Asked before each gradient step.
    let isStopped: @Sendable () -> Bool
    /// Called after each look at the validation rows, from the threads that train, one call at a time.
    let progress: @Sendable (TrainingProgress) -> Void

    /// The outcomes in the order of `jobs`. Nil for those not begun when the pool was stopped; the first always is.
    func train(_ jobs: [Job]) -> [Outcome?] {
        guard let first = jobs.first else { return [] }
        let next = Atomic<Int>(0)
        let outcomes = Mutex<[Outcome?]>(Array(repeating: nil, count: jobs.count))
        let tally = Mutex(ProgressTally(memberCount: jobs.count, rowCount: first.fit.train.rowCount))
        DispatchQueue.concurrentPerform(iterations: min(threadCount, jobs.count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < jobs.count, index == 0 || !isStopped() else { return }
                let start = ContinuousClock.now
                let training = jobs[index].fit.training(of: jobs[index].member)
                let result = training.run(isStopped: isStopped) { epoch in
                    tally.withLock { progress($0.take(epoch, member: index)) }
                }
                let outcome = Outcome(result: result, seconds: (ContinuousClock.now - start) / .seconds(1))
                outcomes.withLock { $0[index] = outcome }
            }
        }
        return outcomes.withLock { $0 }
    }
}
