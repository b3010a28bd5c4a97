internal import FoundationEssentials

/// 64 bits that tell data from other data, though not from data that was made to deceive: FNV-1a (Fowler, Noll and Vo;
/// RFC 9923) over 64-bit words, each mixed down before the next.
struct Fingerprint {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ word: UInt64) {
        state = (state ^ word) &* 0x0000_0100_0000_01B3
        state ^= state >> 32
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }

    mutating func add(_ values: [Double]) {
        add(UInt64(values.count))
        for value in values { add(value.bitPattern) }
    }

    /// 16 hexadecimal digits.
    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Of a file's bytes; nil where it cannot be read.
    static func ofFile(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { return nil }
        var fingerprint = Fingerprint()
        data.withUnsafeBytes { bytes in
            fingerprint.add(UInt64(bytes.count))
            for place in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
                fingerprint.add(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            }
            for byte in bytes.suffix(bytes.count % 8) { fingerprint.add(UInt64(byte)) }
        }
        return fingerprint.text
    }
}
