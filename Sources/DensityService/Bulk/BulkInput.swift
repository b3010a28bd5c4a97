internal import MADERows

extension BulkScorer.Input {
    /// Rows of a `Content-Type`; nil where a body of that type is not read by lines.
    ///
    /// - Parameter header: what holds of CSV that does not say whether it has a header (RFC 4180, section 3).
    init?(_ type: ContentType, header: LineHeader) {
        guard let format = LineFormat(mediaType: type.name) else { return nil }
        self.init(format, header: header)
        for value in type.values(of: "header") {
            if let header = Self.headers[value] { self.header = header }
        }
    }

    private static let headers: [String: LineHeader] = ["present": .present, "absent": .absent]

    /// - Throws: 415 for another character set than UTF-8, 400 for a `header` that is neither present nor absent.
    static func check(_ type: ContentType) throws(Problem) {
        if let objection = type.charsetObjection { throw Problem(415, objection) }
        guard let unknown = type.values(of: "header").first(where: { headers[$0] == nil }) else { return }
        throw Problem(400, "the 'header' of the Content-Type is \(quoted(unknown)); it must be present or absent")
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
