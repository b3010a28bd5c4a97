/// How the scores of a text of rows are written, row by row.
package protocol ScoreOutput {
    /// Before the first row; `hasHeader`: lines of CSV start with one that names their columns.
    mutating func begin(hasHeader: Bool)
    /// `kept` are the cells to be copied, one a kept column.
    mutating func write(_ row: ScoredRow, kept: KeptCells)
    /// Row `row` could not be scored.
    mutating func write(fault detail: String, row: Int, kept: KeptCells)
    /// Hands out what was written since the last call and can be sent before the rest is there.
    mutating func take() -> [UInt8]
    /// Bytes that cannot be sent yet, roughly.
    var heldByteCount: Int { get }
    /// After the last row: what was held.
    mutating func finish() -> [[UInt8]]
}

/// What a row came to.
package struct ScoredRow {
    /// log p(x), nats.
    package var logLikelihood: Double
    /// The statistic that it is judged by, nats.
    package var score: Double
    /// Nil of a model that gives none, and where there are no rows to compare with.
    package var pValue: Double?
    /// Whether it is an anomaly; nil where nobody can tell.
    package var isAnomaly: Bool?
    /// The group whose calibration rows its p-value is read from; nil: the rest, or there are no groups.
    package var group: Int?
    /// Of a row with values that are not known: how many calibration rows its p-value is read from.
    package var calibrationRowCount: Int?
    /// Why nobody can tell, there.
    package var note: String?
    /// Nil of a row without missing values.
    package var estimate: RowEstimate?
    /// The columns of largest gain; nil where nobody asked.
    package var explanation: [CellExplanation]?

    package init(
        logLikelihood: Double, score: Double, pValue: Double?, isAnomaly: Bool?, group: Int? = nil,
        calibrationRowCount: Int? = nil,
        estimate: RowEstimate? = nil, explanation: [CellExplanation]? = nil
    ) {
        self.logLikelihood = logLikelihood
        self.score = score
        self.pValue = pValue
        self.isAnomaly = isAnomaly
        self.group = group
        self.calibrationRowCount = calibrationRowCount
        self.estimate = estimate
        self.explanation = explanation
    }
}

/// What there is to say of the score of a row with missing values.
package struct RowEstimate {
    /// Of the log-likelihood, nats.
    package var standardError: Double
    /// How many values the row has.
    package var knownCount: Int

    /// Of a row [D], NaN where a value is missing; nil where none is.
    package init?(of row: some Sequence<Float>, standardError: Double) {
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
