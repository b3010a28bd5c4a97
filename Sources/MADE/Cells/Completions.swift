#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Complete rows that together stand for one row, of which values besides variable j's may be unknown: where p(x(j→v)) up to a
/// common factor comes from.
///
/// A row without unknown values stands for itself. Where the unknown values have few combinations z, each is a row, and
/// p(x(j→v)) = Σ_z p(x(j→v), z). Else the rows are particles z_m that were drawn, with weights w_m, and the conditional is the
/// mean of those given the particles, p(v | x₋ⱼ) ≈ Σ_m w_m p(v | x₋ⱼ, z_m) (Rao-Blackwell; Gelfand & Smith 1990, eq. 2.8).
struct Completions {
    let passes: [RowPass]
    /// log w_m of particles, which add up to 1; nil where the rows are summed up.
    let logWeights: [Double]?

    /// log p(x(j→v)) under each of the rows [passes × values], nats.
    func scores(of values: [Float], _ variable: Int) -> [[Double]] {
        passes.map { $0.logLikelihoods(of: values, variable) }
    }

    /// One number a value of what the rows have each; `logTotals` are those of each row's own Σ_v p(x(j→v)), which only
    /// particles need.
    func combine(_ scores: [Double], logTotals: [Double]) -> Double {
        guard let logWeights else { return passes.count == 1 ? scores[0] : logSumExp(scores) }
        return logSumExp(scores.enumerated().map { $1 - logTotals[$0] + logWeights[$0] })
    }
}
