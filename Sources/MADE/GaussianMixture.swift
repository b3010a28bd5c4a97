#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A density of numbers x in the data's own units: p(x) = |dt/dx| Σ w_k N(t; μ_k, σ_k), where t is x itself or its signed
/// logarithm (see `RealEncoding`).
public struct GaussianMixture: Sendable, Equatable {
    /// Weights w_k, which add up to 1; one may be as small as 0.
    public let weights: [Double]
    /// Means μ_k of t.
    public let means: [Double]
    /// Standard deviations σ_k of t, above 0.
    public let standardDeviations: [Double]
    /// log w_k, finite also where w_k is too small for a number of its own.
    private let logWeights: [Double]
    let transform: NumberTransform

    /// The mixture that `outputs` parametrise under `encoding` (see `RealEncoding`), its Jacobian taken into account.
    ///
    /// An output that is no number, or beyond ±1e30, counts as the bound next to it. Precondition: 3 K outputs.
    public init(_ encoding: RealEncoding, outputs: some Collection<Float>) {
        precondition(outputs.count == 3 * encoding.componentCount)
        let units = outputs.map { bounded($0) }
        let count = encoding.componentCount
        let (centre, scale) = (encoding.centre, encoding.scale)
        transform = encoding.transform
        logWeights = logSoftmax(units[..<count])
        weights = logWeights.map { exp($0) }
        means = units[count..<2 * count].map { centre + $0 * scale }
        standardDeviations = units[(2 * count)...].map { spread in
            (Double(encoding.scaleFloor) + max(spread, 0) + log1p(exp(-abs(spread)))) * abs(scale)
        }
    }

    /// log p(x), nats; finite wherever a `Float` can be.
    public func logDensity(at x: Double) -> Double {
        let t = transform(x)
        return logDensity(ofT: t) - transform.logVolume(t)
    }

    private func logDensity(ofT t: Double) -> Double {
        logSumExp(
            weights.indices.map { k in
                let distance = (t - means[k]) / standardDeviations[k]
                return logWeights[k] - distance * distance / 2 - log(standardDeviations[k]) - log(2 * .pi) / 2
            })
    }

    /// E[x], Σ w_k μ_k where t is x.
    public var mean: Double {
        weights.indices.reduce(0) { $0 + weights[$1] * transform.mean((means[$1], standardDeviations[$1])) }
    }

    /// √E[(x − mean)²], √(Σ w_k (σ_k² + (μ_k − mean)²)) where t is x.
    public var standardDeviation: Double {
        let mean = mean
        return weights.indices.reduce(0) { sum, k in
            sum + weights[k] * transform.secondMoment((means[k], standardDeviations[k]), about: mean)
        }.squareRoot()
    }

    /// P(X ≤ x), of full relative accuracy in the lower tail too.
    public func cdf(_ x: Double) -> Double { tail(at: x, isUpper: false) }

    /// P(X > x), of full relative accuracy in the upper tail, where `1 − cdf(x)` has none.
    public func survival(_ x: Double) -> Double { tail(at: x, isUpper: true) }

    private func tail(at x: Double, isUpper: Bool) -> Double { tail(ofT: transform(x), isUpper: isUpper) }

    private func tail(ofT t: Double, isUpper: Bool) -> Double {
        weights.indices.reduce(0) { sum, k in
            let distance = (t - means[k]) / (standardDeviations[k] * 2.0.squareRoot())
            return sum + weights[k] * erfc(isUpper ? distance : -distance) / 2
        }
    }

    /// The x at which cdf(x) = q, found by the nearer tail, to as many digits as x can carry.
    ///
    /// Newton's method on the tail's logarithm, which is nearly straight far out, within a bracket that every step narrows;
    /// a step that leaves the bracket, or is not half as long as the last, is replaced by the bracket's middle. The first
    /// bracket holds the root: 39 standard deviations out, every Gaussian's tail is below the smallest number.
    /// Precondition: 0 < q < 1.
    public func quantile(_ q: Double) -> Double {
        precondition(q > 0 && q < 1)
        return transform.inverse(quantileOfT(q))
    }

    private func quantileOfT(_ q: Double) -> Double {
        let isUpper = q > 0.5
        let target = isUpper ? 1 - q : q
        var low = weights.indices.reduce(.infinity) { min($0, means[$1] - 39 * standardDeviations[$1]) }
        var high = weights.indices.reduce(-.infinity) { max($0, means[$1] + 39 * standardDeviations[$1]) }
        var x = low / 2 + high / 2
        var step = high - low
        while abs(step) > x.ulp / 2 {
            let reached = tail(ofT: x, isUpper: isUpper)
            // What the tail's own rounding leaves undecided.
            if abs(reached - target) <= 1e-15 * target { break }
            if (reached > target) == isUpper { low = x } else { high = x }
            let slope = (isUpper ? -1 : 1) * exp(logDensity(ofT: x)) / reached
            let newton = (log(target) - log(reached)) / slope
            if abs(newton) < abs(step) / 2, x + newton > low, x + newton < high {
                step = newton
            } else {
                step = low / 2 + high / 2 - x
                // Nothing lies between adjacent numbers.
                if x + step <= low || x + step >= high { break }
            }
            x += step
        }
        return x
    }
}

/// An output unit as the kernels bound it, so that nothing it enters overflows.
func bounded(_ output: Float) -> Double {
    output.isNaN ? -1e30 : Double(min(max(output, -1e30), 1e30))
}

/// log(e^value / Σ e^values) of each value; they are finite.
func logSoftmax(_ values: some Collection<Double>) -> [Double] {
    // The greatest goes first: beside 1e30 the logarithm of a sum would be rounded away.
    let peak = values.max() ?? 0
    let rest = log(values.reduce(0) { $0 + exp($1 - peak) })
    return values.map { $0 - peak - rest }
}

/// log of the sum of e^values, of at least one finite value.
func logSumExp(_ values: some Collection<Double>) -> Double {
    let peak = values.max() ?? 0
    return peak + log(values.reduce(0) { $0 + exp($1 - peak) })
}
