/// The table that a model was trained on: what its columns are called, how their cells are written, and which of them became
/// variables. Whoever reads a row for the model reads it by this.
///
/// Texts are in Unicode normal form C, without outer blanks.
public struct Schema: Sendable, Equatable, Codable {
    /// One column of the table.
    public struct Column: Sendable, Equatable, Codable {
        /// Its name, or the one that it was given: `column_1` in a table without a header. Empty for a column without one.
        public var name: String
        /// Why it is no variable; nil for one that is the variable of its name, or has some for its parts.
        public var leftOut: LeftOut?
        /// Texts that stand for a missing value in it, besides the empty one.
        public var missingTexts: [String]
        /// How its numbers are written.
        public var numberForm: NumberForm
        /// The texts that stand for 0 and 1 in a binary column; nil where they are "0" and "1".
        public var truthTexts: [String]?
        /// Whether its labels are numbers, of which every spelling is the same label.
        public var labelsAreNumbers: Bool
        /// Its dates or times; nil for a column of other values, which is one variable.
        public var clock: Clock?
        /// Training rows in which it has no value.
        public var missingRowCount: Int

        /// A column that is a variable, written plainly.
        public init(name: String) {
            self.name = name
            missingTexts = []
            numberForm = NumberForm()
            labelsAreNumbers = false
            missingRowCount = 0
        }
    }

    /// Why a column is left out.
    public enum LeftOut: String, Sendable, Equatable, Codable, CaseIterable {
        /// Somebody said so.
        case asked
        /// It has no name: the row numbers that a data frame writes.
        case unnamed
        /// It has no value in any row.
        case empty
        /// Its labels, or whole numbers, name rows: nearly all are different, or they rise with the rows.
        case identifier
        /// Its values are dates or times of which nothing comes back: all of one weekday, time of day and month.
        case date
        /// Its cells are texts rather than labels.
        case text
    }

    /// How numbers are written beyond digits, a sign, a point and an exponent.
    public struct NumberForm: Sendable, Equatable, Codable {
        /// The fraction stands behind a comma.
        public var hasDecimalComma: Bool
        /// What may stand between groups of three digits; empty for nothing.
        public var groupSeparator: String
        /// What may stand before or after the number: "$", "%", "EUR"; empty for nothing.
        public var unit: String
        /// A number in parentheses is negative, as accountants write it: (1,200) is −1200.
        public var hasParentheses: Bool

        /// The plain form, unless something is said.
        public init(
            hasDecimalComma: Bool = false, groupSeparator: String = "", unit: String = "", hasParentheses: Bool = false
        ) {
            self.hasDecimalComma = hasDecimalComma
            self.groupSeparator = groupSeparator
            self.unit = unit
            self.hasParentheses = hasParentheses
        }

        /// Whether it is the form of all numbers.
        public var isPlain: Bool { self == NumberForm() }
    }

    /// In the table's order.
    public var columns: [Column]
    /// Whether the table's first line named its columns. Where it did not, lines to be scored have no header either.
    public var hasHeader: Bool

    /// The schema of a table.
    public init(columns: [Column], hasHeader: Bool = true) {
        self.columns = columns
        self.hasHeader = hasHeader
    }
}

extension Schema.Column {
    private enum CodingKeys: String, CodingKey {
        case name
        case leftOut = "left_out"
        case missingTexts = "missing"
        case numberForm = "number"
        case truthTexts = "texts"
        case labelsAreNumbers = "number_labels"
        case missingRowCount = "missing_rows"
        case clock
    }

    /// Reads what `encode` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(name: try container.decode(String.self, forKey: .name))
        leftOut = try container.decodeIfPresent(Schema.LeftOut.self, forKey: .leftOut)
        missingTexts = try container.decodeIfPresent([String].self, forKey: .missingTexts) ?? []
        numberForm = try container.decodeIfPresent(Schema.NumberForm.self, forKey: .numberForm) ?? Schema.NumberForm()
        truthTexts = try container.decodeIfPresent([String].self, forKey: .truthTexts)
        labelsAreNumbers = try container.decodeIfPresent(Bool.self, forKey: .labelsAreNumbers) ?? false
        clock = try container.decodeIfPresent(Clock.self, forKey: .clock)
        missingRowCount =
            container.contains(.missingRowCount) ? try container.decodeWhole(forKey: .missingRowCount) : 0
    }

    /// Writes what is not as in a plain column.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(leftOut, forKey: .leftOut)
        if !missingTexts.isEmpty { try container.encode(missingTexts, forKey: .missingTexts) }
        if !numberForm.isPlain { try container.encode(numberForm, forKey: .numberForm) }
        try container.encodeIfPresent(truthTexts, forKey: .truthTexts)
        if labelsAreNumbers { try container.encode(true, forKey: .labelsAreNumbers) }
        try container.encodeIfPresent(clock, forKey: .clock)
        if missingRowCount > 0 { try container.encode(missingRowCount, forKey: .missingRowCount) }
    }
}

extension Schema.NumberForm {
    private enum CodingKeys: String, CodingKey {
        case decimal, group, unit, negative
    }

    /// What documents call the mark of negative numbers.
    package static let parentheses = "parentheses"

    /// Reads what `encode` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let decimal = try container.decodeIfPresent(String.self, forKey: .decimal) ?? "."
        guard decimal == "." || decimal == "," else {
            throw DecodingError.dataCorruptedError(
                forKey: .decimal, in: container, debugDescription: "\(decimal.quoted) is no decimal mark; . or , is")
        }
        let negative = try container.decodeIfPresent(String.self, forKey: .negative)
        guard negative == nil || negative == Self.parentheses else {
            throw DecodingError.dataCorruptedError(
                forKey: .negative, in: container, debugDescription: "only \(Self.parentheses) can mark negative numbers"
            )
        }
        self.init(
            hasDecimalComma: decimal == ",",
            groupSeparator: try container.decodeIfPresent(String.self, forKey: .group) ?? "",
            unit: try container.decodeIfPresent(String.self, forKey: .unit) ?? "", hasParentheses: negative != nil)
        guard ["", ",", ".", "'", "_", " "].contains(groupSeparator), groupSeparator != decimal else {
            throw DecodingError.dataCorruptedError(
                forKey: .group, in: container,
                debugDescription: "\(groupSeparator.quoted) cannot separate groups of digits here")
        }
    }

    /// Writes what is not as in a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if hasDecimalComma { try container.encode(",", forKey: .decimal) }
        if !groupSeparator.isEmpty { try container.encode(groupSeparator, forKey: .group) }
        if !unit.isEmpty { try container.encode(unit, forKey: .unit) }
        if hasParentheses { try container.encode(Self.parentheses, forKey: .negative) }
    }
}
