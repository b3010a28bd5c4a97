internal import CRowScanner

/// How the rows of a text are written.
struct BulkInput {
    var format: LineFormat
    /// Of CSV.
    var header = MADE_HEADER_PRESENT

    init(format: LineFormat) { self.format = format }

    /// Reads a `Content-Type`; nil where a body of that type is not read by lines.
    ///
    /// - Parameter header: what holds of CSV that does not say whether it has a header (RFC 4180, section 3).
    init?(contentType: String, header: made_stream_header) {
        let parts = contentType.split(separator: ";").map { String($0).trimmed().lowercased() }
        guard let type = parts.first, let format = LineFormat(mediaType: type) else { return nil }
        self.format = format
        self.header = header
        for parameter in parts.dropFirst() {
            switch parameter {
            case "header=present": self.header = MADE_HEADER_PRESENT
            case "header=absent": self.header = MADE_HEADER_ABSENT
            default: break
            }
        }
    }
}

extension LineFormat {
    /// Nil where the media type is none of lines.
    fileprivate init?(mediaType: String) {
        if mediaType == MediaType.csv.rawValue {
            self = .csv
        } else if MediaType.lineNames.contains(mediaType) {
            self = .ndjson
        } else {
            return nil
        }
    }
}
