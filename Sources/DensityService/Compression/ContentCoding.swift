internal import Codecs
internal import MADERows
internal import Microhttpd

/// How bodies are compressed (RFC 9110, sections 8.4 and 12.5.3).
enum ContentCoding {
    /// Those that are read, as `Accept-Encoding` lists them.
    static let names = Codec.allCases.map(\.rawValue).joined(separator: ", ")
    /// Where a client takes several alike, the quickest first.
    private static let preference: [Codec] = [.zstd, .gzip]

    /// What a body with this `Content-Encoding` is compressed with; nil where it is sent as it is.
    ///
    /// - Throws: 415 for another coding, and for several in a row, of which each could multiply the body.
    static func codec(of field: String?) throws(Problem) -> Codec? {
        guard let field else { return nil }
        let name = field.trimmed().lowercased()
        if name == "identity" || name.isEmpty { return nil }
        if let codec = Codec(rawValue: name) ?? alias[name] { return codec }
        throw Problem(
            415, "a body of Content-Encoding \(quoted(field)) is not read here; send it as it is, or as gzip or zstd",
            acceptEncoding: names)
    }

    /// What an answer is compressed with where the request's `Accept-Encoding` is this; nil: it is sent as it is.
    static func accepted(by field: String?) -> Codec? {
        guard let field else { return nil }
        let items = field.split(separator: ",").map(WeightedName.init)
        let quality = { (name: String) in
            items.last { $0.name == name || alias[$0.name]?.rawValue == name }?.quality
        }
        let other = quality("*")
        var best: (codec: Codec, quality: Double)?
        for codec in preference {
            let own = quality(codec.rawValue) ?? other ?? 0
            if own > best?.quality ?? 0 { best = (codec, own) }
        }
        guard let best, best.quality >= quality("identity") ?? 0 else { return nil }
        return best.codec
    }

    /// Of old (RFC 9110, section 8.4.1.3).
    private static let alias: [String: Codec] = ["x-gzip": .gzip]
}

/// An item of a list in which clients weigh what they take: a name, and `q`.
struct WeightedName {
    /// In lower case.
    var name: String
    var quality = 1.0

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { String($0).trimmed().lowercased() }
        name = parts.first ?? ""
        for parameter in parts.dropFirst() where parameter.hasPrefix("q=") {
            quality = Double(parameter.dropFirst(2)) ?? 0
        }
    }
}
