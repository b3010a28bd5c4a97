/// Bytes of JSON, written by hand: on the way of every answer, where `JSONEncoder` would cost more than the model.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    /// Whether the next member or element needs a comma before it.
    private var needsComma = false

    package init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Hands out what was written since the last call; what is written next goes on behind it.
    package mutating func take() -> [UInt8] {
        // A copy of just the size: the buffer's own may be twice as large.
        let taken = Array(bytes[...])
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// The key of the member that is written next.
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func null() {
        literal("null")
    }

    package mutating func bool(_ value: Bool) {
        literal(value ? "true" : "false")
    }

    /// Null where nobody knows.
    package mutating func bool(_ value: Bool?) {
        if let value { bool(value) } else { null() }
    }

    package mutating func integer(_ value: some BinaryInteger) {
        separate()
        needsComma = true
        if (0...9).contains(value) {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// The shortest decimal that reads back as `value`. JSON has no NaN and no infinities: they are null.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        needsComma = true
        NumberText.appendShortest(value, to: &bytes)
    }

    /// The shortest decimal that reads back as `value`, as for doubles.
    package mutating func number(_ value: Float) {
        guard value.isFinite else { return null() }
        separate()
        needsComma = true
        NumberText.appendShortest(value, to: &bytes)
    }

    /// A finite number as people write it in tables.
    package mutating func decimal(_ value: Double) {
        separate()
        needsComma = true
        NumberText.append(value, to: &bytes)
    }

    package mutating func string(_ value: String?) {
        if let value { string(value) } else { null() }
    }

    package mutating func string(_ value: String) {
        separate()
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            if text.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: text)
            } else {
                for byte in text { escape(byte) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Bytes that are JSON already: whole members or elements, without a comma at either end.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        needsComma = true
        bytes.append(contentsOf: json)
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: String) {
        raw(Array(json.utf8))
    }

    /// A line end, for NDJSON: the next value starts afresh.
    package mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    private mutating func literal(_ text: StaticString) {
        separate()
        needsComma = true
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}

extension JSONWriter {
    package mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    package mutating func member(_ name: String, _ value: Double) {
        key(name)
        number(value)
    }

    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        integer(value)
    }

    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    package mutating func member(_ name: String, strings: some Sequence<String>) {
        key(name)
        beginArray()
        for value in strings { string(value) }
        endArray()
    }
}
