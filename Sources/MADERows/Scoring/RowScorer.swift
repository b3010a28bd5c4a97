public import MADE

/// Scores and judges rows, in memory that it keeps for the next ones. One thread at a time.
public final class RowScorer {
    /// How rows are judged.
    public let judgement: Judgement
    /// log p(x) of the last rows [n], nats.
    public private(set) var logLikelihoods: [Double] = []
    /// The errors of these [n], nats, where they were not all plain.
    public private(set) var standardErrors: [Double] = []
    /// The statistic of the last rows [n] by which they are judged, nats.
    public private(set) var scores: [Double] = []
    /// The groups that the last rows [n] are compared with, nil for the rest; empty where there are no groups.
    public private(set) var groups: [Int?] = []

    /// Of the last rows [n × D], nats; empty where nobody needs them.
    package private(set) var surprisals: [Float] = []

    private let model: CompiledModel
    private let missing: MissingValues
    private let givesSurprisals: Bool
    /// What the surprisals add up to [n].
    private var explained: [Double] = []

    /// Scores rows of `model`.
    public convenience init(_ model: CompiledModel, judgement: Judgement, missing: MissingValues = MissingValues()) {
        self.init(model, judgement: judgement, missing: missing, givesSurprisals: false)
    }

    /// `givesSurprisals`: somebody besides the judgement needs them.
    package init(_ model: CompiledModel, judgement: Judgement, missing: MissingValues, givesSurprisals: Bool) {
        self.model = model
        self.givesSurprisals = givesSurprisals || judgement.needsSurprisals
        self.judgement = judgement
        self.missing = missing
    }

    /// Scores encoded rows [n × D]; `isPlain`: all their values are (`Variable.isPlain`).
    public func score(_ rows: Span<Float>, isPlain: Bool = false, using workspace: CompiledModel.Workspace) {
        let count = rows.count / model.variableCount
        reserve(count)
        var results = logLikelihoods.mutableSpan
        var errors = standardErrors.mutableSpan
        if givesSurprisals {
            var parts = surprisals.mutableSpan
            var sums = explained.mutableSpan
            if isPlain {
                model.explain(rows, logLikelihoods: &results, surprisals: &parts, explained: &sums, using: workspace)
            } else {
                model.explain(
                    rows, missing: missing, logLikelihoods: &results, surprisals: &parts, explained: &sums,
                    standardErrors: &errors, using: workspace)
            }
        } else if isPlain {
            model.score(rows, into: &results, using: workspace)
        } else {
            model.score(rows, missing: missing, into: &results, standardErrors: &errors, using: workspace)
        }
        groups = judgement.groups(of: rows, width: model.variableCount)
        scores = logLikelihoods.withUnsafeBufferPointer { logLikelihoods in
            surprisals.withUnsafeBufferPointer {
                judgement.scores(of: rows, logLikelihoods: logLikelihoods, surprisals: $0)
            }
        }
    }

    private func reserve(_ count: Int) {
        guard count != logLikelihoods.count else { return }
        logLikelihoods = Array(repeating: 0, count: count)
        standardErrors = logLikelihoods
        guard givesSurprisals else { return }
        surprisals = Array(repeating: 0, count: count * model.variableCount)
        explained = logLikelihoods
    }
}
