internal import CRows
internal import Glibc
internal import MADE

/// Numbers as text: what reads as one, and how one is written.
package enum NumberText {
    /// The number that all of `text` writes; nil where it writes none. It may be infinite.
    static func number(_ text: String, form: Schema.NumberForm = Schema.NumberForm()) -> Double? {
        let pool = TextPool()
        var form = made_number_form(form, pool)
        var number = 0.0
        return made_read_number(pool.text(text), &form, &number) ? number : nil
    }

    /// One spelling for all of a number, which may be larger and finer than a double: 10 for 10.0, +10 and 1e1. Nil where
    /// `text`, which is normal, is no number, or digits after a leading zero, which are a code.
    static func label(_ text: String) -> String? {
        guard let exact = exactLabel(text) else { return nil }
        // Only a fraction has an exponent there, and people write it with a point.
        guard exact.utf8.contains(UInt8(ascii: "e")), let number = number(text), number.isFinite else { return exact }
        let plain = self.text(number)
        return exactLabel(plain) == exact ? plain : exact
    }

    private static func exactLabel(_ text: String) -> String? {
        let label = written(text) { made_number_label($0, $1.baseAddress, $1.count) }
        return label.isEmpty ? nil : label
    }

    /// What `write` makes of a text; it returns how many bytes it takes, and writes them where there is room.
    private static func written(
        _ text: String, by write: (made_text, UnsafeMutableBufferPointer<CChar>) -> Int
    ) -> String {
        var text = text
        return text.withUTF8 { utf8 in
            var capacity = 3 * utf8.count + 1
            while true {
                var count = 0
                let result = String(unsafeUninitializedCapacity: capacity) { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { count = write(made_text(utf8), $0) }
                    return count > capacity ? 0 : count
                }
                if count <= capacity { return result }
                capacity = count
            }
        }
    }

    /// In Unicode normal form C, without outer blanks.
    package static func normalised(_ text: String) -> String {
        written(text) { made_normalise($0, $1.baseAddress, $1.count) }
    }

    /// Appends `value`, which is finite, as people write it in tables: the shortest decimal that reads back as the same
    /// double, whole numbers without a fraction, and no exponent between 1e-9 and 1e21.
    package static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value == 0 || value == 1 {
            bytes.append(value == 0 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        } else if value == value.rounded(), abs(value) < 0x1p63 {
            bytes.append(contentsOf: Int64(value).description.utf8)
        } else {
            let start = bytes.count
            appendShortest(value, to: &bytes)
            if abs(value) < 1, abs(value) >= 1e-9, bytes[start...].contains(UInt8(ascii: "e")) {
                let text = String(decoding: bytes[start...], as: UTF8.self)
                bytes.replaceSubrange(start..., with: withoutExponent(text).utf8)
            }
        }
    }

    /// Appends the shortest decimal that reads back as the same `value`, as Swift's `description` writes it, without the
    /// memory of a string.
    package static func appendShortest(
        _ value: some BinaryFloatingPoint & TextOutputStreamable, to bytes: inout [UInt8]
    ) {
        var text = ASCIIText()
        swap(&text.bytes, &bytes)
        value.write(to: &text)
        swap(&text.bytes, &bytes)
    }

    /// The same as a text.
    package static func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `1.5e-05` as `0.000015`.
    private static func withoutExponent(_ text: String) -> String {
        let parts = text.split(separator: "e-")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
        let digits = parts[0].filter(\.isNumber)
        let zeros = String(repeating: "0", count: exponent - 1)
        // The shortest description has one digit before its point; a lone ".0" is no digit of the number.
        return (text.hasPrefix("-") ? "-0." : "0.") + zeros
            + (parts[0].hasSuffix(".0") ? String(digits.dropLast()) : digits)
    }
}

/// Bytes that numbers are written to.
private struct ASCIIText: TextOutputStream {
    var bytes: [UInt8] = []

    mutating func write(_ string: String) {
        bytes.append(contentsOf: string.utf8)
    }

    /// What the standard library calls with the digits of a number; without it, it would make a string of them for `write`.
    mutating func _writeASCII(_ digits: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: digits)
    }
}
