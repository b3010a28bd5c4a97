internal import Dispatch
internal import MADE
internal import MADERows

/// One thread's worth of scoring.
///
/// `@unchecked Sendable`: all but `queue` and `assignedNanoseconds` is touched on `queue` only, and `score` and `run` check
/// that; without a queue, on the thread of the event loop that it belongs to.
final class Worker: @unchecked Sendable {
    let queue: DispatchQueue?
    /// What it is at work on is expected to take, nanoseconds. Under the lock of its model's queue.
    var assignedNanoseconds = 0
    private let model: CompiledModel
    let workspace: CompiledModel.Workspace
    /// Rows of several batches side by side.
    private var rows: [Float] = []
    let sheet: ScoreSheet

    init(queue: DispatchQueue?, model: CompiledModel) {
        self.queue = queue
        self.model = model
        workspace = model.makeWorkspace()
        sheet = ScoreSheet(variableCount: model.variableCount)
    }

    private func checkThread() {
        if let queue { dispatchPrecondition(condition: .onQueue(queue)) }
    }

    func run(_ task: QueuedTask) {
        checkThread()
        task.run(workspace)
    }

    /// Scores rows of one or more jobs as one batch; returns the jobs that this finished. They must be answered before the
    /// next call.
    func score(_ pieces: [WorkerQueue.Piece]) -> [ScoreJob] {
        checkThread()
        guard let first = pieces.first?.job else { return [] }
        let withSurprisals = first.needsSurprisals
        let rowCount = pieces.reduce(0) { $0 + $1.rows.count }
        sheet.reserve(rowCount: rowCount, withSurprisals: withSurprisals)
        let score = { [self] (values: UnsafeBufferPointer<Float>) in
            sheet.score(values, at: 0, withSurprisals: withSurprisals, model: model, using: workspace)
            first.model.note(values, sheet.logLikelihoods(count: rowCount))
        }
        if let values = contiguousRows(of: pieces) {
            score(values)
        } else {
            copyRows(of: pieces)
            rows.withUnsafeBufferPointer(score)
        }
        var finished: [ScoreJob] = []
        var row = 0
        for piece in pieces {
            piece.job.explain(piece.rows, sheet: sheet, from: row, using: workspace)
            if let own = piece.job.sheet {
                own.copy(from: sheet, rows: row..<row + piece.rows.count, to: piece.rows.lowerBound)
                if piece.job.finish(rowCount: piece.rows.count) { finished.append(piece.job) }
            } else {
                piece.job.sheet = sheet
                piece.job.sheetStart = row
                finished.append(piece.job)
            }
            row += piece.rows.count
        }
        return finished
    }

    /// The rows of all pieces where they stand side by side already, as those of one turn do.
    private func contiguousRows(of pieces: [WorkerQueue.Piece]) -> UnsafeBufferPointer<Float>? {
        guard let first = pieces.first else { return nil }
        let start = first.job.rows.lowerBound + first.rows.lowerBound
        var end = start
        for piece in pieces {
            guard piece.job.batch === first.job.batch, piece.job.rows.lowerBound + piece.rows.lowerBound == end else {
                return nil
            }
            end += piece.rows.count
        }
        return first.job.batch.values(ofRows: start..<end)
    }

    private func copyRows(of pieces: [WorkerQueue.Piece]) {
        rows.removeAll(keepingCapacity: true)
        for piece in pieces {
            let start = piece.job.rows.lowerBound
            let range = start + piece.rows.lowerBound..<start + piece.rows.upperBound
            rows.append(contentsOf: piece.job.batch.values(ofRows: range))
        }
    }
}
