/// What the surprisals of each variable are like over some rows.
public struct SurprisalSummary: Sendable, Equatable {
    /// Mean of each variable's surprisal [D], nats.
    public let means: [Double]
    /// Standard deviation of each variable's surprisal over the rows [D], nats; 0 of a single row.
    public let standardDeviations: [Double]

    /// Precondition: as many means as standard deviations.
    public init(means: [Double], standardDeviations: [Double]) {
        precondition(means.count == standardDeviations.count)
        self.means = means
        self.standardDeviations = standardDeviations
    }
}

/// Adds up the surprisals of rows that come in several parts.
public struct SurprisalTally: Sendable {
    /// Rows added so far.
    public private(set) var rowCount = 0
    /// Σ s and Σ s² of each variable [D].
    private var sums: [Double]
    private var squares: [Double]

    /// An empty one for rows of `variableCount` variables.
    public init(variableCount: Int) {
        sums = Array(repeating: 0, count: variableCount)
        squares = sums
    }

    /// Adds rows' surprisals [n × D], nats.
    public mutating func add(_ surprisals: Span<Float>) {
        let count = sums.count
        precondition(surprisals.count % count == 0)
        for row in 0..<surprisals.count / count {
            for variable in 0..<count {
                let value = Double(surprisals[row * count + variable])
                sums[variable] += value
                squares[variable] += value * value
            }
        }
        rowCount += surprisals.count / count
    }

    /// Nil before the first row.
    public var summary: SurprisalSummary? {
        guard rowCount > 0 else { return nil }
        let n = Double(rowCount)
        // Of floats in double precision: the difference of squares loses nothing that matters.
        let deviations = zip(sums, squares).map { sum, square in
            (max(square - sum * sum / n, 0) / max(n - 1, 1)).squareRoot()
        }
        return SurprisalSummary(means: sums.map { $0 / n }, standardDeviations: deviations)
    }
}
