/// A key that nobody can guess, and its line for the file of keys.
public struct NewKey: Sendable {
    /// What a client sends: 256 random bits, hexadecimal.
    public let text: String
    /// `NAME SCOPES SHA256`.
    public let line: String

    /// - Parameter scopes: as the file writes them, with commas between.
    /// - Throws: what is wrong with the name or the scopes, in one line.
    public init(name: String, scopes: String) throws(ServiceError) {
        // The system's generator, which is made for keys.
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = hexadecimal(bytes)
        let digest = Array(text.utf8).withUnsafeBytes { KeyDigest(of: $0).hexadecimal }
        line = "\(name) \(scopes) \(digest)"
        _ = try KeyFile.key(of: [name[...], scopes[...], digest[...]], at: "made key")
    }
}

/// Bytes as hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
