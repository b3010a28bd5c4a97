internal import CGnuTLS

/// What an API key allows.
enum Scope: String, CaseIterable, Sendable {
    /// All that reads, scores and samples.
    case score
    /// Loading and unloading models.
    case admin
    /// GET /metrics.
    case metrics
}

/// A line of a file of keys.
struct APIKey: Sendable, Equatable {
    let name: String
    let scopes: Set<Scope>
    let digest: KeyDigest

    /// Its scopes as the file writes them.
    var scopeList: String { Scope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: ",") }
}

/// SHA-256 of a key.
struct KeyDigest: Sendable, Hashable {
    private let words: SIMD4<UInt64>

    /// Of a key's bytes.
    init(of key: UnsafeRawBufferPointer) {
        var words = SIMD4<UInt64>()
        withUnsafeMutableBytes(of: &words) { digest in
            _ = gnutls_hash_fast(GNUTLS_DIG_SHA256, key.baseAddress, key.count, digest.baseAddress)
        }
        self.words = words
    }

    /// Its 64 hexadecimal digits.
    var hexadecimal: String { withUnsafeBytes(of: words) { DensityService.hexadecimal($0) } }

    /// Nil where `text` is not 64 hexadecimal digits.
    init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        var words = SIMD4<UInt64>()
        withUnsafeMutableBytes(of: &words) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(digits[2 * index] << 4 | digits[2 * index + 1]) }
        }
        self.words = words
    }

    /// The place of this digest among `digests`, which are all different. Every one is looked at, and nothing that is done
    /// depends on what it holds: the time tells nobody how much of a guess was right.
    func place(in digests: some Sequence<KeyDigest>) -> Int? {
        var found: UInt64 = 0
        var place: UInt64 = 0
        for digest in digests {
            place &+= 1
            let differences = digest.words ^ words
            let any = differences[0] | differences[1] | differences[2] | differences[3]
            // All ones where nothing differs, else 0.
            let isEqual = ((any | (0 &- any)) >> 63) &- 1
            found |= place & isEqual
        }
        return found == 0 ? nil : Int(found) - 1
    }
}
