/// Benjamini and Hochberg's bound of the false discovery rate (1995, "Controlling the False Discovery Rate", section 3.1): of
/// hypotheses whose q-value is at most q the share that is true is at most q in the mean. It holds for conformal p-values that share a
/// calibration set, too (Bates et al. 2023, "Testing for outliers with conformal p-values", Theorem 2).
public enum DiscoveryRate {
    /// The q-values of `pValues`, in their order: the smallest q at which each would be discovered, min over k ≥ its rank of
    /// p₍ₖ₎ n / k. NaN of p-values that are NaN, which do not count.
    ///
    /// - Parameter testCount: n, where more hypotheses were tested than have p-values here, all of which are larger.
    public static func qValues(_ pValues: [Double], testCount: Int? = nil) -> [Double] {
        let order = pValues.indices.filter { !pValues[$0].isNaN }.sorted { pValues[$0] < pValues[$1] }
        let count = Double(testCount ?? order.count)
        var qValues = [Double](repeating: .nan, count: pValues.count)
        var least = 1.0
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, pValues[index] * count / Double(rank + 1))
            qValues[index] = least
        }
        return qValues
    }
}
