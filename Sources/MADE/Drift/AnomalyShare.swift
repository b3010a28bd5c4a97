#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// How many of a number of live rows are anomalies, against what one calibration lets expect.
public struct AnomalyShare: Sendable, Equatable {
    /// Anomalies of all rows, 0…1.
    public let share: Double
    /// How probable at least so many are where live and calibration rows come from the same place.
    public let pValue: Double

    /// The share of `count` anomalies, rows with a p-value ≤ `alpha`, among `rowCount`.
    ///
    /// Without drift the share that a calibration of n rows leads to is itself random: Beta(K, n + 1 − K) with K the number of
    /// p-values ≤ alpha that there are (Vovk 2012, "Conditional validity of inductive conformal predictors", Prop. 2a). The
    /// count is then beta-binomial; ties make it smaller, and the p-value too large rather than too small.
    /// Precondition: 0 < rowCount, count ≤ rowCount.
    public init(count: Int, rowCount: Int, alpha: Double, calibration: Calibration) {
        precondition(rowCount > 0 && (0...rowCount).contains(count))
        share = Double(count) / Double(rowCount)
        pValue = Self.pValue(
            count, rowCount, n: calibration.logLikelihoods.count, reached: calibration.pValueCount(upTo: alpha))
    }

    /// P(X ≥ count) for P(X = x) = C(x + K − 1, x) C(m − x + n − K, m − x) / C(n + m, m).
    private static func pValue(_ count: Int, _ rowCount: Int, n: Int, reached: Int) -> Double {
        let (m, k) = (Double(rowCount), Double(reached))
        if count == 0 || reached > n { return 1 }
        if reached == 0 { return 0 }
        // log P(X = 0), then from each x to the next.
        var logarithm = 0.0
        for step in 0..<reached { logarithm += log(Double(n - step) / Double(n + rowCount - step)) }
        var sum = 0.0
        for x in 0...rowCount {
            if x >= count { sum += exp(logarithm) }
            let value = Double(x)
            logarithm += log((value + k) / (value + 1) * (m - value) / (m - value + Double(n) - k))
        }
        return min(sum, 1)
    }
}

extension Calibration {
    /// What a row's log-likelihood must be below for its p-value to be at most `alpha`.
    public func anomalyBound(_ alpha: Double) -> Double {
        let count = pValueCount(upTo: alpha)
        if count == 0 { return -.infinity }
        return count <= logLikelihoods.count ? logLikelihoods[count - 1] : .infinity
    }

    /// How many of the p-values that there are, 1/(1 + n) to 1, are at most `alpha`.
    public func pValueCount(upTo alpha: Double) -> Int {
        let all = logLikelihoods.count + 1
        // As `pValue` divides: the product may be rounded to the wrong side.
        var count = min(max(Int(alpha * Double(all)) + 1, 0), all)
        while count > 0, Double(count) / Double(all) > alpha { count -= 1 }
        return count
    }
}
