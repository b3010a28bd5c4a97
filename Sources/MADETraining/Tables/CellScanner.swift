/// Cuts a stream of bytes into the cells of RFC 4180: quotes, doubled quotes within them, LF or CRLF at line ends.
struct CellScanner: ~Copyable {
    /// What followed a cell.
    enum Ending {
        case comma, lineEnd, fileEnd
    }

    /// Longest cell, bytes: a quote that is never closed should not fill the memory.
    static let cellBytesMax = 65_536

    /// The bytes of the last cell, quotes taken off.
    private(set) var cell: [UInt8] = []
    /// Whether the last cell stood in quotes.
    private(set) var isQuoted = false
    /// Number of the line the scanner is in, from 1.
    private(set) var line = 1

    let path: String
    private var source: ByteSource
    private var lineIsOver = false

    /// `-` is standard input. A UTF-8 byte order mark is passed over.
    init(path: String) throws(TableError) {
        var bytes = try ByteSource(path: path)
        try bytes.skip([0xEF, 0xBB, 0xBF])
        self.path = path
        source = bytes
    }

    /// Reads the next cell into `cell`; `column` is its name, for errors.
    mutating func next(column: @autoclosure () -> String?) throws(TableError) -> Ending {
        if lineIsOver { line += 1 }
        lineIsOver = false
        isQuoted = false
        cell.removeAll(keepingCapacity: true)
        while let byte = try source.next() {
            if byte == Self.comma { return .comma }
            if byte == Self.lineFeed { return endLine() }
            if byte == Self.quote && cell.isEmpty {
                isQuoted = true
                return try nextQuoted(column: column())
            }
            guard cell.count < Self.cellBytesMax else { throw error(.cellTooLong(limit: Self.cellBytesMax), column()) }
            cell.append(byte)
        }
        lineIsOver = true
        return .fileEnd
    }

    /// The rest of a cell after its opening quote.
    private mutating func nextQuoted(column: @autoclosure () -> String?) throws(TableError) -> Ending {
        while let byte = try source.next() {
            if byte == Self.quote {
                guard let following = try source.next() else {
                    lineIsOver = true
                    return .fileEnd
                }
                if following == Self.comma { return .comma }
                if following == Self.lineFeed { return endLine() }
                if following == Self.carriageReturn, try source.next() == Self.lineFeed {
                    lineIsOver = true
                    return .lineEnd
                }
                guard following == Self.quote else { throw error(.quoteNotAtEnd, column()) }
            } else if byte == Self.lineFeed {
                line += 1
            }
            guard cell.count < Self.cellBytesMax else { throw error(.cellTooLong(limit: Self.cellBytesMax), column()) }
            cell.append(byte)
        }
        throw error(.quoteUnclosed, column())
    }

    private mutating func endLine() -> Ending {
        lineIsOver = true
        if !isQuoted && cell.last == Self.carriageReturn { cell.removeLast() }
        return .lineEnd
    }

    private func error(_ problem: TableError.Problem, _ column: String?) -> TableError {
        TableError(path: path, line: line, column: column, problem: problem)
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}
