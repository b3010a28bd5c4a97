import CRows
import Foundation

/// What a table's scanner gave, copied out of its memory.
struct Tabled: Equatable {
    /// A cell by what it stands for.
    enum Cell: Equatable {
        case missing
        case number(Double)
        case text(String)
        case lost
    }

    var status = MADE_TABLE_OK
    var line = 0
    var names: [String] = []
    var rows: [[Cell]] = []
    var separator = ""
    var hasHeader = false
    /// Lines that are no rows, and their cells.
    var malformed: [Int: Int] = [:]
    var malformedCount = 0
}

/// A table's scanner, which reads one text.
final class Tabling {
    let scanner: OpaquePointer
    private let texts = Texts()

    init?(
        _ format: made_stream_format = MADE_STREAM_CSV, header: made_stream_header = MADE_HEADER_GUESSED,
        separator: String = "", uses: [String: (made_cell_use, Form)] = [:]
    ) {
        guard
            let scanner = made_table_scanner_create(format, header, CChar(bitPattern: separator.utf8.first ?? 0))
        else { return nil }
        self.scanner = scanner
        for (name, (use, form)) in uses {
            var form = texts.form(form)
            guard made_table_scanner_use(scanner, texts.text(name), use, &form, MADE_MONTH_FIRST) else { return nil }
        }
    }

    deinit { made_table_scanner_free(scanner) }

    /// Reads pieces to the end, at most `rowsMax` rows at a time.
    func callAsFunction(_ pieces: [[UInt8]], rowsMax: Int = 1 << 20) -> Tabled {
        var result = Tabled()
        for (index, piece) in pieces.enumerated() {
            // A block of exactly this size, so that the address sanitizer sees every byte read too many.
            let block = UnsafeMutableRawPointer.allocate(byteCount: max(piece.count, 1), alignment: 1)
            defer { block.deallocate() }
            block.copyMemory(from: piece, byteCount: piece.count)
            var taken = 0
            while true {
                var values: UnsafeMutablePointer<Double>?
                var count = 0
                let read = made_table_scanner_read(
                    scanner, block.assumingMemoryBound(to: CChar.self) + taken, piece.count - taken,
                    index == pieces.count - 1, rowsMax, &values, &count)
                taken += read.byte_count
                take(UnsafeBufferPointer(start: values, count: count), rowCount: read.row_count, to: &result)
                result.status = read.status
                result.line = read.line
                if read.is_over || (taken == piece.count && read.row_count == 0) { break }
            }
        }
        describe(&result)
        return result
    }

    func callAsFunction(_ text: String) -> Tabled { self([Array(text.utf8)]) }

    func facts(_ column: Int) -> made_table_column_facts { made_table_scanner_facts(scanner, column) }

    func columnTexts(_ column: Int) -> [made_table_text] {
        (0..<made_table_scanner_text_count(scanner, column)).map { made_table_scanner_text(scanner, column, $0) }
    }

    private func take(_ values: UnsafeBufferPointer<Double>, rowCount: Int, to result: inout Tabled) {
        let width = rowCount == 0 ? 0 : values.count / rowCount
        for row in 0..<rowCount {
            result.rows.append((0..<width).map { cell(values[row * width + $0], column: $0) })
        }
    }

    private func cell(_ value: Double, column: Int) -> Tabled.Cell {
        let missing: UInt64 = 0x7FF8_0000_0000_0000
        switch value.bitPattern {
        case missing: return .missing
        case missing + 1: return .lost
        case let bits where value.isNaN:
            return .text(string(made_table_scanner_text(scanner, column, Int(bits - missing - 2)).text))
        default: return .number(value)
        }
    }

    private func describe(_ result: inout Tabled) {
        result.names = (0..<made_table_scanner_column_count(scanner)).map {
            string(made_table_scanner_column_name(scanner, $0))
        }
        let separator = UInt8(bitPattern: made_table_scanner_separator(scanner))
        result.separator = separator == 0 ? "" : String(UnicodeScalar(separator))
        result.hasHeader = made_table_scanner_has_header(scanner)
        result.malformedCount = made_table_scanner_malformed_count(scanner)
        for index in 0..<min(result.malformedCount, Int(MADE_MALFORMED_LINES_MAX)) {
            let line = made_table_scanner_malformed_line(scanner, index)
            result.malformed[line.line] = line.found
        }
        // Rows before new columns came are short of missing values.
        for row in result.rows.indices {
            let short = result.names.count - result.rows[row].count
            if short > 0 { result.rows[row] += Array(repeating: .missing, count: short) }
        }
    }
}
