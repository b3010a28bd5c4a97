/// How the scores of a text of rows are written, row by row.
protocol ScoreOutput {
    /// Before the first row; `hasHeader`: lines of CSV start with one that names their columns.
    mutating func begin(hasHeader: Bool)
    /// `standardError` is that of a row with missing values, nats; nil for a complete one.
    mutating func write(logLikelihood: Double, standardError: Double?)
    /// Row `row` could not be scored.
    mutating func write(fault detail: String, row: Int)
    /// Hands out what was written since the last call and can be sent before the rest is there.
    mutating func take() -> [UInt8]
    /// Bytes that cannot be sent yet, roughly.
    var heldByteCount: Int { get }
    /// After the last row: what was held.
    mutating func finish() -> [[UInt8]]
}
