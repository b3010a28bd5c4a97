/// How the missing values of rows are integrated out.
///
/// The variables of a row that are NaN are missing: its log-likelihood is that of the others, log p(observed), the missing
/// ones summed or integrated over. Each member s does so on its own,
///
///     p_s(observed) = E[Π p_s(x_d | x_<d) over the observed d], the missing x_d drawn from p_s(x_d | x_<d) on the way,
///
/// and p(observed) is the members' mean, as it is of complete rows.
/// - Where nothing observed comes after the first missing variable of a member's ordering, the expectation is a product that
///   one pass gives: exact, without any draw.
/// - Where the missing variables before the last observed one are binary or categorical and have no more combinations
///   together than the member's share of `particles`, all are summed: exact.
/// - Else the expectation is the mean over particles, which estimates p_s(observed) without bias. The particles are shared
///   out evenly among the members that need them: exact members take none, and add nothing to the error. (To use exact
///   members alone would be another model: the mean of fewer networks.)
///
/// The standard error is that of log p(observed) by the delta method: √Var p̂ / p̂, with Var p̂ from the particles' own
/// spread. log p̂ itself lies below log p by about half the squared standard error on average. Where a few particles carry
/// the whole estimate the error is underestimated; more particles show it.
///
/// Values of a variable with a step are drawn as `sample` draws them, rounded to it: its density is summed up over each step.
public struct MissingValues: Sendable, Equatable {
    /// Passes that a row may take, all members together; at least 1.
    public var particles: Int
    /// With the row's own values it gives the random numbers: the same row has the same bits alone, in any batch, at any
    /// place; different rows have independent errors.
    public var seed: UInt64
    /// Whether the standard errors are of use: they take two particles a member.
    private(set) var givesErrors = true

    /// The contract's defaults.
    public init(particles: Int = 256, seed: UInt64 = 0) {
        precondition(particles >= 1)
        self.particles = particles
        self.seed = seed
    }

    /// The same with fewer particles, and without standard errors.
    package func withFewer(_ particles: Int) -> MissingValues {
        var fewer = self
        (fewer.particles, fewer.givesErrors) = (particles, false)
        return fewer
    }

    /// The seed of one row's random numbers: the row's bits one by one through the finaliser of SplitMix64 (Steele et al.
    /// 2014). All NaNs are one, and so are the zeros.
    func seed(of row: some Sequence<Float>) -> UInt64 {
        row.reduce(Self.mixed(seed)) { state, value in
            Self.mixed(state ^ UInt64((value.isNaN ? Float.nan : value + 0).bitPattern))
        }
    }

    private static func mixed(_ state: UInt64) -> UInt64 {
        var z = state &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
