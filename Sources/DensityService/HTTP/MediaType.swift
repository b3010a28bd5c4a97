internal import MADERows

/// What a body can be written as.
enum MediaType: String {
    case json = "application/json"
    case ndjson = "application/x-ndjson"
    case csv = "text/csv"
    case html = "text/html"
    case text = "text/plain"
    case binary = "application/octet-stream"

    /// The first of `offers` that an `Accept` field ranks highest (RFC 9110, section 12.5.1); nil where it takes none.
    static func preferred(_ offers: [MediaType], accept: String?) -> MediaType? {
        guard let accept, accept != "*/*", !accept.isEmpty else { return offers.first }
        let ranges = accept.split(separator: ",").map(WeightedName.init)
        var best: (offer: MediaType, quality: Double)?
        for offer in offers {
            // The most specific range that fits an offer decides.
            let fitting = ranges.filter { $0.includes(offer) }.max { $0.specificity < $1.specificity }
            guard let quality = fitting?.quality, quality > 0 else { continue }
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        return best?.offer
    }

    /// Of rows a line, and of all that scores are written as.
    static let ofLines = LineFormat.allCases.map(\.mediaType)
    static let ofScores = [json] + ofLines

    /// What rows a line are called; the first name is ours.
    static let lineNames = [
        "application/x-ndjson", "application/ndjson", "application/jsonlines", "application/x-jsonlines",
    ]

    fileprivate var names: [String] {
        switch self {
        case .json: [rawValue, "text/json"]
        case .ndjson: Self.lineNames
        default: [rawValue]
        }
    }

    /// The name to answer under: the one that the client asks for, else the one that it gave to its own body.
    func name(accept: String?, contentType: String?) -> String {
        guard self == .ndjson else { return rawValue }
        let ranges = (accept ?? "").split(separator: ",").map(WeightedName.init).filter { $0.quality > 0 }.map(\.name)
        let own = contentType.map { ContentType($0).name }
        return (ranges + [own ?? ""]).first(where: Self.lineNames.contains) ?? rawValue
    }

    /// Nil where a body of this `Content-Type` is read as JSON, else what is wrong with it.
    ///
    /// A form's type is what `curl -d` says of any body; no type at all is taken for JSON too.
    static func objection(toContentType field: String?, others: [MediaType] = []) -> String? {
        guard let field, field != "application/json" else { return nil }
        let type = ContentType(field)
        let known = ["application/json", "text/json", "application/x-www-form-urlencoded"]
        guard known.contains(type.name) || (type.name.hasPrefix("application/") && type.name.hasSuffix("+json")) else {
            let read = ([.json] + others).map(\.rawValue).joined(separator: ", ")
            return "a body of Content-Type \(quoted(type.name)) is not read here; send \(read)"
        }
        return type.charsetObjection
    }
}

/// A `Content-Type` field (RFC 9110, section 8.3).
struct ContentType {
    /// `type/subtype`, in lower case.
    let name: String
    /// Names in lower case, and values, which may have been quoted.
    private let parameters: [(name: String, value: String)]

    init(_ field: String) {
        var parts = [""]
        var (isQuoted, isEscaped) = (false, false)
        for scalar in field.unicodeScalars {
            switch scalar {
            case _ where isEscaped:
                parts[parts.count - 1].unicodeScalars.append(scalar)
                isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"": isQuoted.toggle()
            case ";" where !isQuoted: parts.append("")
            default: parts[parts.count - 1].unicodeScalars.append(scalar)
            }
        }
        name = parts[0].trimmed().lowercased()
        parameters = parts.dropFirst().compactMap { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            return (String(pair[0]).trimmed().lowercased(), String(pair[1]).trimmed())
        }
    }

    /// The values of a parameter, in lower case.
    func values(of name: String) -> [String] {
        parameters.filter { $0.name == name }.map { $0.value.lowercased() }
    }

    /// What is wrong with the character set; nil where nothing is.
    var charsetObjection: String? {
        let unknown = values(of: "charset").first { !["utf-8", "utf8", "us-ascii"].contains($0) }
        return unknown.map { "the character set \(quoted($0)) is not read here; send UTF-8" }
    }
}

/// One range of an `Accept` field.
extension WeightedName {
    fileprivate var specificity: Int { name == "*/*" ? 0 : name.hasSuffix("/*") ? 1 : 2 }

    fileprivate func includes(_ offer: MediaType) -> Bool {
        switch specificity {
        case 0: true
        case 1: offer.rawValue.hasPrefix(name.dropLast())
        default: offer.names.contains(name)
        }
    }
}

extension String {
    /// Without spaces and tabs at its ends.
    func trimmed() -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
