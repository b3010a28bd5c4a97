internal import CRows
internal import MADE

/// Reads a table whose columns are not known yet: cells become doubles, and texts that stand for doubles.
final class TableScanner {
    let path: String
    let format: LineFormat
    /// The rows that are kept: numbers, and NaNs that carry texts (see `CRows.h`).
    private(set) var rows: RowReservoir
    /// What there is to say of the file.
    var remarks: [String] { source.remarks.map(\.description) }
    private let source: TextSource
    private let handle: Handle
    private var isAtEnd = false
    /// How the numbers of some columns are written, by name.
    private var forms: [String: Schema.NumberForm] = [:]
    /// Whether day or month stands first in dates of some columns, by name.
    private var orders: [String: made_date_order] = [:]

    /// Owns the C scanner.
    private final class Handle {
        let pointer: OpaquePointer

        init?(_ format: LineFormat, _ header: LineHeader, separator: CChar) {
            guard let pointer = made_table_scanner_create(format.handle, header.handle, separator) else { return nil }
            self.pointer = pointer
        }

        deinit { made_table_scanner_free(pointer) }
    }

    /// Opens `path` and looks at its first piece; `-` is standard input.
    ///
    /// - Throws: `TableError` where the file cannot be read or holds nothing.
    convenience init(
        path: String, header: LineHeader, limit: RowLimit = .rows(.max), seed: UInt64 = 0,
        command: String? = nil
    ) throws(TableError) {
        let source: TextSource
        do {
            source = try TextSource(path: path, command: command, fillsPieces: true)
        } catch {
            throw TableError(error)
        }
        try self.init(source, path: path, header: header, limit: limit, seed: seed)
    }

    /// Looks at the first piece of a text, which errors call `path`.
    init(
        _ source: TextSource, path: String, header: LineHeader, limit: RowLimit = .rows(.max), seed: UInt64 = 0
    ) throws(TableError) {
        self.path = path
        rows = RowReservoir(limit, seed: seed)
        self.source = source
        guard let format = LineFormat(guessedFrom: source.rest) else { throw TableError(path: path, problem: .empty) }
        self.format = format
        guard let preview = Handle(format, header, separator: 0), let handle = Handle(format, header, separator: 0)
        else { throw Self.memory(path) }
        self.handle = handle
        try findNumberForms(with: preview)
    }

    private static func memory(_ path: String) -> TableError {
        TableError(path: path, problem: .unreadable(reason: "memory is short"))
    }

    /// How the columns are read that are named so; before the first read.
    func use(
        _ name: String, as use: made_cell_use, form: Schema.NumberForm? = nil, order: made_date_order? = nil
    ) throws(TableError) {
        let form = form ?? forms[name]
        forms[name] = form
        let order = order ?? orders[name] ?? MADE_USUAL_ORDER
        orders[name] = order
        let pool = TextPool()
        let isSet: Bool
        if let form {
            var form = made_number_form(form, pool)
            isSet = made_table_scanner_use(handle.pointer, pool.text(name), use, &form, order)
        } else {
            isSet = made_table_scanner_use(handle.pointer, pool.text(name), use, nil, order)
        }
        if !isSet { throw Self.memory(path) }
    }

    /// Reads all rows, of which `rows` keeps as many as it may.
    ///
    /// - Throws: `TableError` naming the line.
    func readAll() throws(TableError) {
        while true {
            var rows: UnsafeMutablePointer<Double>?
            var count = 0
            if source.rest.isEmpty && !isAtEnd {
                do { isAtEnd = try !source.refill() } catch { throw TableError(error) }
            }
            let bytes = source.rest
            let found = made_table_scanner_read(
                handle.pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, isAtEnd, 4096,
                &rows, &count)
            source.drop(found.byte_count)
            take(UnsafeBufferPointer(start: rows, count: count), rowCount: found.row_count)
            if found.status != MADE_TABLE_OK { throw error(found) }
            if found.is_over {
                self.rows.sort()
                return
            }
        }
    }

