internal import Dispatch
internal import MADE

/// Rounds of `CompiledModel.score`.
struct ScoringRounds {
    private let library: ModelLibrary
    private var pace = Pace()

    init(library: ModelLibrary) {
        self.library = library
    }

    /// The mean log-likelihood of 256 rows.
    func check(_ name: String) throws -> Answer {
        let loaded = try library.load(name)
        let count = 256
        var results = [Double](repeating: 0, count: count)
        var span = results.mutableSpan
        loaded.model.score(
            loaded.rows.span.extracting(first: count * loaded.model.variableCount), into: &span,
            using: loaded.model.makeWorkspace())
        return Answer(mean: results.reduce(0, +) / Double(count))
    }

    /// Scores batch after batch, by `workerCount` threads that each do the same.
    mutating func run(
        _ name: String, weights: WeightFormat, batch: Int, workerCount: Int, seconds: Double
    ) throws -> Answer {
        let loaded = try library.load(name, weights: weights)
        var answer = pace.run(
            "\(name) \(weights) \(batch) \(workerCount)", seconds: seconds * Double(workerCount),
            unitCount: batch * workerCount
        ) { callCount in
            if workerCount == 1 {
                Self.score(loaded, batch: batch, callCount: callCount)
            } else {
                DispatchQueue.concurrentPerform(iterations: workerCount) { _ in
                    Self.score(loaded, batch: batch, callCount: callCount)
                }
            }
        }
        answer.multiplications = loaded.model.multiplicationsPerRow
        let chunk = loaded.model.makeWorkspace().chunkRowCount
        answer.weightBytes = (batch + chunk - 1) / chunk * loaded.model.weightBytes
        return answer
    }

    private static func score(_ loaded: LoadedModel, batch: Int, callCount: Int) {
        let model = loaded.model
        let workspace = model.makeWorkspace()
        var results = [Double](repeating: 0, count: batch)
        var span = results.mutableSpan
        let rows = loaded.rows.span
        let size = batch * model.variableCount
        var start = 0
        for _ in 0..<callCount {
            if start + size > rows.count { start = 0 }
            model.score(rows.extracting(start..<start + size), into: &span, using: workspace)
            start += size
        }
    }
}
