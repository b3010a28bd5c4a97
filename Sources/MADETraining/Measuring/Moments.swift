/// Mean and spread of numbers that come one by one, by Welford's update: a sum of squares of a long file would lose its
/// last digits.
public struct Moments: Sendable, Equatable {
    /// How many there were.
    public private(set) var count = 0
    /// Their mean; 0 where there were none.
    public private(set) var mean = 0.0
    private var squares = 0.0

    /// None yet.
    public init() {}

    /// Takes `value` as often as `count` says.
    public mutating func take(_ value: Double, count: Int = 1) {
        guard count > 0 else { return }
        let difference = value - mean
        self.count += count
        mean += difference * Double(count) / Double(self.count)
        squares += difference * (value - mean) * Double(count)
    }

    /// Square of `standardError`.
    var varianceOfMean: Double {
        count > 1 ? squares / Double(count - 1) / Double(count) : 0
    }

    /// The standard error of the mean; 0 of less than two numbers.
    public var standardError: Double { varianceOfMean.squareRoot() }
}
