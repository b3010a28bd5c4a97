public import MADE

/// A table with the schema that was found in it.
public struct InferredTable: Sendable {
    /// The values, columns that are left out aside, of the rows that were kept.
    public let table: Table
    /// How many rows were read, of which `table` has all, or a uniform random sample.
    public let readRowCount: Int
    /// What they are.
    public let schema: TableSchema
    /// What was seen of each column of `schema`.
    public let facts: [ColumnFacts]
    /// What there is to say of the file as a whole: its encoding, its separator, lines that are no rows. One sentence each.
    public let remarks: [String]

    /// Whether rows were read that `table` does not have.
    public var isSampled: Bool { table.rowCount < readRowCount }

    /// The columns that are left out, in the file's order.
    public var leftOut: [Schema.Column] { schema.table.columns.filter { $0.leftOut != nil } }

    /// Texts that were read as missing values in some column, sorted.
    public var missingTexts: [String] { Set(schema.table.columns.flatMap(\.missingTexts)).sorted() }
}

/// What was seen of one column of a table.
public struct ColumnFacts: Sendable, Equatable {
    /// Something that a user should know of a column.
    public enum Remark: Sendable, Equatable {
        /// All rows that have a value have the same.
        case constant
        /// So many labels of so many rows in all share the class `name`.
        case rareLabels(count: Int, rowCount: Int, name: String)
        /// So many labels are as many outputs of every network.
        case manyLabels(count: Int)
        /// Few different whole numbers, which may be codes.
        case fewNumbers(count: Int)
        /// Whole numbers of one width that repeat, as codes do, and are read as labels.
        case codes
        /// Words for true and false, read as 1 and 0.
        case truths(String, String)
        /// Texts of a column of numbers, read as missing values.
        case textsAmongNumbers([String], rowCount: Int)
        /// How the numbers are written.
        case numberForm(Schema.NumberForm)
        /// It is a part of the column of dates `column`, which are written by a form of `Clock`.
        case part(Clock.Part, of: String, form: String)
        /// A label that stands for a missing value in other files.
        case labelLooksMissing(String)
    }

    /// Rows of the table without a value.
    public var missingCount = 0
    /// Least and greatest number; real columns only.
    public var range: ClosedRange<Double>?
    /// What else there is to say.
    public var remarks: [Remark] = []
}
