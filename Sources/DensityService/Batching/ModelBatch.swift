internal import MADE
internal import MADERows

/// What one event loop keeps for one model: scratch, and the score requests that came in this turn. It goes with the
/// model, so that a model which was replaced is gone with its last request.
///
/// `@unchecked Sendable`: touched by its loop's thread only; whoever lets go of the model last, after all its requests,
/// frees it.
final class ModelBatch: @unchecked Sendable {
    let variableCount: Int
    var batch: RowBatch
    var jobs: [ScoreJob] = []
    /// What the jobs are expected to take, nanoseconds.
    var cost = 0
    private(set) lazy var worker = Worker(queue: nil, model: compiled)
    private let compiled: CompiledModel

    init(_ compiled: CompiledModel) {
        self.compiled = compiled
        variableCount = compiled.variableCount
        batch = RowBatch(variableCount: variableCount)
    }

    /// Hands out the jobs, whose rows no longer belong to it.
    func takeJobs() -> [ScoreJob] {
        let taken = jobs
        batch = RowBatch(variableCount: variableCount)
        forgetJobs()
        return taken
    }

    /// Forgets the jobs, and their rows with them.
    func forgetJobs() {
        jobs.removeAll(keepingCapacity: true)
        cost = 0
        batch.rows.count = 0
    }
}
