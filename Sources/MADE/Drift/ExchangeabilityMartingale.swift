#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A conformal test martingale: the capital of someone who bets, row by row, that rows are not exchangeable with those before them
/// (Vovk, Nouretdinov & Gammerman 2003, "Testing Exchangeability On-Line"). While they are, it reaches 1 / a with a probability of at most
/// a, however often one looks (Ville's inequality).
///
/// Each row's p-value is its place among the calibration rows and all rows before it, randomised where tied, so that the p-values
/// of exchangeable rows are independent and uniform. Log-likelihoods are told apart as far as calibration rows lie between them,
/// which is a nonconformity score like another and keeps memory constant. The bets are the Simple Jumper's (Vovk et al. 2021,
/// "Retrain or not retrain: conformal test martingales for change-point detection", Algorithm 1).
public struct ExchangeabilityMartingale: Sendable {
    /// What is bet on: 1 + ε (p − ½) for these ε.
    private static let stakes = [-1.0, 0, 1]
    /// The share of the capital that is spread anew before each row.
    private static let jump = 0.01
    /// Classes of log-likelihoods, at most.
    private static let classCountMax = 1024

    /// Where classes end, ascending, nats.
    private let bounds: [Double]
    /// Rows seen of each class, calibration rows among them, as a binary indexed tree (Fenwick 1994).
    private var tree: [Int]
    private var seenCount = 0
    /// The capital on each of `stakes`, as shares of all of it.
    private var shares = [Double](repeating: 1 / Double(stakes.count), count: stakes.count)
    private var generator: PhiloxGenerator

    /// Rows that were bet on.
    public private(set) var rowCount = 0
    /// log of the capital, which is 1 at first.
    public private(set) var logValue = 0.0
    /// log of the largest capital so far.
    public private(set) var largestLogValue = 0.0

    /// The capital, and the largest so far; at most 1e300.
    public var value: Double { exp(min(logValue, Self.logValueMax)) }
    /// See `value`.
    public var largestValue: Double { exp(min(largestLogValue, Self.logValueMax)) }
    private static let logValueMax = 690.775_527_898_213_7

    /// Begins with the log-likelihoods of `calibration`; `seed`: of the random places of rows that are tied.
    public init(_ calibration: Calibration, seed: UInt64) {
        let known = calibration.logLikelihoods
        let count = min(known.count, Self.classCountMax - 1)
        var bounds: [Double] = []
        for index in 0..<count {
            let bound = known[(2 * index + 1) * known.count / (2 * count)]
            if bounds.last != bound { bounds.append(bound) }
        }
        self.bounds = bounds
        tree = Array(repeating: 0, count: bounds.count + 2)
        generator = PhiloxGenerator(seed: seed)
        for logLikelihood in known { add(place(of: logLikelihood)) }
    }

    /// Bets on a row's log-likelihood, nats, and takes the row in.
    public mutating func take(_ logLikelihood: Double) {
        let place = place(of: logLikelihood)
        let less = count(below: place)
        let equal = count(below: place + 1) - less + 1
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        let pValue = (Double(less) + uniform * Double(equal)) / Double(seenCount + 1)
        var growth = 0.0
        for (index, stake) in Self.stakes.enumerated() {
            shares[index] = (1 - Self.jump) * shares[index] + Self.jump / Double(Self.stakes.count)
            shares[index] *= 1 + stake * (pValue - 0.5)
            growth += shares[index]
        }
        for index in shares.indices { shares[index] /= growth }
        logValue += log(growth)
        largestLogValue = max(largestLogValue, logValue)
        rowCount += 1
        add(place)
    }

    /// The class of a log-likelihood, 0 that of the smallest.
    private func place(of logLikelihood: Double) -> Int { bounds.partitionPoint { $0 <= logLikelihood } }

    private mutating func add(_ place: Int) {
        seenCount += 1
        var index = place + 1
        while index < tree.count {
            tree[index] += 1
            index += index & -index
        }
    }

    private func count(below place: Int) -> Int {
        var (sum, index) = (0, place)
        while index > 0 {
            sum += tree[index]
            index -= index & -index
        }
        return sum
    }
}
