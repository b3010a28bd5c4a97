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

    /// Mean negative log-likelihood, nats a row.
    func meanNats(of table: Table) -> Double {
        -logLikelihoods(of: table).reduce(0, +) / Double(table.rowCount)
    }
}
