internal import MADERows

/// The file of API keys: a line a key, with its name, its scopes and its SHA-256, parted by blanks; `#` starts a comment.
/// It holds no key, and no message about it holds a digest.
enum KeyFile {
    static let keyCountMax = 1024
    private static let nameLengthMax = 64
    private static let form = "a line is 'NAME SCOPES SHA256', such as 'alice score,metrics 9f86d0…'"

    /// Reads the file at `path`.
    ///
    /// - Throws: one line with file and line number: what cannot be read, is not such a line, or stands there twice.
    static func read(_ path: String) throws(ServiceError) -> [APIKey] {
        try keys(of: ConfigurationFile.contents(of: path), path: path)
    }

    /// Reads `text`, which is said to stand in the file at `path`.
    static func keys(of text: String, path: String) throws(ServiceError) -> [APIKey] {
        var keys: [APIKey] = []
        var lines: (names: [String: Int], digests: [KeyDigest: Int]) = ([:], [:])
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let fields = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard !fields.isEmpty else { continue }
            let place = "\(path):\(index + 1)"
            let key = try key(of: fields, at: place)
            if let earlier = lines.names.updateValue(index + 1, forKey: key.name) {
                throw ServiceError("\(place): the name \(quoted(key.name)) stands in line \(earlier) already")
            }
            if let earlier = lines.digests.updateValue(index + 1, forKey: key.digest) {
                throw ServiceError("\(place): the same digest stands in line \(earlier) already")
            }
            keys.append(key)
            guard keys.count <= keyCountMax else {
                throw ServiceError("\(place): over the limit of \(keyCountMax) keys")
            }
        }
        guard !keys.isEmpty else { throw ServiceError("\(path): holds no key; \(form)") }
        return keys
    }

    /// Reads a line's fields.
    static func key(of fields: [Substring], at place: String) throws(ServiceError) -> APIKey {
        guard fields.count == 3 else { throw ServiceError("\(place): \(fields.count) fields; \(form)") }
        let name = String(fields[0])
        // A digest in the first place would be printed wherever the name is.
        guard (1..<nameLengthMax).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw ServiceError(
                "\(place): a name is 1 to \(nameLengthMax - 1) letters, digits, '-', '_', '.' or '@'; \(form)")
        }
        guard let digest = KeyDigest(hexadecimal: fields[2]) else {
            let what = fields[2].utf8.count == 64 ? "holds something else" : "has \(fields[2].utf8.count) characters"
            throw ServiceError("\(place): a SHA-256 is 64 hexadecimal digits; the third field \(what)")
        }
        // Else the empty key would do.
        guard digest != KeyDigest(of: UnsafeRawBufferPointer(start: nil, count: 0)) else {
            throw ServiceError("\(place): this is the SHA-256 of nothing; the key was empty when it was made")
        }
        return APIKey(name: name, scopes: try scopes(of: fields[1], at: place), digest: digest)
    }

    private static func scopes(of field: Substring, at place: String) throws(ServiceError) -> Set<Scope> {
        var scopes: Set<Scope> = []
        let known = Scope.allCases.map(\.rawValue)
        for word in field.split(separator: ",", omittingEmptySubsequences: false) {
            guard let scope = Scope(rawValue: String(word)) else {
                // Whoever changed the order of the fields has a secret here.
                let what = word.utf8.count <= 16 ? "\(quoted(String(word))) is not a scope" : "not a scope"
                let nearest = suggestion(for: String(word), among: known)
                throw ServiceError("\(place): \(what)\(nearest); they are \(known.joined(separator: ", "))")
            }
            scopes.insert(scope)
        }
        return scopes
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "@"):
            true
        default: false
        }
    }
}
