#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Σ e^value and Σ e^2value of values that come one by one, relative to the greatest.
struct ParticleSum {
    private(set) var count = 0
    private var peak = -Double.infinity
    private var sum = 0.0
    private var squares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        if value > peak {
            let shrink = exp(peak - value)
            (sum, squares) = (sum * shrink + 1, squares * shrink * shrink + 1)
            peak = value
        } else {
            let term = exp(value - peak)
            sum += term
            squares += term * term
        }
    }

    /// log Σ e^value; precondition: there is a value.
    var logSum: Double { peak + log(sum) }

    /// The squared standard error of the mean of the e^value, relative to the mean itself; precondition: two values.
    var relativeVariance: Double {
        let n = Double(count)
        return max(n * squares / (sum * sum) - 1, 0) / (n - 1)
    }
}
