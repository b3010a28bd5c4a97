internal import MADERows

extension BulkScorer.Input {
    /// Reads a `Content-Type`; nil where a body of that type is not read by lines.
    ///
    /// - Parameter header: what holds of CSV that does not say whether it has a header (RFC 4180, section 3).
    init?(contentType: String, header: LineHeader) {
        let parts = contentType.split(separator: ";").map { String($0).trimmed().lowercased() }
        guard let type = parts.first, let format = LineFormat(mediaType: type) else { return nil }
        self.init(format, header: header)
        for parameter in parts.dropFirst() {
            switch parameter {
            case "header=present": self.header = .present
            case "header=absent": self.header = .absent
            default: break
            }
        }
    }
}

extension LineFormat {
    var mediaType: MediaType {
        switch self {
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

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
