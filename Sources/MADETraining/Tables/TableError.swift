/// What is wrong with a table of input, and where.
public struct TableError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The ways in which a table can be wrong.
    public enum Problem: Sendable, Equatable {
        /// The file cannot be opened or read; the system's reason.
        case unreadable(reason: String)
        /// There is not even a header.
        case empty
        /// The first line holds numbers.
        case headerMissing
        /// The first line has no comma, but another character that separates cells elsewhere.
        case separator(String)
        /// Bytes of the header are not UTF-8.
        case headerNotUTF8
        /// A column has no name; its number, from 1.
        case columnUnnamed(number: Int)
        /// Two columns have one name.
        case columnRepeated
        /// More columns than `limit`.
        case tooManyColumns(limit: Int)
        /// A header, and nothing below it.
        case noRows
        /// A line has more or fewer cells than the header.
        case cellCount(found: Int, expected: Int)
        /// A row, counted from 1 below the header, has no label.
        case rowUnlabelled(number: Int)
        /// A cell of a binary column holds something else than 0 or 1.
        case cellNotBinary(text: String)
        /// A cell of a column of numbers holds something else.
        case cellNotNumber(text: String)
        /// A cell of a categorical column holds none of its labels.
        case labelUnknown(text: String, labels: [String])
        /// Bytes of a cell are not UTF-8.
        case cellNotUTF8
        /// A label is longer than `limit` bytes.
        case labelTooLong(limit: Int)
        /// A column has more than `limit` different labels.
        case tooManyLabels(limit: Int)
        /// Columns whose labels are mostly in one row or a few, as those of identifiers are.
        case identifiers(columns: [String])
        /// All columns are left out.
        case allDropped
        /// A column without a value in any row.
        case columnEmpty
        /// A cell, or what an unclosed quote makes of the rest of the file, is longer than `limit` bytes.
        case cellTooLong(limit: Int)
        /// The file ends within quotes.
        case quoteUnclosed
        /// Something other than a comma or the line's end follows a closing quote.
        case quoteNotAtEnd
        /// A column that is needed is not there; the columns that are.
        case columnMissing(present: [String])
        /// A column that nobody asked for; the columns that would be right.
        case columnUnexpected(expected: [String])
    }

    /// Path of the table, `-` for standard input.
    public let path: String
    /// Number of the line, from 1; nil where the whole file is meant.
    public let line: Int?
    /// Name of the column; nil where no single column is meant.
    public let column: String?
    /// What is wrong.
    public let problem: Problem

    /// An error at a place of `path`.
    public init(path: String, line: Int? = nil, column: String? = nil, problem: Problem) {
        self.path = path
        self.line = line
        self.column = column
        self.problem = problem
    }

    /// One line: where, what is wrong, and what would be right.
    public var description: String {
        let file = path == "-" ? "standard input" : path
        let place = line.map { "\(file), line \($0)" } ?? file
        let name = column.map { "column \"\($0.prefix(60))\"" } ?? "a column"
        return switch problem {
        case .unreadable(let reason): "\(place): cannot be read: \(reason)"
        case .empty: "\(place): is empty; the first line must name the columns"
        case .headerMissing: "\(place): holds numbers; the first line must name the columns"
        case .separator(let separator):
            "\(place): the cells are separated by \(separator == "\t" ? "tabs" : "\"\(separator)\""); commas are expected"
        case .headerNotUTF8: "\(place): the column names are not UTF-8"
        case .columnUnnamed(let number): "\(place): column \(number) has no name"
        case .columnRepeated: "\(place): \(name) occurs twice; names must differ"
        case .tooManyColumns(let limit): "\(place): more than \(limit) columns"
        case .noRows: "\(place): no rows below the header"
        case .cellCount(let found, let expected):
            "\(place): \(found) cell\(found == 1 ? "" : "s"), the header has \(expected)"
        case .rowUnlabelled(let number): "\(place), \(name): row \(number) below the header is empty; 0 or 1 expected"
        case .cellNotBinary(let text): "\(place), \(name): \"\(Self.cut(text))\" is not 0 or 1"
        case .cellNotNumber(let text): "\(place), \(name): \"\(Self.cut(text))\" is not a number"
        case .labelUnknown(let text, let labels):
            "\(place), \(name): \"\(Self.cut(text))\" is none of its labels: \(Self.list(labels))"
        case .cellNotUTF8: "\(place), \(name): the cell is not UTF-8"
        case .labelTooLong(let limit):
            "\(place), \(name): a label of more than \(limit) bytes; --drop leaves a column out"
        case .tooManyLabels(let limit):
            "\(place), \(name): more than \(limit) different labels; --drop leaves a column out"
        case .identifiers(let columns):
            "\(place): too few rows share a label in \(Self.list(columns)); to leave identifiers out, "
                + "--drop \(columns.joined(separator: ","))"
        case .allDropped: "\(place): all columns are left out"
        case .columnEmpty: "\(place): \(name) has no value in any row; --drop leaves it out"
        case .cellTooLong(let limit): "\(place), \(name): a cell of more than \(limit) bytes; is a quote left open?"
        case .quoteUnclosed: "\(place), \(name): the file ends within quotes"
        case .quoteNotAtEnd: "\(place), \(name): a comma or the line's end must follow a closing quote"
        case .columnMissing(let present): "\(place): no \(name); there are \(Self.list(present))"
        case .columnUnexpected(let expected): "\(place): \(name) is not expected; only \(Self.list(expected))"
        }
    }

    private static func cut(_ text: String) -> String {
        text.count > 40 ? text.prefix(40) + "…" : text
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count))" : "")
    }
}