    private func take(_ values: UnsafeBufferPointer<Double>, rowCount count: Int) {
        let isFirst = rows.rowCount == 0
        rows.add(values, rowCount: count)
        if isFirst, count > 0, let bytes = source.byteCount, source.consumedByteCount > 0 {
            let estimate = Double(bytes) / Double(source.consumedByteCount) * Double(count)
            rows.reserve(Int(estimate * 1.1) + 8192)
        }
    }

    private func error(_ found: made_table_read) -> TableError {
        let problem: TableError.Problem =
            switch found.status {
            case MADE_TABLE_QUOTE_UNCLOSED: .quoteUnclosed
            case MADE_TABLE_HEADER_MALFORMED: .headerMalformed
            case MADE_TABLE_CELL_TOO_LONG: .cellTooLong(limit: Int(MADE_CELL_BYTES_MAX))
            case MADE_TABLE_TOO_MANY_COLUMNS: .tooManyColumns(limit: Int(MADE_TABLE_COLUMNS_MAX))
            default: .unreadable(reason: "memory is short")
            }
        return TableError(path: path, line: found.line > 0 ? found.line : nil, problem: problem)
    }
}

extension TableScanner {
    /// A text of a column, numbered as it came.
    struct Text {
        /// In normal form C, without outer blanks.
        let text: String
        /// The line it stood in first.
        let line: Int
        /// How many cells it is.
        let count: Int
        /// How many of them are in rows that are kept.
        var keptCount: Int
        /// What it is as a number; nil where it is none.
        let number: Double?
        /// It looks like a number and is none, for it would lose digits: a leading zero, or beyond a double's.
        let isCode: Bool
    }

    /// Names of the columns so far.
    var columns: [String] { Self.names(handle) }

    private static func names(_ handle: Handle) -> [String] {
        (0..<made_table_scanner_column_count(handle.pointer)).map {
            String(made_table_scanner_column_name(handle.pointer, $0))
        }
    }

    /// How the numbers of `column` are written.
    func form(column: Int) -> Schema.NumberForm {
        forms[String(made_table_scanner_column_name(handle.pointer, column))] ?? Schema.NumberForm()
    }

    /// By which order dates of `column` were read that do not tell.
    func dateOrder(column: Int) -> made_date_order {
        orders[String(made_table_scanner_column_name(handle.pointer, column))] ?? MADE_USUAL_ORDER
    }

    /// Whether the first line named them.
    var hasHeader: Bool { made_table_scanner_has_header(handle.pointer) }

    /// What separates cells of CSV.
    var separator: Character {
        Character(Unicode.Scalar(UInt8(bitPattern: made_table_scanner_separator(handle.pointer))))
    }

    /// Lines that were passed over because they are no rows: how many, and the first few with their cells.
    var malformed: (count: Int, first: [(line: Int, cells: Int)]) {
        let count = made_table_scanner_malformed_count(handle.pointer)
        let first = (0..<min(count, Int(MADE_MALFORMED_LINES_MAX))).map { index in
            let line = made_table_scanner_malformed_line(handle.pointer, index)
            return (line.line, line.found)
        }
        return (count, first)
    }

    /// The texts of `column`, in whatever row they are.
    func texts(column: Int) -> [Text] {
        var texts = Self.texts(handle, column)
        guard rows.isSampled else { return texts }
        for index in texts.indices { texts[index].keptCount = 0 }
        for value in rows.columns[column] {
            if let index = Self.text(of: value) { texts[index].keptCount += 1 }
        }
        return texts
    }

    /// The place among the texts of its column of the one that `value` stands for; nil where it is a number or missing, or
    /// where its text is not kept.
    static func text(of value: Double) -> Int? {
        guard value.isNaN else { return nil }
        let bits = value.bitPattern
        guard bits >= UInt64(MADE_TEXT_BITS), bits <= UInt64(Int64.max) else { return nil }
        return Int(bits - UInt64(MADE_TEXT_BITS))
    }

