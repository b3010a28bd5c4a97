/// Reads a table of binary columns row by row in constant memory: CSV as of RFC 4180, the first line naming the columns.
///
/// Lines end in LF or CRLF; a UTF-8 byte order mark and blank lines at the end are passed over. A cell holds `0` or `1`,
/// also quoted, also written `0.0` or `1.0`.
public struct TableReader: ~Copyable {
    /// Column names, all different.
    public let columns: [String]
    private var scanner: CellScanner

    /// Most columns a table can have: a line that never ends should not fill the memory.
    public static let columnCountMax = 65_536

    /// Number of the last line that was read, from 1.
    public var line: Int { scanner.line }

    /// Opens `path` and reads the header; `-` is standard input.
    ///
    /// - Throws: `TableError` where the file cannot be read or the header is wrong.
    public init(path: String) throws(TableError) {
        var cells = try CellScanner(path: path)
        var names: [String] = []
        var ending = CellScanner.Ending.comma
        while ending == .comma {
            guard names.count < Self.columnCountMax else {
                throw TableError(path: path, line: 1, problem: .tooManyColumns(limit: Self.columnCountMax))
            }
            ending = try cells.next(column: nil)
            guard let name = String(validating: cells.cell, as: UTF8.self) else {
                throw TableError(path: path, line: 1, problem: .headerNotUTF8)
            }
            names.append(name)
        }
        try Self.checkHeader(names, path: path)
        columns = names
        scanner = cells
    }

    private static func checkHeader(_ names: [String], path: String) throws(TableError) {
        if names == [""] { throw TableError(path: path, problem: .empty) }
        if names.allSatisfy({ $0 == "0" || $0 == "1" }) {
            throw TableError(path: path, line: 1, problem: .headerMissing)
        }
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            guard !name.isEmpty else {
                throw TableError(path: path, line: 1, problem: .columnUnnamed(number: index + 1))
            }
            guard seen.insert(name).inserted else {
                throw TableError(path: path, line: 1, column: name, problem: .columnRepeated)
            }
        }
    }

    /// The place among `columns` of each of `names`; columns that are neither in `names` nor in `others` are refused.
    ///
    /// - Throws: `TableError` naming the column of `path` that is missing or unexpected.
    public static func places(
        of names: [String], in columns: [String], besides others: Set<String> = [], path: String
    ) throws(TableError) -> [Int] {
        let wanted = Set(names)
        for column in columns where !wanted.contains(column) && !others.contains(column) {
            throw TableError(path: path, line: 1, column: column, problem: .columnUnexpected(expected: names))
        }
        let places = [String: Int](uniqueKeysWithValues: zip(columns, columns.indices))
        var found: [Int] = []
        for name in names {
            guard let place = places[name] else {
                throw TableError(path: path, line: 1, column: name, problem: .columnMissing(present: columns))
            }
            found.append(place)
        }
        return found
    }

    /// Appends the next row's values [columns] to `values`; false, and nothing appended, at the end.
    ///
    /// - Throws: `TableError` naming line and column; nothing more can be read after it.
    public mutating func readRow(into values: inout [Float]) throws(TableError) -> Bool {
        var count = 0
        var ending = CellScanner.Ending.comma
        repeat {
            ending = try scanner.next(column: count < columns.count ? columns[count] : nil)
            if count == 0 && ending != .comma && scanner.cell.isEmpty && !scanner.isQuoted {
                if ending == .lineEnd { try expectNoMoreRows() }
                return false
            }
            if count < columns.count { values.append(try binaryValue(column: count)) }
            count += 1
        } while ending == .comma
        guard count == columns.count else { throw error(.cellCount(found: count, expected: columns.count)) }
        return true
    }

    /// The value of the cell just scanned.
    private func binaryValue(column: Int) throws(TableError) -> Float {
        guard let first = scanner.cell.first else { throw error(.cellEmpty, column: column) }
        let isBinary =
            (first == UInt8(ascii: "0") || first == UInt8(ascii: "1"))
            && (scanner.cell.count == 1 || Self.isZeroFraction(scanner.cell))
        guard isBinary else {
            let text = String(decoding: scanner.cell, as: UTF8.self)
            throw error(.cellNotBinary(text: String(text.prefix(40))), column: column)
        }
        return first == UInt8(ascii: "0") ? 0 : 1
    }

    /// Whether `cell` goes on after its first digit with a point and nothing but zeros.
    private static func isZeroFraction(_ cell: [UInt8]) -> Bool {
        cell[1] == UInt8(ascii: ".") && cell.dropFirst(2).allSatisfy { $0 == UInt8(ascii: "0") }
    }

    /// After a blank line: nothing but blank lines may follow it.
    private mutating func expectNoMoreRows() throws(TableError) {
        let blankLine = scanner.line
        var ending = CellScanner.Ending.lineEnd
        while ending == .lineEnd && scanner.cell.isEmpty && !scanner.isQuoted { ending = try scanner.next(column: nil) }
        guard ending == .fileEnd && scanner.cell.isEmpty && !scanner.isQuoted else {
            throw TableError(
                path: scanner.path, line: blankLine, problem: .cellCount(found: 0, expected: columns.count))
        }
    }

    private func error(_ problem: TableError.Problem, column: Int? = nil) -> TableError {
        TableError(path: scanner.path, line: scanner.line, column: column.map { columns[$0] }, problem: problem)
    }
}
