internal import Glibc

/// The request methods that reach a handler.
public enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case options = "OPTIONS"

    init?(_ text: UnsafePointer<CChar>) {
        if strcmp(text, "POST") == 0 {
            self = .post
        } else if strcmp(text, "GET") == 0 {
            self = .get
        } else {
            self.init(rawValue: String(cString: text))
        }
    }
}

/// A request target in origin form as it was sent, path and query still encoded.
struct RequestTarget: Sendable {
    let bytes: [UInt8]

    /// The path, decoded but for `%2F`, which separates no segments (RFC 3986, section 2.2); bytes that are not UTF-8 become
    /// U+FFFD.
    var path: String { percentDecoded(bytes.prefix { $0 != UInt8(ascii: "?") }, isPath: true) }

    /// The decoded pairs of the query, in their order; a name without `=` has an empty value.
    var queryItems: [(name: String, value: String)] {
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return bytes[(mark + 1)...].split(separator: UInt8(ascii: "&")).map { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair.dropFirst(name.count + 1)
            return (percentDecoded(name, isPath: false), percentDecoded(value, isPath: false))
        }
    }

    /// What is wrong with the target, or nil.
    var violation: String? {
        guard bytes.first == UInt8(ascii: "/") else { return "the request target must be a path that starts with /" }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            return "the request target holds a space or a control character"
        }
        for index in bytes.indices.dropLast(2) where bytes[index] == UInt8(ascii: "%") {
            if bytes[index + 1] == UInt8(ascii: "0"), bytes[index + 2] == UInt8(ascii: "0") {
                return "the request target holds %00"
            }
        }
        return nil
    }
}

private func percentDecoded(_ encoded: ArraySlice<UInt8>, isPath: Bool) -> String {
    if !encoded.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
        return String(decoding: encoded, as: UTF8.self)
    }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(encoded.count)
    var rest = encoded
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), let pair = hexPair(rest), !isPath || pair != UInt8(ascii: "/") {
            decoded.append(pair)
            rest = rest.dropFirst(2)
        } else if byte == UInt8(ascii: "+"), !isPath {
            decoded.append(UInt8(ascii: " "))
        } else {
            decoded.append(byte)
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}

private func hexPair(_ bytes: ArraySlice<UInt8>) -> UInt8? {
    guard let first = bytes.first, let second = bytes.dropFirst().first,
        let high = hexDigit(first), let low = hexDigit(second)
    else { return nil }
    return high << 4 | low
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
