internal import CRowScanner

/// Reads a CSV file of a known schema in pieces, in constant memory: RFC 4180, the first line naming the columns.
///
/// Lines end in LF or CRLF; a UTF-8 byte order mark and blank lines at the end are passed over. A missing value is an
/// empty cell or one of NA, N/A, n/a, #N/A, <NA>, NaN, nan, NULL, null and None, unless that is a label of the column.
public struct TableReader: ~Copyable {
    /// The columns that rows are read in, in this order.
    public let schema: TableSchema
    private var scanner: TableScanner
    /// The file's column of each of the schema's.
    private let places: [Int]
    private let readings: [TextReading]
    /// Values of the texts of each of the schema's columns so far.
    private var textValues: [[Float]]

    /// Opens `path` (`-`: standard input), whose header has the names of `schema` in any order; `dropped` columns are
    /// passed over where they are there. A number other than 0 and 1 of a binary column, or an unknown label, is read as
    /// +∞ in the columns `keepingUnseen`, and refused in others.
    ///
    /// - Throws: `TableError` where the file cannot be read or the header is wrong.
    public init(
        path: String, schema: TableSchema, dropping dropped: Set<String> = [], keepingUnseen unseen: Set<String> = []
    ) throws(TableError) {
        var scanner = try TableScanner(path: path)
        let places = try Self.places(of: schema.names, in: scanner.columns, besides: dropped, path: path)
        var uses = scanner.columns.map { _ in TableScanner.Use.skipped }
        for (target, column) in schema.columns.enumerated() {
            uses[places[target]] = TableScanner.Use(
                cells: column.isReal ? MADE_CELL_NUMBER : MADE_CELL_TEXT, target: target)
        }
        try scanner.start(uses)
        readings = schema.columns.map {
            TextReading($0.kind, missing: MissingTexts.known, keepsUnseen: unseen.contains($0.name))
        }
        textValues = schema.columns.map { _ in [] }
        self.schema = schema
        self.places = places
        self.scanner = scanner
    }

    /// Appends at most `rowsMax` rows to `values` [rows × schema's columns], NaN where a value is missing; how many, 0 at
    /// the end.
    ///
    /// - Throws: `TableError` naming line and column; nothing more can be read after it.
    public mutating func read(rowsMax: Int, into values: inout [Float]) throws(TableError) -> Int {
        let start = values.count
        let (rowCount, fault) = try scanner.read(rowsMax: rowsMax, into: &values)
        var first = fault
        for (column, place) in places.enumerated() {
            for text in scanner.texts(column: place, from: textValues[column].count) {
                do {
                    textValues[column].append(try readings[column].value(of: text))
                } catch {
                    textValues[column].append(.nan)
                    // A fault of the file's form came after all texts.
                    if let line = first?.line, line <= text.line, first != fault { continue }
                    first = TableError(
                        path: scanner.path, line: text.line, column: schema.columns[column].name,
                        problem: error.problem)
                }
            }
        }
        if let first { throw first }
        TableScanner.resolve(&values, from: start, textValues)
        return rowCount
    }

    /// The place among `columns` of each of `names`; columns that are neither in `names` nor in `others` are refused.
    private static func places(
        of names: [String], in columns: [String], besides others: Set<String>, path: String
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
}
