internal import CRows
internal import MADE

/// Reads a table of a known schema in pieces, in constant memory: the rows that `made evaluate` and the tables beside the
/// first of `made train` are read by, as all rows are.
public final class TableReader {
    /// Rows read so far, faulty ones included.
    public private(set) var rowCount = 0
    /// What is wrong with the faulty rows of the last read, and their places among its rows.
    public private(set) var faults: [TableError] = []
    /// See `faults`.
    public private(set) var faultyRows: [Int] = []
    private let path: String
    private let schema: RowSchema
    private let source: TextSource
    private let stream: RowStream
    private let buffer = RowBuffer(keepsNumbers: true)
    private let keptCount: Int
    private var kept: [String?] = []
    /// Of a table whose rows are given back.
    private let sent: SentColumns?
    /// The rows of the last read, where they are given back; faulty ones have no values, but their lines.
    package private(set) var sentRows: [SentRow] = []
    private var isAtEnd = false
    private var isOver = false

    /// Opens `path` (`-`: standard input). `kept` are names of columns whose cells are wanted as texts, `command` is what reads
    /// standard input in the pipes that errors name, where that is known.
    ///
    /// - Throws: `TableError` where the file cannot be read.
    public convenience init(
        path: String, schema: RowSchema, options: ReadingOptions = ReadingOptions(), kept: [String] = [],
        command: String? = nil
    ) throws(TableError) {
        let source = try Self.open(path, command: command)
        try self.init(
            path, source, LineFormat(guessedFrom: source.rest) ?? .csv, schema, options, kept: kept, sent: nil)
    }

    /// Opens a table whose rows are given back as they came (`sentRows`), with columns that the model does not know too.
    ///
    /// - Throws: `TableError` where the file cannot be read, or columns cannot be told apart.
    package static func givingBack(
        _ path: String, schema: RowSchema, options: ReadingOptions, command: String? = nil
    ) throws(TableError) -> (reader: TableReader, lines: SentLines) {
        let source = try open(path, command: command, fillsPieces: true)
        guard let head = TableHead(source.wholeLines, schema) else {
            throw TableError(path: path, problem: .unreadable(reason: "memory is short"))
        }
        if let name = head.names.first(where: { name in head.names.count(where: { $0 == name }) > 1 }) {
            let which = name.isEmpty ? "several columns have no name" : "several columns are called \(quoted(name))"
            throw TableError(path: path, problem: .columns("\(which); give each a name of its own"))
        }
        let sent = SentColumns(head.names, schema)
        let reader = try TableReader(path, source, head.format, schema, options, kept: head.names, sent: sent)
        return (reader, SentLines(head, sent))
    }

    private init(
        _ path: String, _ source: TextSource, _ format: LineFormat, _ schema: RowSchema, _ options: ReadingOptions,
        kept: [String], sent: SentColumns?
    ) throws(TableError) {
        self.path = path
        self.schema = schema
        self.source = source
        self.sent = sent
        keptCount = kept.count
        let stream = RowStream(
            format, header: schema.table.hasHeader ? .present : .guessed, schema: schema, options: options, kept: kept,
            keepsNumbers: true, keepsFaultyLines: sent != nil)
        guard let stream else { throw TableError(path: path, problem: .unreadable(reason: "memory is short")) }
        self.stream = stream
    }

    private static func open(
        _ path: String, command: String?, fillsPieces: Bool = false
    ) throws(TableError) -> TextSource {
        do { return try TextSource(path: path, command: command, fillsPieces: fillsPieces) } catch {
            throw TableError(error)
        }
    }

    /// What there is to say of the file's encoding.
    package var remarks: [TextSource.Remark] { source.remarks }

    /// Reads at most `rowsMax` rows; how many it read, 0 at the end. What it read holds until the next read.
    ///
    /// - Throws: `TableError` where the header is wrong, or nothing more can be read.
    public func read(rowsMax: Int) throws(TableError) -> Int {
        buffer.count = 0
        faults = []
        faultyRows = []
        kept = []
        sentRows = []
        var count = 0
        while count < rowsMax && !isOver {
            if source.rest.isEmpty && !isAtEnd {
                do { isAtEnd = try !source.refill() } catch { throw TableError(error) }
            }
            let bytes = source.rest
            let firstValue = buffer.count
            let found = stream.read(bytes, isLast: isAtEnd, rowsMax: rowsMax - count, into: buffer)
            if let error = StreamError(found, schema: schema) {
                throw TableError(path: path, problem: .stream(error))
            }
            try take(found, from: count, firstValue: firstValue)
            source.drop(found.byte_count)
            count += found.row_count
            if count == rowsMax { break }
            isOver = isAtEnd
        }
        return count
    }

    /// - Throws: `TableError` where a row that is to be given back is too long for that.
    private func take(_ found: made_stream_read, from first: Int, firstValue: Int) throws(TableError) {
        var lines: [[UInt8]] = []
        for index in 0..<found.error_count {
            guard let error = found.errors?[index] else { continue }
            let number = rowCount + error.row + 1
            faultyRows.append(first + error.row)
            let problem = RowProblem(error, row: "row \(number)", place: "", columns: schema.columns)
            faults.append(TableError(path: path, problem: .row(problem.detail)))
            guard sent != nil else { continue }
            lines.append(Array(UnsafeRawBufferPointer(start: error.line.bytes, count: error.line.count)))
            if error.line.count == 0 {
                throw TableError(path: path, problem: .row("\(problem.detail); a row as long cannot be written back"))
            }
        }
        var next = firstValue
        var faulty = zip(faultyRows.suffix(found.error_count), lines).map { $0 }[...]
        for row in 0..<found.row_count where keptCount > 0 {
            let cells = KeptCells(found.kept, row: row, count: keptCount)
            guard let sent else {
                kept += (0..<keptCount).map(cells.text)
                continue
            }
            let line = faulty.first?.0 == first + row ? faulty.removeFirst().1 : nil
            let end = line == nil ? next + schema.variables.count : next
            sentRows.append(sent.row(cells, values: buffer.values[next..<end], line: line))
            next = end
        }
        rowCount += found.row_count
    }

    /// The good rows of the last read [n × D], encoded.
    public var values: UnsafeBufferPointer<Float> { buffer.values }

    /// The same as numbers.
    public var numbers: UnsafeBufferPointer<Double> { buffer.numbers }

    /// The kept cells of the last read [rows × kept], of faulty rows too; nil where one is missing.
    public var keptCells: [String?] { kept }
}
