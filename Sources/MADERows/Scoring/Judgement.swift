public import MADE

/// How rows are judged by their log-likelihoods: against the calibration of a model, at one alpha.
public struct Judgement: Sendable, Equatable {
    /// Nil of a model that gives no p-values.
    public let calibration: Calibration?
    /// The share of normal rows that may be called anomalies. It is never replaced: where no p-value is as small, no row is
    /// judged.
    public let alpha: Double

    /// The alpha that holds where nobody chose one.
    public static let defaultAlpha = 0.01

    /// Whether some row could have a p-value of alpha or less.
    public let canJudge: Bool

    /// By the calibration of a model, if it has one.
    public init(_ calibration: Calibration?, alpha: Double) {
        self.calibration = calibration
        self.alpha = alpha
        canJudge = calibration.map { alpha >= $0.smallestPValue } ?? false
    }

    /// The row's p-value; nil without a calibration.
    public func pValue(of logLikelihood: Double) -> Double? { calibration?.pValue(of: logLikelihood) }

    /// Whether a row of this p-value is an anomaly; nil where nobody can tell.
    public func isAnomaly(_ pValue: Double?) -> Bool? { canJudge ? pValue.map { $0 <= alpha } : nil }

    /// Rows of a smaller log-likelihood are anomalies.
    public var anomalyBound: Double { canJudge ? calibration?.anomalyBound(alpha) ?? -.infinity : -.infinity }

    /// Why no row is judged; nil where rows are.
    public var note: String? {
        guard let calibration, !canJudge else { return nil }
        let count = calibration.logLikelihoods.count
        return
            "no row is judged at alpha \(alpha): with \(count) calibration row\(count == 1 ? "" : "s") no p-value is "
            + "below \(calibration.smallestPValue)"
    }
}
