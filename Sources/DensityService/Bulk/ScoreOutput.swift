/// How the scores of a text of rows are written, row by row.
protocol ScoreOutput {
    /// Before the first row; `hasHeader`: lines of CSV start with one that names their columns.
    mutating func begin(hasHeader: Bool)
    /// `estimate` is nil for a row without missing values.
    mutating func write(logLikelihood: Double, estimate: Estimate?)
    /// Row `row` could not be scored.
    mutating func write(fault detail: String, row: Int)
    /// Hands out what was written since the last call and can be sent before the rest is there.
    mutating func take() -> [UInt8]
    /// Bytes that cannot be sent yet, roughly.
    var heldByteCount: Int { get }
    /// After the last row: what was held.
    mutating func finish() -> [[UInt8]]
}

/// What there is to say of the score of a row with missing values.
struct Estimate {
    /// Of the log-likelihood, nats.
    var standardError: Double
    /// How many values the row has.
    var knownCount: Int

    /// Of a row [D], NaN where a value is missing; nil where none is.
    init?(of row: some Sequence<Float>, standardError: Double) {
        var knownCount = 0
        var count = 0
        for value in row {
            count += 1
            if !value.isNaN { knownCount += 1 }
        }
        if knownCount == count { return nil }
        self.standardError = standardError
        self.knownCount = knownCount
    }
}