    private static func texts(_ handle: Handle, _ column: Int) -> [Text] {
        (0..<made_table_scanner_text_count(handle.pointer, column)).map { index in
            let found = made_table_scanner_text(handle.pointer, column, index)
            return Text(
                text: String(found.text), line: found.line, count: found.count, keptCount: found.count,
                number: found.is_number ? found.value : nil, isCode: found.is_code)
        }
    }

    /// What is known of the cells of `column`.
    func facts(column: Int) -> made_table_column_facts { made_table_scanner_facts(handle.pointer, column) }

    /// The order of day and month in texts that are dates, most of them at least; nil where they are none.
    private static func dateOrder(of texts: [Text]) -> made_date_order? {
        let words = texts.filter { $0.number == nil }
        var facts: [made_date_order.RawValue: UInt32] = [:]
        var count = 0
        for word in words {
            let found = [MADE_MONTH_FIRST, MADE_DAY_FIRST].map {
                (order: $0, date: DateText.date(word.text, order: $0))
            }
            count += found.contains { $0.date != nil } ? 1 : 0
            for (order, date) in found { facts[order.rawValue, default: 0] |= date?.facts ?? 0 }
        }
        guard count > 0, count == texts.count || count >= 10 * (texts.count - count) else { return nil }
        func shows(_ order: made_date_order) -> Bool {
            (facts[order.rawValue] ?? 0) & UInt32(MADE_DATE_SHOWS_ORDER.rawValue) != 0
        }
        if shows(MADE_DAY_FIRST) != shows(MADE_MONTH_FIRST) {
            return shows(MADE_DAY_FIRST) ? MADE_DAY_FIRST : MADE_MONTH_FIRST
        }
        return MADE_USUAL_ORDER
    }

    /// Reads the first piece, which stays where it is, to see how numbers are written.
    private func findNumberForms(with preview: Handle) throws(TableError) {
        var rows: UnsafeMutablePointer<Double>?
        var count = 0
        let bytes = source.wholeLines
        _ = made_table_scanner_read(
            preview.pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, true, .max, &rows,
            &count)
        let prefersComma = made_table_scanner_separator(preview.pointer) == CChar(UInt8(ascii: ";"))
        for (column, name) in Self.names(preview).enumerated() {
            // A text without a digit is a label, or stands for a missing value.
            let texts = Self.texts(preview, column).filter { $0.text.utf8.contains { (48...57).contains($0) } }
            guard texts.contains(where: { $0.number == nil }) else { continue }
            if let order = Self.dateOrder(of: texts) {
                try use(name, as: MADE_CELL_DATE, order: order)
                continue
            }
            guard let form = NumberText.form(of: texts.map(\.text), prefersDecimalComma: prefersComma) else { continue }
            try use(name, as: MADE_CELL_ANY, form: form)
        }
    }
}

extension NumberText {
    /// The form by which all of `texts` are numbers, where it is not the plain one; nil where there is none.
    fileprivate static func form(of texts: [String], prefersDecimalComma: Bool) -> Schema.NumberForm? {
        let pool = TextPool()
        let (pointer, count) = pool.texts(texts)
        var found = made_number_form()
        guard let pointer, made_find_number_form(pointer, count, prefersDecimalComma, &found) else { return nil }
        let form = Schema.NumberForm(
            hasDecimalComma: found.has_decimal_comma,
            groupSeparator: found.group_separator == 0
                ? "" : String(Unicode.Scalar(UInt8(bitPattern: found.group_separator))),
            unit: String(found.unit), hasParentheses: found.has_parentheses)
        // Letters behind a few numbers are no unit: 3a among house numbers, 4o for 40.
        let isLetters = form.unit.unicodeScalars.contains(where: \.properties.isAlphabetic)
        if isLetters, texts.count(where: { $0.contains(form.unit) }) * 2 <= texts.count { return nil }
        return withExtendedLifetime(pool) { form.isPlain ? nil : form }
    }
}
