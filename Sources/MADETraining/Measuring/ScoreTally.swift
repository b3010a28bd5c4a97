public import MADERows

/// What the scores of a table's rows say of a model.
public struct ScoreTally: Sendable {
    /// Rows that are normal, are anomalies, or of which that is not known.
    public enum Group: Sendable, CaseIterable {
        /// Not known to be anything.
        case unlabelled
        /// Labelled 0.
        case normal
        /// Labelled 1.
        case anomaly
    }

    private struct Part {
        var nats = Moments()
        var rowCount = 0
        var flaggedCount = 0
        var scores: [Double] = []
        var pValues: [Double] = []
    }

    /// How its rows are judged.
    public let judgement: Judgement
    private let keepsScores: Bool
    private var parts: [Group: Part] = [:]
    private var allNats = Moments()
    /// Rows of log-likelihood −∞.
    public private(set) var impossibleCount = 0

    /// A row is flagged where `judgement` calls it an anomaly. Without labels, scores are kept only where `keepsScores`, so
    /// that a file of any length can be measured.
    public init(_ judgement: Judgement, keepsScores: Bool = false) {
        self.judgement = judgement
        self.keepsScores = keepsScores
    }

    /// Takes a row of this log-likelihood and this statistic, nats; −∞ and ∞ where it could not be scored: it ranks as the
    /// most unusual, but is in no mean. `group`: whose calibration it is compared with. `isFlagged`: nil where its p-value tells.
    public mutating func take(
        _ logLikelihood: Double, score: Double, in group: Int? = nil, isFlagged: Bool? = nil,
        _ label: Group = .unlabelled
    ) {
        let isPossible = logLikelihood > -.infinity
        if isPossible { allNats.take(-logLikelihood) } else { impossibleCount += 1 }
        var part = Part()
        // Out of the dictionary while it changes: its scores are not copied, then.
        swap(&part, &parts[label, default: Part()])
        if isPossible { part.nats.take(-logLikelihood) }
        part.rowCount += 1
        let pValue = judgement.pValue(of: score, in: group)
        if isFlagged ?? (judgement.isAnomaly(pValue, in: group) == true) { part.flaggedCount += 1 }
        if keepsScores || label != .unlabelled { part.scores.append(score) }
        if keepsScores, let pValue { part.pValues.append(pValue) }
        swap(&part, &parts[label, default: Part()])
    }

    /// Rows taken.
    public var rowCount: Int { allNats.count + impossibleCount }

    /// Mean negative log-likelihood of all rows and its error, nats a row.
    public var nats: Moments { allNats }

    /// Mean negative log-likelihood of a group's rows and its error, nats a row.
    public func nats(of group: Group) -> Moments { parts[group]?.nats ?? Moments() }

    /// The statistic of a group's rows, nats, in the order they came; empty where they are not kept.
    public func scores(of group: Group) -> [Double] { parts[group]?.scores ?? [] }

    /// The p-values of a group's rows, in the order they came; empty where scores are not kept, and without a calibration.
    func pValues(of group: Group) -> [Double] { parts[group]?.pValues ?? [] }

    /// The share of a group's rows that is flagged: of the normal ones the false-alarm rate, of anomalies the detection
    /// rate. Nil where there is no calibration, or no row.
    public func flagged(_ group: Group) -> Estimate? {
        guard judgement.canJudge, let part = parts[group], part.rowCount > 0 else { return nil }
        return Estimate(share: part.flaggedCount, of: part.rowCount)
    }

    /// Nil where the labelled rows are not of both kinds.
    public var ranking: Ranking? {
        let normal = scores(of: .normal)
        let anomalies = scores(of: .anomaly)
        return Ranking(
            scores: normal + anomalies,
            areAnomalies: Array(repeating: false, count: normal.count) + Array(repeating: true, count: anomalies.count))
    }
}
