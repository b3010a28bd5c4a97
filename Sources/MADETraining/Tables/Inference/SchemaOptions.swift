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
        /// Exactly this.
        case exactly(TableSchema.Kind)
    }

    /// Choices by the column's name; the others are inferred.
    public var choices: [String: Choice] = [:]
    /// Labels that fewer rows have become one class, `other`.
    public var labelRowsMin = 5
    /// Most labels that a column keeps, the commonest; the others become `other`.
    public var labelsMax = 256
    /// Texts that stand for a missing value in every column, as the empty cell does.
    public var missingTexts: [String] = []

    /// Everything is inferred.
    public init() {}

    /// What the label of rare labels, and of labels never seen, is called.
    static let otherLabel = "other"
}
