internal import Dispatch
internal import Synchronization

/// Trains members of one or several ensembles side by side, each by one thread from start to end.
struct MemberPool {
    /// One member to train.
    struct Job: Sendable {
        let fit: EnsembleFit
        /// Its number in the ensemble, from 0.
        let member: Int
        /// The phases that the same member of another fit has found to be the best; nil: this one finds its own.
        var phases: [MemberTraining.Phase]?
    }

    /// What came of a job.
    struct Outcome: Sendable {
        let result: MemberTraining.Result
        /// Of the thread that trained it.
        let seconds: Double
    }

    /// All members of `fit`, in order.
    static func jobs(of fit: EnsembleFit) -> [Job] { (0..<fit.options.memberCount).map { Job(fit: fit, member: $0) } }

    let threadCount: Int
    /// Asked before each gradient step.
    let isStopped: @Sendable () -> Bool
    /// Called after each look at the validation rows, from the threads that train, one call at a time.
    let progress: @Sendable (TrainingProgress) -> Void

    /// The outcomes in the order of `jobs`. Nil for those not begun when the pool was stopped; the first always is.
    func train(_ jobs: [Job]) -> [Outcome?] {
        let rowCount = jobs.first?.fit.train.rowCount ?? 0
        return train(jobs, Mutex(ProgressTally(memberCount: jobs.count, rowCount: rowCount)))
    }

    /// The outcomes of all members of `fit`, and of `folds`, one's after the other's. Those of the folds are trained for as
    /// long as the member of the same number was that is served, and are nil where one of these did not come to its end.
    func train(_ fit: EnsembleFit, folds: [EnsembleFit]) -> [Outcome?] {
        let memberCount = fit.options.memberCount
        let tally = Mutex(
            ProgressTally(memberCount: memberCount * (1 + folds.count), rowCount: fit.train.rowCount))
        let outcomes = train(Self.jobs(of: fit), tally)
        let results = outcomes.compactMap(\.?.result)
        guard results.count == memberCount, results.allSatisfy(\.isComplete) else {
            return outcomes + Array(repeating: nil, count: memberCount * folds.count)
        }
        let jobs = folds.flatMap { fold in
            results.enumerated().map { Job(fit: fold, member: $0, phases: $1.phases) }
        }
        return outcomes + train(jobs, tally, behind: memberCount)
    }

    /// Trains `jobs`, which stand in `tally` behind so many others.
    private func train(_ jobs: [Job], _ tally: borrowing Mutex<ProgressTally>, behind offset: Int = 0) -> [Outcome?] {
        let next = Atomic<Int>(0)
        let outcomes = Mutex<[Outcome?]>(Array(repeating: nil, count: jobs.count))
        DispatchQueue.concurrentPerform(iterations: min(threadCount, jobs.count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < jobs.count, offset + index == 0 || !isStopped() else { return }
                let start = ContinuousClock.now
                let result = jobs[index].run(isStopped: isStopped) { epoch in
                    tally.withLock { progress($0.take(epoch, member: offset + index)) }
                }
                let outcome = Outcome(result: result, seconds: (ContinuousClock.now - start) / .seconds(1))
                outcomes.withLock { $0[index] = outcome }
            }
        }
        return outcomes.withLock { $0 }
    }
}

extension MemberPool.Job {
    fileprivate func run(
        isStopped: () -> Bool, report: (MemberTraining.Epoch) -> Void
    ) -> MemberTraining.Result {
        let training = fit.training(of: member)
        guard let phases else { return training.run(isStopped: isStopped, report: report) }
        return training.run(by: phases, isStopped: isStopped, report: report)
    }
}
