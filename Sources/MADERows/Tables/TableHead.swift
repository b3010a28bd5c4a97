internal import CRows
internal import MADE

/// What the first piece of a table's text tells of its form.
struct TableHead {
    let format: LineFormat
    /// All columns: of CSV those of the first line, of NDJSON the keys that come in the piece and the model's table's.
    let names: [String]
    /// Of CSV.
    let separator: Character
    /// The first line of CSV as it came, without its end, where it names the columns; nothing where it does not.
    let header: [UInt8]

    /// Of a table for rows of `schema`, which begins with `bytes`; nil where memory is short.
    init?(_ bytes: UnsafeRawBufferPointer, _ schema: RowSchema) {
        format = LineFormat(guessedFrom: bytes) ?? .csv
        guard let scanner = made_table_scanner_create(format.handle, MADE_HEADER_PRESENT, 0) else { return nil }
        defer { made_table_scanner_free(scanner) }
        var rest = bytes
        while true {
            var rows: UnsafeMutablePointer<Double>?
            var count = 0
            let found = made_table_scanner_read(
                scanner, rest.baseAddress?.assumingMemoryBound(to: CChar.self), rest.count, true, .max, &rows, &count)
            rest = UnsafeRawBufferPointer(rebasing: rest[found.byte_count...])
            // A read of NDJSON ends before a row of new keys.
            if found.status != MADE_TABLE_OK || found.byte_count == 0 || rest.isEmpty { break }
        }
        let found = (0..<made_table_scanner_column_count(scanner)).map {
            String(made_table_scanner_column_name(scanner, $0))
        }
        separator = Character(Unicode.Scalar(UInt8(bitPattern: made_table_scanner_separator(scanner))))
        let known = SentColumns(of: schema).names
        guard format == .csv else {
            header = []
            names = known + found.filter { !known.contains($0) && !$0.isEmpty }
            return
        }
        let hasHeader = schema.table.hasHeader || found.contains { known.contains($0) }
        let line = made_table_scanner_header(scanner)
        header = hasHeader ? Array(UnsafeRawBufferPointer(start: line.bytes, count: line.count)) : []
        // Lines without a header have all columns of the table, or those that the model reads.
        let all = schema.table.columns.map(\.name)
        names = hasHeader ? found : found.count == all.count ? all : schema.columns.map(\.name)
    }
}
