/// What becomes of a row whose missing values are filled in.
public struct RowImputation: Sendable, Equatable {
    /// What the row lets expect of a cell that it lacks, or of a part of a date.
    public struct Part: Sendable, Equatable {
        /// Of a column of dates `weekday`, `month`, `time` or `elapsed`; else nil.
        public let part: String?
        /// The middle 90 % of the numbers, or the shortest list of values that holds 90 %.
        public let range: ColumnExplanation.Expectation
        /// The probability that there is no value, in 0…1; nil where training had no holes in the column.
        public let missingProbability: Double?
    }

    /// One cell that was filled in.
    public struct Cell: Sendable, Equatable {
        /// The column's name.
        public let column: String
        /// One a draw; one where values are not drawn.
        public let values: [TableCell]
        /// One, or those of a date.
        public let parts: [Part]
    }

    /// The row's number among those that were filled in together, from 0.
    public let index: Int
    /// The cells that the row lacked, in the order of `TableModel.columns`.
    public let cells: [Cell]
    /// The row without a hole, one a draw; one where values are not drawn. What was there is as it came. Cells by name.
    public let rows: [TableRow]
}

/// What becomes of a file's rows that are filled in.
public struct TableImputations: Sendable {
    /// Of the rows that could be read, in order; `index` tells which row of the file each is.
    public let rows: [RowImputation]
    /// Why the others could not.
    public let faults: [RowFault]
}
