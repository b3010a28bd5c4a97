/// Calibration rows as a model takes them, for rows with values that are not known: those are compared with rows that lack the
/// same values.
public struct CalibrationRows: Sendable, Equatable {
    /// D.
    public let variableCount: Int
    /// Encoded rows [k × D] (see `Variable`).
    public let values: [Float]
    /// How much more surprising each value was to a fit that had not seen its row than it is to the model, which has [k × D],
    /// nats; empty where the model has not seen the rows either.
    public let surprisalOffsets: [Float]

    /// How many rows are kept where nobody chose.
    public static let defaultRowCount = 1000

    /// Precondition: at least one row; as many offsets as values, or none; offsets finite.
    public init(_ values: [Float], surprisalOffsets: [Float] = [], variableCount: Int) {
        precondition(variableCount > 0 && !values.isEmpty && values.count % variableCount == 0)
        precondition(surprisalOffsets.isEmpty || surprisalOffsets.count == values.count)
        self.variableCount = variableCount
        self.values = values
        self.surprisalOffsets = surprisalOffsets
    }

    /// k.
    public var rowCount: Int { values.count / variableCount }

    /// The offsets of one row [D], nats; 0 where the model has not seen it.
    package func offsets(of row: Int) -> [Float] {
        surprisalOffsets.isEmpty
            ? Array(repeating: 0, count: variableCount)
            : Array(surprisalOffsets[row * variableCount..<(row + 1) * variableCount])
    }
}
