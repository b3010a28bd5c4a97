/// What is said of rows beside their scores.
public struct ScoreDetails: Sendable, Equatable {
    /// How many columns are named a row, those of largest gain; nil: none.
    public var explain: Int?
    /// The share of false discoveries among the rows that are called discoveries, in the mean at most; nil: none are.
    public var falseDiscoveryRate: Double?

    /// The scores alone, unless told otherwise.
    public init(explain: Int? = nil, falseDiscoveryRate: Double? = nil) {
        self.explain = explain
        self.falseDiscoveryRate = falseDiscoveryRate
    }
}
