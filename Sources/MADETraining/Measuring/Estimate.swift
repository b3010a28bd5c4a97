internal import Glibc

/// A number that was measured on a sample, with the interval that holds the truth in 95 of 100 such samples.
public struct Estimate: Sendable, Equatable {
    /// What the sample gives.
    public let value: Double
    /// Nil where the sample tells nothing of its own error.
    public let interval: ClosedRange<Double>?

    /// The normal distribution's 97.5 % point.
    static let z = 1.959963984540054

    /// A share: `count` of `total`, at least one, with Wilson's interval (Wilson 1927; Brown, Cai and DasGupta 2001,
    /// eq. 4), which stays within 0…1 and is of use at 0 and 1 too.
    public init(share count: Int, of total: Int) {
        precondition(total >= 1 && (0...total).contains(count))
        let n = Double(total)
        let share = Double(count) / n
        let square = Self.z * Self.z
        let middle = (share + square / (2 * n)) / (1 + square / n)
        let margin = Self.z / (1 + square / n) * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
        value = share
        // At 0 and 1 the ends are those exactly, but for rounding.
        interval = (count == 0 ? 0 : middle - margin)...(count == total ? 1 : middle + margin)
    }

    /// A value of 0…1 whose standard error is known: normal on the scale of log-odds, so that the interval stays within
    /// 0…1. No interval where the value is 0 or 1, or the error 0.
    init(value: Double, standardError: Double) {
        self.value = value
        guard value > 0 && value < 1 && standardError > 0 else {
            interval = nil
            return
        }
        let logOdds = log(value / (1 - value))
        let margin = Self.z * standardError / (value * (1 - value))
        interval = (1 / (1 + exp(margin - logOdds)))...(1 / (1 + exp(-margin - logOdds)))
    }
}
