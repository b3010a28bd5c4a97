public import MADE

/// What is asked of the inference of a table's schema.
public struct SchemaOptions: Sendable, Equatable {
    /// What a column is made whatever it looks like.
    public enum Choice: Sendable, Equatable {
        /// It is left out.
        case drop
        /// 0 and 1.
        case binary
        /// Numbers; their step is inferred.
        case real
        /// Labels, numbers too; they are taken from the table.
        case categorical
        /// Dates or times, written by a form of `Clock`; nil where that is to be found out.
        case date(form: String?)
        /// Exactly this, its cells written so.
        case exactly(TableSchema.Kind, Schema.Column)
    }

    /// Choices by the column's name; the others are inferred.
    public var choices: [String: Choice] = [:]
    /// Labels that fewer rows have share one class, `other`.
    public var labelRowsMin = 5
    /// Texts that stand for a missing value in every column, as the empty cell does.
    public var missingTexts: [String] = []
    /// Most rows that are kept: of more a uniform random sample, in their order. Nil: what fits in half of the memory.
    public var rowsMax: Int?
    /// What the sample is drawn by: the same rows, `rowsMax` and seed give the same sample.
    public var seed: UInt64 = 1
    /// Whether the first line of CSV names the columns. It is guessed to where not all of its cells are numbers.
    public var header = LineHeader.guessed

    /// Everything is inferred.
    public init() {}

    /// What is kept of the table.
    var rowLimit: RowLimit { rowsMax.map { .rows(max(1, $0)) } ?? .bytes(SystemMemory.byteCount / 2) }

    /// What the class of rare labels is called.
    static let otherLabel = "other"
}
