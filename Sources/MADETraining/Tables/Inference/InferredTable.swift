/// A table with the schema that was found in it.
public struct InferredTable: Sendable {
    /// The values, dropped columns left out.
    public let table: Table
    /// What they are.
    public let schema: TableSchema
    /// What was seen of each column of `schema`.
    public let facts: [ColumnFacts]
    /// Names of the columns that were left out, in the file's order.
    public let dropped: [String]
    /// Texts that were read as missing values, sorted.
    public let missingTexts: [String]
}

/// What was seen of one column of a table.
public struct ColumnFacts: Sendable, Equatable {
    /// Something that a user should know of a column.
    public enum Remark: Sendable, Equatable {
        /// All rows that have a value have the same.
        case constant
        /// So many labels of so many rows in all became the label `name`.
        case rareLabels(count: Int, rowCount: Int, name: String)
        /// Few different whole numbers, which may be codes.
        case fewNumbers(count: Int)
        /// Values are kept as floats, which are up to `loss` off.
        case imprecise(loss: Double)
        /// A label that stands for a missing value in other files.
        case labelLooksMissing(String)
    }

    /// Rows without a value.
    public var missingCount = 0
    /// Rows of each label, in the labels' order; categorical columns only.
    public var labelRowCounts: [Int] = []
    /// Least and greatest number; real columns only.
    public var range: ClosedRange<Double>?
    /// What else there is to say.
    public var remarks: [Remark] = []
}
