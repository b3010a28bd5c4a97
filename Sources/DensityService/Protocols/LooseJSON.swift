/// Bytes that a scan may read after the end of what it is given.
let scanPadding = 64

extension UnsafeRawBufferPointer {
    /// The same JSON with null in place of each NaN outside its texts, and `scanPadding` zeros behind it; nil where there is
    /// no NaN. Python's writer puts it for a missing number, tritonclient by that, and Triton reads it.
    func withNullsForNaN() -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(count + count / 3 + scanPadding)
        var isInText = false
        var isFound = false
        var index = 0
        while index < count {
            let byte = self[index]
            if byte == UInt8(ascii: "N"), !isInText, self[index...].starts(with: "NaN".utf8) {
                result += "null".utf8
                isFound = true
                index += 3
                continue
            }
            result.append(byte)
            if isInText, byte == UInt8(ascii: "\\"), index + 1 < count {
                index += 1
                result.append(self[index])
            } else if byte == UInt8(ascii: "\"") {
                isInText.toggle()
            }
            index += 1
        }
        guard isFound else { return nil }
        return result + [UInt8](repeating: 0, count: scanPadding)
    }
}
