internal import CRows

/// How rows are written one a line, and their scores with them.
public enum LineFormat: String, Sendable, CaseIterable {
    /// A JSON value a line.
    case ndjson
    /// RFC 4180, the first line naming the columns, and what else people call CSV.
    case csv

    /// The format of a text that starts with `bytes`: JSON where the first of them that is no blank opens an array or an
    /// object; nil where all are blank.
    public init?(guessedFrom bytes: some Sequence<UInt8>) {
        guard let first = bytes.first(where: { $0 > 0x20 }) else { return nil }
        self = first == UInt8(ascii: "[") || first == UInt8(ascii: "{") ? .ndjson : .csv
    }

    var handle: made_stream_format { self == .csv ? MADE_STREAM_CSV : MADE_STREAM_NDJSON }
}

/// Whether the first line of CSV names the columns.
public enum LineHeader: Sendable {
    /// It does.
    case present
    /// It is a row: cells stand in the table's order.
    case absent
    /// It does where one of its cells is the name of a column.
    case guessed

    var handle: made_stream_header {
        switch self {
        case .present: MADE_HEADER_PRESENT
        case .absent: MADE_HEADER_ABSENT
        case .guessed: MADE_HEADER_GUESSED
        }
    }
}
