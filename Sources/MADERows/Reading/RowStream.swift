package import CRows
package import MADE

/// Rows of a text that comes in pieces; one owner at a time.
package final class RowStream {
    private let handle: OpaquePointer
    /// The handle points into it.
    private let schema: RowSchema

    /// `kept` are the names of columns whose cells are handed back; the lines of faulty rows are where `keepsFaultyLines`. Nil
    /// where memory is short.
    package init?(
        _ format: LineFormat, header: LineHeader, schema: RowSchema, options: ReadingOptions = ReadingOptions(),
        kept: [String] = [], keepsNumbers: Bool = false, keepsFaultyLines: Bool = false
    ) {
        let pool = TextPool()
        let (names, count) = pool.texts(kept.map(NumberText.normalised))
        let made = withExtendedLifetime(pool) {
            made_row_stream_create(
                schema.handle, options.handle(keepsNumbers: keepsNumbers, keepsFaultyLines: keepsFaultyLines),
                format.handle, header.handle, names, count)
        }
        guard let made else { return nil }
        handle = made
        self.schema = schema
    }

    deinit { made_row_stream_free(handle) }

    /// Reads at most `rowsMax` rows of `bytes` and appends the good ones to `rows`. The result's pointers hold until the
    /// next read.
    package func read(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, rowsMax: Int, into rows: RowBuffer
    ) -> made_stream_read {
        made_row_stream_read(
            handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, isLast, rowsMax,
            &rows.storage)
    }
}

/// Why nothing of a text can be read.
public struct StreamError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of what is wrong.
    public enum Kind: Sendable, Equatable {
        /// It is no text of its format.
        case malformed
        /// Its columns are not the model's.
        case columns
        /// Memory is short.
        case memory
    }

    /// What is wrong.
    public let kind: Kind
    /// What is wrong.
    private let finding: String
    /// Whether columns that are not the model's could be passed over.
    private let couldPassOver: Bool

    static let memory = StreamError(kind: .memory, finding: "memory is short; try again later")

    private init(kind: Kind, finding: String, couldPassOver: Bool = false) {
        self.kind = kind
        self.finding = finding
        self.couldPassOver = couldPassOver
    }

    /// What is wrong, and what would be right; one sentence.
    public var description: String { description(naming: \.rawValue) }

    /// What is wrong with a stream as a whole; nil where nothing is.
    init?(_ read: made_stream_read, schema: RowSchema) {
        let name = String(read.name)
        switch read.status {
        case MADE_STREAM_OK: return nil
        case MADE_STREAM_HEADER_MALFORMED:
            self.init(kind: .malformed, finding: "the first line is not UTF-8, or no CSV (RFC 4180)")
        case MADE_STREAM_HEADER_REPEATED:
            self.init(kind: .malformed, finding: "the first line names the column \(quoted(name)) twice")
        case MADE_STREAM_HEADER_UNKNOWN:
            let nearest = suggestion(for: name, among: schema.columns.lazy.map(\.name))
            self.init(
                kind: .columns,
                finding: "the first line must name the columns, and \(quoted(name)) is none of the model's" + nearest,
                couldPassOver: nearest.isEmpty)
        case MADE_STREAM_HEADER_INCOMPLETE:
            self.init(
                kind: .columns,
                finding: "the first line must name all \(schema.columns.count) columns of the model, and lacks "
                    + quoted(name))
        case MADE_STREAM_KEPT_UNKNOWN:
            self.init(kind: .columns, finding: "no column is called \(quoted(name)), which was asked for")
        default: self = .memory
        }
    }
}

extension StreamError: NamesOptions {
    package func description(naming name: (OptionName) -> String) -> String {
        finding + (couldPassOver ? "; \(name(.ignoresUnknown)) passes over such columns" : "")
    }
}
