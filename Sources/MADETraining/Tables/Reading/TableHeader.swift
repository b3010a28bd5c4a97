internal import CRowScanner

/// The first line of a CSV file, which names the columns.
struct TableHeader {
    private let path: String
    private var names: [String] = []

    /// Most columns a table can have: a line that never ends should not fill the memory.
    static let columnCountMax = 65_536

    init(path: String) {
        self.path = path
    }

    /// Reads one more cell; false after the line's last.
    mutating func takeCell(of source: inout ByteSource, _ cutter: OpaquePointer) throws(TableError) -> Bool {
        guard names.count < Self.columnCountMax else { throw error(.tooManyColumns(limit: Self.columnCountMax)) }
        var isAtEnd = false
        while true {
            let bytes = source.rest
            let found = made_cell_cutter_next(
                cutter, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, isAtEnd)
            source.drop(found.byte_count)
            switch found.end {
            case MADE_CELL_UNFINISHED: isAtEnd = try !source.refill()
            case MADE_CELL_COMMA, MADE_CELL_LINE, MADE_CELL_LAST:
                let cell = UnsafeRawBufferPointer(start: found.text.bytes, count: found.text.count)
                guard let name = String(validating: cell, as: UTF8.self) else { throw error(.headerNotUTF8) }
                names.append(name)
                return found.end == MADE_CELL_COMMA
            case MADE_CELL_TOO_LONG: throw error(.cellTooLong(limit: Int(MADE_CELL_BYTES_MAX)))
            case MADE_CELL_QUOTE_NOT_AT_END: throw error(.quoteNotAtEnd)
            default: throw TableError(path: path, line: found.line, problem: .quoteUnclosed)
            }
        }
    }

    /// The names, if they can be names.
    func checked() throws(TableError) -> [String] {
        if names == [""] { throw TableError(path: path, problem: .empty) }
        // Years may be names; measurements are not.
        if names.allSatisfy({ Double($0) != nil }) || names.contains(where: { $0.contains(".") && Double($0) != nil }) {
            throw error(.headerMissing)
        }
        if names.count == 1, let separator = ([";", "\t", "|"] as [String]).first(where: { names[0].contains($0) }) {
            throw error(.separator(separator))
        }
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            guard !name.isEmpty else { throw error(.columnUnnamed(number: index + 1)) }
            guard seen.insert(name).inserted else { throw error(.columnRepeated, column: name) }
        }
        return names
    }

    private func error(_ problem: TableError.Problem, column: String? = nil) -> TableError {
        TableError(path: path, line: 1, column: column, problem: problem)
    }
}
