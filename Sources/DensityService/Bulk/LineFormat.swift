/// How rows are written one a line, and their scores with them.
public enum LineFormat: String, Sendable, CaseIterable {
    /// A JSON value a line.
    case ndjson
    /// RFC 4180, the first line naming the columns.
    case csv

    /// The format of a text that starts with `bytes`: JSON where the first of them opens an array or an object.
    public init(guessedFrom bytes: some Sequence<UInt8>) {
        let first = bytes.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        self = first == UInt8(ascii: "[") || first == UInt8(ascii: "{") ? .ndjson : .csv
    }

    var mediaType: MediaType {
        switch self {
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }
}
