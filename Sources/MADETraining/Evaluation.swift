internal import MADE

/// Log-likelihoods of a table's rows as they are served, to the bit: calibration compares with nothing else.
struct Evaluation {
    private let model: CompiledModel
    private let workspace: CompiledModel.Workspace

    init(_ model: DensityModel) {
        self.model = CompiledModel(model)
        workspace = self.model.makeWorkspace()
    }

    /// log p(x) of each row, nats [rows].
    func logLikelihoods(of table: Table) -> [Double] {
        var logLikelihoods = [Double](repeating: 0, count: table.rowCount)
        var span = logLikelihoods.mutableSpan
        model.score(table.values.span, into: &span, using: workspace)
        return logLikelihoods
    }

    /// The calibration that a table of rows apart from all others gives.
    func calibration(on table: Table) -> Calibration {
        let variableCount = model.variableCount
        var logLikelihoods: [Double] = []
        var tally = SurprisalTally(variableCount: variableCount)
        for first in stride(from: 0, to: table.rowCount, by: 1024) {
            let rows = first..<min(first + 1024, table.rowCount)
            let cells = rows.lowerBound * variableCount..<rows.upperBound * variableCount
            var results = [Double](repeating: 0, count: rows.count)
            var explained = results
            var surprisals = [Float](repeating: 0, count: cells.count)
            var resultSpan = results.mutableSpan
            var explainedSpan = explained.mutableSpan
            var surprisalSpan = surprisals.mutableSpan
            model.explain(
                table.values.span.extracting(cells), logLikelihoods: &resultSpan, surprisals: &surprisalSpan,
                explained: &explainedSpan, using: workspace)
            logLikelihoods += results
            tally.add(surprisals.span)
        }
        return Calibration(logLikelihoods: logLikelihoods, surprisals: tally.summary)
    }

    /// Mean negative log-likelihood, nats a row.
    func meanNats(of table: Table) -> Double {
        -logLikelihoods(of: table).reduce(0, +) / Double(table.rowCount)
    }
}
