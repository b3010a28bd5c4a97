/// What a row would gain if one of its values were another.
public struct CellGain: Sendable, Equatable {
    /// The variable j.
    public let variable: Int
    /// max_v log p(x(j→v)) − log p(x), of encoded values (see `CompiledModel.gains`), nats, at least 0; v goes over the variable's values, "missing" not among them. 0 where
    /// x_j is not known.
    public let gain: Double
    /// The v that attains the maximum: 0 or 1, a label's index, or a number in the data's own units; the row's own value where
    /// the gain is 0 and it has one.
    public let expected: Double
}
