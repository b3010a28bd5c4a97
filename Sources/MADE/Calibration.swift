/// The log-likelihoods of held-out normal rows, from which a row's p-value is read.
public struct Calibration: Sendable, Equatable {
    /// Ascending, nats.
    public let logLikelihoods: [Double]
    /// What each variable contributes to them; nil of a file that does not hold it.
    public let surprisals: SurprisalSummary?

    /// Sorts `logLikelihoods`; precondition: all finite, at least one.
    public init(logLikelihoods: [Double], surprisals: SurprisalSummary? = nil) {
        precondition(!logLikelihoods.isEmpty && logLikelihoods.allSatisfy(\.isFinite))
        self.logLikelihoods = logLikelihoods.sorted()
        self.surprisals = surprisals
    }

    /// The conformal p-value (1 + #{calibration ≤ logLikelihood}) / (1 + #calibration) (Vovk et al. 2005, eq. 2.20):
    /// under no drift at most a share alpha of normal rows has a p-value ≤ alpha, for every alpha.
    ///
    /// It holds for complete rows, as the calibration's are: the density of fewer variables is on another scale.
    public func pValue(of logLikelihood: Double) -> Double {
        var low = 0
        var high = logLikelihoods.count
        while low < high {
            let middle = (low + high) / 2
            if logLikelihoods[middle] <= logLikelihood { low = middle + 1 } else { high = middle }
        }
        return Double(1 + low) / Double(1 + logLikelihoods.count)
    }

    /// The smallest p-value there is; an alpha below it can never be reached.
    public var smallestPValue: Double { 1 / Double(1 + logLikelihoods.count) }
}
