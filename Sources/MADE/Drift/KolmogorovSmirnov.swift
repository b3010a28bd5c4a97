#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The two-sample Kolmogorov–Smirnov test of live log-likelihoods against those of the calibration rows.
///
/// Conformal p-values are ranks among the calibration rows: their distance to the uniform distribution is, but for 1/(1 + n),
/// the distance between the two samples. All of them share one calibration of n rows, whose own error does not shrink as the
/// window grows. So the null distribution is that of two samples: taken for one sample of independent uniform numbers, a
/// window much longer than the calibration would be called drift whatever came.
public struct KolmogorovSmirnov: Sendable, Equatable {
    /// The largest difference between the shares of live and of calibration rows up to any log-likelihood, 0…1.
    public let distance: Double
    /// How probable a distance at least as large is where live and calibration rows come from the same place.
    public let pValue: Double

    /// Log-likelihoods that differ by no more than this share of themselves are one: the same row has other last bits on
    /// another family of processors, and a table of few distinct rows has many equal ones.
    private static let resolution = 2e-6
    /// Beyond it the exact p-value is below 1e-13 and its sum would be of rounding errors.
    private static let exactLambdaMax = 4.0
    /// Steps of the exact computation, some nanoseconds each.
    private static let exactStepsMax = 3e7

    /// Compares `window` [m] with `calibration` [n]; precondition: both ascending, neither empty.
    ///
    /// The p-value is the share of all ways to deal the n + m values to the two samples in which the distance is as large,
    /// equal values staying together: exact whatever the distribution, ties included (Schröer & Trenkler 1995, "Exact and
    /// randomization distributions of Kolmogorov–Smirnov tests two or three samples"). Where that is too many steps, or
    /// smaller than 1e-13, it is the limit of Smirnov (1939), which ties make too large and never too small.
    public init(calibration: [Double], window: [Double]) {
        precondition(!calibration.isEmpty && !window.isEmpty)
        let (n, m) = (calibration.count, window.count)
        let (ends, largest) = Self.blocks(calibration, window)
        distance = Double(largest) / (Double(n) * Double(m))
        let root = (Double(n) * Double(m) / Double(n + m)).squareRoot()
        let lambda = distance * root
        if lambda > Self.exactLambdaMax || Double(n + m) * root > Self.exactStepsMax {
            pValue = Self.limit(lambda)
        } else {
            pValue = Self.exactPValue(n, m, largest: largest, ends: ends)
        }
    }

    /// Where the runs of equal values of both samples together end, and max |i · m − j · n| there, i and j being how many
    /// calibration and live values there are up to that end.
    private static func blocks(_ calibration: [Double], _ window: [Double]) -> (ends: [Int], largest: Int) {
        let (n, m) = (calibration.count, window.count)
        var (i, j, largest) = (0, 0, 0)
        var ends: [Int] = []
        while i < n || j < m {
            var reach = -Double.infinity
            while true {
                let first = i < n ? calibration[i] : .infinity
                let second = j < m ? window[j] : .infinity
                let next = min(first, second)
                guard next < .infinity, reach == -.infinity || next <= reach else { break }
                reach = next + resolution * max(1, abs(next))
                if first <= second { i += 1 } else { j += 1 }
            }
            largest = max(largest, abs(i * m - j * n))
            ends.append(i + j)
        }
        return (ends, largest)
    }

    /// P(max |i · m − j · n| ≥ largest) where the values are dealt to the samples at random: the probability that a walk,
    /// which takes a calibration value with (n − i) chances of n + m − t, leaves the band at the end of a run.
    private static func exactPValue(_ n: Int, _ m: Int, largest: Int, ends: [Int]) -> Double {
        if largest == 0 { return 1 }
        // Of i calibration values among the first t, and of no exit before; beyond low…high it is nothing.
        var probability = [Double](repeating: 0, count: n + 1)
        probability[0] = 1
        var (low, high, taken) = (0, 0, 0)
        var left = 0.0
        let negligible = 1e-22
        probability.withUnsafeMutableBufferPointer { probability in
            for end in ends {
                while taken < end {
                    let share = 1 / Double(n + m - taken)
                    let above = min(high + 1, n)
                    for i in stride(from: above, through: low, by: -1) {
                        let live = i <= high ? probability[i] * Double(m - taken + i) : 0
                        let calibration = i > low ? probability[i - 1] * Double(n - i + 1) : 0
                        probability[i] = (live + calibration) * share
                    }
                    high = above
                    taken += 1
                    while low < high, probability[low] < negligible {
                        probability[low] = 0
                        low += 1
                    }
                    while low < high, probability[high] < negligible {
                        probability[high] = 0
                        high -= 1
                    }
                }
                while low <= high, abs(low * (n + m) - taken * n) >= largest {
                    left += probability[low]
                    probability[low] = 0
                    low += 1
                }
                while low <= high, abs(high * (n + m) - taken * n) >= largest {
                    left += probability[high]
                    probability[high] = 0
                    high -= 1
                }
                if low > high { break }
            }
        }
        return min(left, 1)
    }

    /// 2 Σ (−1)^(k−1) e^(−2 k² λ²) (Smirnov 1939).
    private static func limit(_ lambda: Double) -> Double {
        if lambda < 0.2 { return 1 }
        var sum = 0.0
        for k in 1...100 {
            let term = exp(-2 * Double(k * k) * lambda * lambda)
            sum += k % 2 == 1 ? term : -term
            if term <= 1e-17 * abs(sum) { break }
        }
        return min(max(2 * sum, 0), 1)
    }
}
