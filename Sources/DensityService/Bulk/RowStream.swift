internal import CRowScanner
internal import MADE

/// Rows of a body that comes in pieces; one owner at a time.
final class RowStream {
    private let handle: OpaquePointer
    /// The handle points into it.
    private let schema: RowSchema

    /// Nil where memory is short.
    init?(_ input: BulkInput, schema: RowSchema) {
        let written = input.format == .csv ? MADE_STREAM_CSV : MADE_STREAM_NDJSON
        guard let handle = made_row_stream_create(schema.handle, written, input.header) else { return nil }
        self.handle = handle
        self.schema = schema
    }

    deinit { made_row_stream_free(handle) }

    /// Reads at most `rowsMax` rows of `bytes` and appends the good ones to `rows`. The result's pointers hold until the
    /// next read.
    func read(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, rowsMax: Int, into rows: RowBuffer
    ) -> made_stream_read {
        made_row_stream_read(
            handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, isLast, rowsMax,
            &rows.storage)
    }
}

/// Why nothing of a text can be scored.
public struct BulkError: Error, CustomStringConvertible {
    /// What is wrong, and what would be right; one sentence.
    public let description: String
    /// The HTTP status that says so.
    let status: Int

    /// What is wrong with a stream as a whole; nil where nothing is.
    init?(_ read: made_stream_read, variables: [Variable]) {
        let name = String(read.name)
        switch read.status {
        case MADE_STREAM_OK: return nil
        case MADE_STREAM_HEADER_MISSING: self.init(400, "it is empty; the first line must name the columns")
        case MADE_STREAM_HEADER_MALFORMED: self.init(400, "the first line is not UTF-8, or no CSV (RFC 4180)")
        case MADE_STREAM_HEADER_REPEATED: self.init(400, "the first line names the column \(quoted(name)) twice")
        case MADE_STREAM_HEADER_UNKNOWN:
            let nearest = suggestion(for: name, among: variables.lazy.map(\.name))
            self.init(
                422, "the first line must name the columns, and \(quoted(name)) is no variable of the model\(nearest)")
        case MADE_STREAM_HEADER_INCOMPLETE:
            self.init(
                422, "the first line must name all \(variables.count) variables of the model, and lacks \(quoted(name))"
            )
        default: self.init(503, "memory is short; try again later")
        }
    }

    init(_ status: Int, _ description: String) {
        self.status = status
        self.description = description
    }
}
