internal import CRowScanner

/// Cuts a file into the cells of RFC 4180, as served tables are cut: quotes, doubled quotes within them, LF or CRLF at
/// line ends.
struct CellScanner: ~Copyable {
    /// What followed a cell.
    enum Ending {
        case comma, lineEnd, fileEnd
    }

    /// Longest cell, bytes: a quote that is never closed should not fill the memory.
    static let cellBytesMax = MADE_CELL_BYTES_MAX

    /// The bytes of the last cell, quotes taken off.
    private(set) var cell: [UInt8] = []
    /// Whether the last cell stood in quotes.
    private(set) var isQuoted = false
    /// Number of the line the scanner is in, from 1.
    private(set) var line = 1

    let path: String
    private var source: ByteSource
    private let cutter: OpaquePointer
    private var isAtEnd = false

    /// `-` is standard input. A UTF-8 byte order mark is passed over.
    init(path: String) throws(TableError) {
        let source = try ByteSource(path: path)
        guard let cutter = made_cell_cutter_create() else {
            throw TableError(path: path, problem: .unreadable(reason: "memory is short"))
        }
        self.path = path
        self.source = source
        self.cutter = cutter
    }

    deinit { made_cell_cutter_free(cutter) }

    /// Reads the next cell into `cell`; `column` is its name, for errors.
    mutating func next(column: @autoclosure () -> String?) throws(TableError) -> Ending {
        while true {
            let bytes = source.rest
            let found = made_cell_cutter_next(
                cutter, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, isAtEnd)
            source.drop(found.byte_count)
            if found.end == MADE_CELL_UNFINISHED {
                isAtEnd = try !source.refill()
                continue
            }
            line = found.line
            isQuoted = found.is_quoted
            cell.removeAll(keepingCapacity: true)
            cell.append(contentsOf: UnsafeRawBufferPointer(start: found.text.bytes, count: found.text.count))
            switch found.end {
            case MADE_CELL_COMMA: return .comma
            case MADE_CELL_LINE: return .lineEnd
            case MADE_CELL_LAST: return .fileEnd
            case MADE_CELL_TOO_LONG: throw error(.cellTooLong(limit: Self.cellBytesMax), column())
            case MADE_CELL_QUOTE_NOT_AT_END: throw error(.quoteNotAtEnd, column())
            default: throw error(.quoteUnclosed, column())
            }
        }
    }

    private func error(_ problem: TableError.Problem, _ column: String?) -> TableError {
        TableError(path: path, line: line, column: column, problem: problem)
    }
}
