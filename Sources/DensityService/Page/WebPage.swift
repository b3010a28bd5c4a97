internal import CGnuTLS
internal import CPage

/// A page for people, in one piece: styles and scripts stand in it, and nothing is fetched from anywhere else.
struct WebPage: Sendable {
    /// The document in UTF-8.
    let bytes: [UInt8]
    /// Only the page's own styles and scripts count, by their digests, and they may talk to this server alone.
    let contentPolicy: String

    /// The page at /.
    static let workbench = WebPage("index.html")
    /// The page at /docs: the OpenAPI document for people.
    static let reference = WebPage("docs.html")

    /// The file of this name, with the styles and scripts that it names in the place of their tags.
    init(_ name: String) {
        var text = Self.files[name] ?? ""
        var styles: [String] = []
        var scripts: [String] = []
        for (file, content) in Self.files {
            let style = "<link rel=\"stylesheet\" href=\"\(file)\">"
            let script = "<script src=\"\(file)\"></script>"
            if text.contains(style) {
                text.replace(style, with: "<style>\(content)</style>")
                styles.append(Self.source(content))
            } else if text.contains(script) {
                text.replace(script, with: "<script>\(content)</script>")
                scripts.append(Self.source(content))
            }
        }
        bytes = Array(text.utf8)
        contentPolicy =
            "default-src 'none'; style-src \(styles.sorted().joined(separator: " ")); "
            + "script-src \(scripts.sorted().joined(separator: " ")); connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    /// The texts of all files by their names.
    private static let files: [String: String] = {
        var count = 0
        let files = UnsafeBufferPointer(start: cpage_files(&count), count: count)
        return Dictionary(
            uniqueKeysWithValues: files.map { file in
                (
                    String(cString: file.name),
                    String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.count), as: UTF8.self)
                )
            })
    }()

    /// What a content security policy calls an inline text: its SHA-256.
    private static func source(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        _ = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, bytes.count, &digest)
        return "'sha256-\(base64(digest))'"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                text.append(place <= group.count ? digits[bits >> (6 * (3 - place)) & 63] : "=")
            }
        }
        return text
    }
}
