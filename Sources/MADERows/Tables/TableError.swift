package import MADE

/// What is wrong with a table of input, and where.
public struct TableError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The ways in which a table can be wrong.
    public enum Problem: Sendable, Equatable {
        /// The file cannot be opened or read; the system's reason.
        case unreadable(reason: String)
        /// It is no text of rows; one whole line that says what would be right.
        case foreign(String)
        /// There is nothing in it.
        case empty
        /// A header, and nothing below it.
        case noRows
        /// More columns than `limit`.
        case tooManyColumns(limit: Int)
        /// Most lines have more or fewer cells than the first; the first such line's count.
        case ragged(found: Int, expected: Int)
        /// The columns of its header are not those that are needed; what would be right.
        case columns(String)
        /// Nothing of it can be read as rows of a model.
        case stream(StreamError)
        /// A row is none of the schema; its number, what is wrong, and what would be right.
        case row(String)
        /// A row, counted from 1 below the header, has no label.
        case rowUnlabelled(number: Int, text: String?)
        /// A cell of a binary column holds something else than 0 or 1.
        case cellNotBinary(text: String)
        /// A cell of a column of numbers holds something else.
        case cellNotNumber(text: String)
        /// A cell of a column of dates or times holds something else.
        case cellNotDate(text: String)
        /// A date shows the other order of day and month than `form`.
        case dateOrder(form: String)
        /// Dates or times of which nothing comes back.
        case datesAlike
        /// A cell of a categorical column holds none of its labels.
        case labelUnknown(text: String, labels: [String])
        /// A column has more than `limit` different labels.
        case tooManyLabels(limit: Int)
        /// A column of labels holds a text of more than `limit` bytes.
        case labelTooLong(limit: Int)
        /// All columns are left out, and what would be right where the table is likely to have another form.
        case allDropped([LeftOutColumns], advice: String? = nil)
        /// A column without a value in any row.
        case columnEmpty
        /// A column that has values, but none in any of the `kept` rows that were sampled of `read` ones.
        case columnUnsampled(kept: Int, read: Int)
        /// A cell, or what an unclosed quote makes of the rest of the file, is longer than `limit` bytes.
        case cellTooLong(limit: Int)
        /// The file ends within quotes.
        case quoteUnclosed
        /// More than a separator or the line's end follows a closing quote in the first line.
        case headerMalformed
        /// A column that is needed is not there; the columns that are.
        case columnMissing(present: [String])
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

    init(_ error: TextSourceError) {
        self.init(path: error.path, problem: .foreign(error.description))
    }

    /// One line: where, what is wrong, and what would be right.
    public var description: String { description(naming: \.rawValue) }

    private static func cut(_ text: String) -> String {
        let scalars = text.unicodeScalars
        return scalars.count > 40 ? String(scalars.prefix(40)) + "…" : text
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count))" : "")
    }
}

extension TableError: NamesOptions {
    package func description(naming option: (OptionName) -> String) -> String {
        let file = path == "-" ? "standard input" : path
        let place = line.map { "\(file), line \($0)" } ?? file
        let name = column.map { "column \"\(String($0.unicodeScalars.prefix(60)))\"" } ?? "a column"
        return switch problem {
        case .unreadable(let reason): "\(place): cannot be read: \(reason)"
        case .foreign(let message): message
        case .empty: "\(place): is empty; the first line must name the columns"
        case .noRows: "\(place): no rows below the header"
        case .tooManyColumns(let limit): "\(place): more than \(limit) columns"
        case .ragged(found: 0, _):
            "\(place): is no table: most lines are no rows, as this one is none"
        case .ragged(let found, let expected):
            "\(place): is no table: most lines do not have the first line's \(expected) cell\(expected == 1 ? "" : "s"); "
                + "this one has \(found)"
        case .columns(let reason): "\(place): \(reason)"
        case .stream(let error): "\(place): \(error.description(naming: option))"
        case .row(let reason): "\(place): \(reason)"
        case .rowUnlabelled(let number, let text):
            "\(place), \(name): row \(number) is \(text.map { "\"\(Self.cut($0))\"" } ?? "empty"); 0 or 1 expected"
        case .cellNotBinary(let text): "\(place), \(name): \"\(Self.cut(text))\" is not 0 or 1"
        case .cellNotNumber(let text): "\(place), \(name): \"\(Self.cut(text))\" is not a number"
        case .cellNotDate(let text): "\(place), \(name): \"\(Self.cut(text))\" is not a date or time"
        case .dateOrder(let form):
            "\(place): \(name) has a date whose day and month stand the other way round than in \(form)"
        case .datesAlike:
            "\(place): \(name) has dates that are all of one weekday, month and time of day; \(option(.drop)) leaves it out"
        case .labelUnknown(let text, let labels):
            "\(place), \(name): \"\(Self.cut(text))\" is none of its labels: \(Self.list(labels))"
        case .tooManyLabels(let limit):
            "\(place), \(name): more than \(limit) different labels; \(option(.drop)) leaves a column out"
        case .labelTooLong(let limit):
            "\(place), \(name): a text of more than \(limit) bytes is no label; \(option(.drop)) leaves a column out"
        case .allDropped(let columns, let advice):
            "\(place): all columns are left out: "
                + columns.map { $0.description(naming: option) }.joined(separator: "; ") + "; "
                + (advice ?? "a model needs one column at least")
        case .columnEmpty: "\(place): \(name) has no value in any row; \(option(.drop)) leaves it out"
        case .columnUnsampled(let kept, let read):
            "\(place): \(name) has no value in any of the \(kept) rows sampled of \(read); \(option(.drop)) leaves it out, a larger "
                + "\(option(.rowsMax)) may find one"
        case .cellTooLong(let limit): "\(place): a cell of more than \(limit) bytes; is a quote left open?"
        case .quoteUnclosed: "\(place): a quote is opened and never closed"
        case .headerMalformed: "\(place): a separator or the line's end must follow a closing quote"
        case .columnMissing(let present): "\(place): no \(name); there are \(Self.list(present))"
        }
    }
}
