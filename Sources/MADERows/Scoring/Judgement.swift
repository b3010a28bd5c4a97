public import MADE

/// How rows are judged: by one statistic, against the calibration of a model, at one alpha. A class, as a calibration has so
/// many parts that a copy costs more than to judge a row.
public final class Judgement: Sendable {
    /// Nil of a model that gives no p-values.
    public let calibration: Calibration?
    /// What p-values rank by.
    public let statistic: RowStatistic
    /// The share of normal rows that may be called anomalies. It is never replaced: where no p-value is as small, no row is
    /// judged.
    public let alpha: Double

    /// The alpha that holds where nobody chose one.
    public static let defaultAlpha = 0.01

    /// Whether some row could have a p-value of alpha or less.
    public let canJudge: Bool

    /// By the calibration of a model, if it has one; `statistic`: nil is the calibration's default. Precondition: the
    /// calibration has the statistic.
    public init(_ calibration: Calibration?, alpha: Double, statistic: RowStatistic? = nil) {
        self.calibration = calibration
        self.statistic = statistic ?? calibration?.statistic() ?? .likelihood
        self.alpha = alpha
        canJudge = calibration.map { alpha >= $0.smallestPValue } ?? false
        precondition(calibration?.statistics.contains(self.statistic) ?? (self.statistic == .likelihood))
    }

    /// Whether a row's surprisals must be known to judge it.
    public var needsSurprisals: Bool { statistic != .likelihood }

    /// The statistic of an encoded `row` [D], nats, larger where the row is more unusual: what to sort by. `surprisals` are the
    /// row's [D], where they are needed.
    public func score(of row: Span<Float>, logLikelihood: Double, surprisals: Span<Float>) -> Double {
        calibration?.score(statistic, of: row, logLikelihood: logLikelihood, surprisals: surprisals) ?? 0
            - logLikelihood
    }

    /// The p-value of a row's `score`; nil without a calibration.
    public func pValue(of score: Double) -> Double? { calibration?.pValue(of: score, by: statistic) }

    /// The p-values of rows' scores; none without a calibration.
    package func pValues(of scores: [Double]) -> [Double] { calibration?.pValues(of: scores, by: statistic) ?? [] }

    /// Whether a row of this p-value is an anomaly; nil where nobody can tell.
    public func isAnomaly(_ pValue: Double?) -> Bool? { canJudge ? pValue.map { $0 <= alpha } : nil }

    /// Why no row is judged; nil where rows are.
    public var note: String? {
        guard let calibration, !canJudge else { return nil }
        let count = calibration.logLikelihoods.count
        return
            "no row is judged at alpha \(alpha): with \(count) calibration row\(count == 1 ? "" : "s") no p-value is "
            + "below \(calibration.smallestPValue)"
    }
}
