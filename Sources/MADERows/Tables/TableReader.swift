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
    private var isAtEnd = false
    private var isOver = false

    /// Opens `path` (`-`: standard input). `kept` are names of columns whose cells are wanted as texts.
    ///
    /// - Throws: `TableError` where the file cannot be read.
    public init(
        path: String, schema: RowSchema, options: ReadingOptions = ReadingOptions(), kept: [String] = []
    ) throws(TableError) {
        self.path = path
        self.schema = schema
        keptCount = kept.count
        do {
            source = try TextSource(path: path)
        } catch {
            throw TableError(error)
        }
        let stream = RowStream(
            LineFormat(guessedFrom: source.rest) ?? .csv, header: schema.table.hasHeader ? .present : .guessed,
            schema: schema, options: options, kept: kept, keepsNumbers: true)
        guard let stream else { throw TableError(path: path, problem: .unreadable(reason: "memory is short")) }
        self.stream = stream
    }

    /// Reads at most `rowsMax` rows; how many it read, 0 at the end. What it read holds until the next read.
    ///
    /// - Throws: `TableError` where the header is wrong, or nothing more can be read.
    public func read(rowsMax: Int) throws(TableError) -> Int {
        buffer.count = 0
        faults = []
        faultyRows = []
        kept = []
        var count = 0
        while count < rowsMax && !isOver {
            if source.rest.isEmpty && !isAtEnd {
                do { isAtEnd = try !source.refill() } catch { throw TableError(error) }
            }
            let bytes = source.rest
            let found = stream.read(bytes, isLast: isAtEnd, rowsMax: rowsMax - count, into: buffer)
            if let error = StreamError(found, schema: schema) {
                throw TableError(path: path, problem: .columns(error.description))
            }
            take(found, from: count)
            source.drop(found.byte_count)
            count += found.row_count
            if count == rowsMax { break }
            isOver = isAtEnd
        }
        return count
    }

    private func take(_ found: made_stream_read, from first: Int) {
        for index in 0..<found.error_count {
            guard let error = found.errors?[index] else { continue }
            let number = rowCount + error.row + 1
            faultyRows.append(first + error.row)
            let problem = RowProblem(error, row: "row \(number)", place: "", columns: schema.columns)
            faults.append(TableError(path: path, problem: .row(problem.detail)))
        }
        for row in 0..<found.row_count where keptCount > 0 {
            let cells = KeptCells(found.kept, row: row, count: keptCount)
            kept += (0..<keptCount).map(cells.text)
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
