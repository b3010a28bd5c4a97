/// Bytes that a scan may read after the end of what it is given.
let scanPadding = 64

extension UnsafeRawBufferPointer {
    /// Whether there is a NaN outside the texts of this JSON.
    var hasNaN: Bool {
        var isFound = false
        walkJSON {
            isFound = true
        } other: { _ in
        }
        return isFound
    }

    /// The same JSON with null in place of each NaN outside its texts, and `scanPadding` zeros behind it. Python's writer puts NaN
    /// for a missing number, tritonclient by that, and Triton reads it.
    func withNullsForNaN() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + count / 3 + scanPadding)
        walkJSON {
            result += "null".utf8
        } other: {
            result.append($0)
        }
        result.append(contentsOf: repeatElement(0, count: scanPadding))
        return result
    }

    /// Calls `nan` at each NaN outside texts, `other` with every byte that is none of one.
    private func walkJSON(nan: () -> Void, other: (UInt8) -> Void) {
        var isInText = false
        var index = 0
        while index < count {
            let byte = self[index]
            if byte == UInt8(ascii: "N"), !isInText, self[index...].starts(with: "NaN".utf8) {
                nan()
                index += 3
                continue
            }
            other(byte)
            if isInText, byte == UInt8(ascii: "\\"), index + 1 < count {
                index += 1
                other(self[index])
            } else if byte == UInt8(ascii: "\"") {
                isInText.toggle()
            }
            index += 1
        }
    }
}
