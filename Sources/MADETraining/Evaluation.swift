internal import MADE

/// Log-likelihoods of a table's complete rows as they are served, to the bit: calibration compares with nothing else.
///
/// Rows with missing cells are passed over: what is served for them is an estimate of the likelihood of fewer values, with
/// which those of whole rows cannot be compared.
struct Evaluation {
    private let model: CompiledModel
    private let workspace: CompiledModel.Workspace

    init(_ model: DensityModel) {
        self.model = CompiledModel(model)
        workspace = self.model.makeWorkspace()
    }

    /// Mean negative log-likelihood, nats a row, but for `trimmedShare` of the rows, those that fit worst; nil where no row
    /// is complete.
    func meanNats(of table: Table, trimmedShare: Float = 0) -> Double? {
        let table = table.completeRows
        guard table.rowCount > 0 else { return nil }
        var logLikelihoods = [Double](repeating: 0, count: table.rowCount)
        var span = logLikelihoods.mutableSpan
        model.score(table.values.span, into: &span, using: workspace)
        let trimmedCount = Int(Float(table.rowCount) * trimmedShare)
        if trimmedCount > 0 { logLikelihoods = Array(logLikelihoods.sorted().dropFirst(trimmedCount)) }
        return -logLikelihoods.reduce(0, +) / Double(logLikelihoods.count)
    }

    /// Adds what a table of rows that the model was not fitted to says of normal rows.
    func add(_ table: Table, to tally: inout CalibrationTally) {
        let table = table.completeRows
        let variableCount = model.variableCount
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
            tally.add(logLikelihoods: results, surprisals: surprisals.span)
        }
    }
}

/// Adds up the scores of calibration rows, which may come from several models.
struct CalibrationTally {
    private var logLikelihoods: [Double] = []
    private var surprisals: SurprisalTally

    init(variableCount: Int) {
        surprisals = SurprisalTally(variableCount: variableCount)
    }

    /// Adds n rows' log-likelihoods and surprisals [n × D], nats.
    mutating func add(logLikelihoods: [Double], surprisals: Span<Float>) {
        self.logLikelihoods += logLikelihoods
        self.surprisals.add(surprisals)
    }

    /// Nil before the first row.
    var calibration: Calibration? {
        logLikelihoods.isEmpty
            ? nil : Calibration(logLikelihoods: logLikelihoods, surprisals: surprisals.summary)
    }
}

extension Table {
    /// The rows without a missing cell.
    fileprivate var completeRows: Table {
        guard values.contains(where: \.isNaN) else { return self }
        return rows(
            (0..<rowCount).filter { row in
                !values[row * columns.count..<(row + 1) * columns.count].contains(where: \.isNaN)
            })
    }
}
