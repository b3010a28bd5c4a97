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

    /// Whether all of `text` is a number, and not digits after a leading zero, which are a code.
    static func isNumber(_ text: String) -> Bool {
        if text.utf8.count > 1, text.utf8.first == UInt8(ascii: "0"), text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return false
        }
        return number(text) != nil
    }

    /// What a text says that is 0 or 1, or a word for false or true; nil where it says neither.
    package static func truth(_ text: String) -> Bool? {
        if let number = number(text) { return number == 0 ? false : number == 1 ? true : nil }
        switch text.lowercased() {
        case "false", "f", "no", "n": return false
        case "true", "t", "yes", "y": return true
        default: return nil
        }
    }

    /// In Unicode normal form C, without outer blanks.
    package static func normalised(_ text: String) -> String {
        var text = text
        return text.withUTF8 { utf8 in
            let source = made_text(
                bytes: UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self), count: utf8.count)
            return String(unsafeUninitializedCapacity: 3 * utf8.count + 1) { bytes in
                bytes.withMemoryRebound(to: CChar.self) { made_normalise(source, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Appends `value`, which is finite, as people write it in tables: the shortest decimal that reads back as the same
    /// double, whole numbers without a fraction, and no exponent between 1e-9 and 1e21.
    package static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value == 0 || value == 1 {
            bytes.append(value == 0 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        } else if value == value.rounded(), abs(value) < 0x1p63 {
            bytes.append(contentsOf: Int64(value).description.utf8)
        } else {
            var text = value.description
            if abs(value) < 1, abs(value) >= 1e-9, text.utf8.contains(UInt8(ascii: "e")) {
                text = withoutExponent(text)
            }
            text.withUTF8 { bytes.append(contentsOf: $0) }
        }
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
