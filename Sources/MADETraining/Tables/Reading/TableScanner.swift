internal import CRowScanner
internal import Glibc

/// Reads a CSV file (RFC 4180) whose first line names the columns: cells become floats, and texts that stand for floats.
///
/// Lines end in LF or CRLF; a UTF-8 byte order mark and blank lines at the end are passed over.
struct TableScanner: ~Copyable {
    /// What a column is read as, and the column of the matrix that it fills.
    struct Use {
        /// How its cells are read.
        var cells: made_cell_use
        /// Nil for a column that is passed over.
        var target: Int?

        static let skipped = Use(cells: MADE_CELL_SKIPPED, target: nil)
    }

    /// Column names, all different.
    let columns: [String]
    let path: String
    /// Bytes of the rows so far.
    private(set) var rowBytes = 0
    private var source: ByteSource
    private let cutter: CellCutter
    private var scanner: OpaquePointer?
    private var matrix = made_float_buffer()
    private var sourceIsAtEnd = false
    private var isOver = false

    /// Opens `path` and reads the header; `-` is standard input.
    ///
    /// - Throws: `TableError` where the file cannot be read or the header is wrong.
    init(path: String) throws(TableError) {
        var source = try ByteSource(path: path)
        let cutter = try CellCutter(path: path)
        var header = TableHeader(path: path)
        while try header.takeCell(of: &source, cutter.handle) {}
        let names = try header.checked()
        columns = names
        self.path = path
        self.cutter = cutter
        self.source = source
    }

    deinit {
        made_table_scanner_free(scanner)
        free(matrix.values)
    }

    /// Bytes of the whole file; nil where that cannot be known.
    var byteCount: Int? { source.byteCount }

    /// Says how each column is read, before the first row.
    mutating func start(_ uses: [Use]) throws(TableError) {
        let columns = uses.map { made_table_column(use: $0.cells, target: $0.target ?? 0) }
        scanner = columns.withUnsafeBufferPointer { columns in
            columns.baseAddress.flatMap { made_table_scanner_create(cutter.handle, $0, columns.count) }
        }
        guard scanner != nil else { throw TableError(path: path, problem: .unreadable(reason: "memory is short")) }
    }

    /// Appends at most `rowsMax` rows to `values`, texts as what `TextNumber` tells; how many, 0 at the end.
    ///
    /// - Returns: the fault that ended the rows after those, too: texts before it may be worse.
    mutating func read(rowsMax: Int, into values: inout [Float]) throws(TableError) -> (
        rowCount: Int, fault: TableError?
    ) {
        guard let scanner else { preconditionFailure("start comes before read") }
        var rowCount = 0
        matrix.count = 0
        while rowCount < rowsMax && !isOver {
            let bytes = source.rest
            let found = made_table_scanner_read(
                scanner, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, sourceIsAtEnd,
                rowsMax - rowCount, &matrix)
            source.drop(found.byte_count)
            rowBytes += found.byte_count
            rowCount += found.row_count
            isOver = found.is_over
            if found.status != MADE_TABLE_OK {
                append(to: &values)
                return (rowCount, error(found))
            }
            if rowCount < rowsMax && !isOver { sourceIsAtEnd = try !source.refill() }
        }
        append(to: &values)
        return (rowCount, nil)
    }

    private func append(to values: inout [Float]) {
        values.append(contentsOf: UnsafeBufferPointer(start: matrix.values, count: matrix.count))
    }

    private func error(_ found: made_table_read) -> TableError {
        let column = columns.indices.contains(found.column) ? columns[found.column] : nil
        func problem(_ problem: TableError.Problem, at column: String? = column) -> TableError {
            TableError(path: path, line: found.line, column: column, problem: problem)
        }
        return switch found.status {
        case MADE_TABLE_CELL_COUNT: problem(.cellCount(found: found.found, expected: columns.count), at: nil)
        case MADE_TABLE_CELL_TOO_LONG: problem(.cellTooLong(limit: Int(MADE_CELL_BYTES_MAX)))
        case MADE_TABLE_QUOTE_NOT_AT_END: problem(.quoteNotAtEnd)
        case MADE_TABLE_QUOTE_UNCLOSED: problem(.quoteUnclosed)
        case MADE_TABLE_NOT_UTF8: problem(.cellNotUTF8)
        case MADE_TABLE_TEXT_TOO_LONG: problem(.labelTooLong(limit: Int(MADE_TEXT_BYTES_MAX)))
        case MADE_TABLE_TOO_MANY_TEXTS: problem(.tooManyLabels(limit: Int(MADE_TEXTS_MAX)))
        default: problem(.unreadable(reason: "memory is short"), at: nil)
        }
    }
}

/// Owns a cutter of cells: what refers to it must go first.
private final class CellCutter {
    let handle: OpaquePointer

    init(path: String) throws(TableError) {
        guard let handle = made_cell_cutter_create() else {
            throw TableError(path: path, problem: .unreadable(reason: "memory is short"))
        }
        self.handle = handle
    }

    deinit { made_cell_cutter_free(handle) }
}

extension TableScanner {
    /// A text of a column, numbered as it came.
    struct Text {
        let text: String
        /// The line it stood in first.
        let line: Int
        /// How many cells it is.
        let count: Int
        /// What it is as a number; nil where it is none.
        let number: Double?
    }

    /// How many different texts the file's `column` has had.
    func textCount(column: Int) -> Int {
        scanner.map { made_table_scanner_text_count($0, column) } ?? 0
    }

    /// Texts from number `first` on of the file's `column`.
    func texts(column: Int, from first: Int = 0) -> [Text] {
        guard let scanner else { return [] }
        return (first..<textCount(column: column)).map { index in
            let found = made_table_scanner_text(scanner, column, index)
            let bytes = UnsafeRawBufferPointer(start: found.text.bytes, count: found.text.count)
            return Text(
                text: String(decoding: bytes, as: UTF8.self), line: found.line, count: found.count,
                number: found.is_number ? found.value : nil)
        }
    }

    /// What is known of the numbers of the file's `column`.
    func numbers(column: Int) -> made_table_numbers {
        scanner.map { made_table_scanner_numbers($0, column) } ?? made_table_numbers()
    }

    /// Puts the value of its text, `textValues[column][number]`, in the place of each text of `values` [rows × columns],
    /// from element `start` on.
    static func resolve(_ values: inout [Float], from start: Int = 0, _ textValues: [[Float]]) {
        values.withUnsafeMutableBufferPointer { values in
            for row in stride(from: start, to: values.count, by: textValues.count) {
                for column in 0..<textValues.count {
                    let bits = values[row + column].bitPattern
                    guard bits >= UInt32(MADE_TEXT_BITS) && bits <= Int32.max else { continue }
                    values[row + column] = textValues[column][Int(bits) - Int(MADE_TEXT_BITS)]
                }
            }
        }
    }
}
