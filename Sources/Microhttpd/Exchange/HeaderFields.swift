internal import CMicrohttpdShim

/// The header fields of one request, copied out of the connection's memory (so that any thread may read them, and
/// after the connection is gone), with what the request guard has to know about them.
struct HeaderFields: Sendable {
    /// `name:value\n` for each field, the name in lower case. Neither separator can occur in what it separates.
    private var text: [UInt8] = []
    private(set) var count = 0
    private(set) var byteCount = 0
    /// What is wrong with a single field, the first that is.
    private(set) var violation: String?
    private(set) var contentLengthCount = 0
    private(set) var contentLength: Int?
    private(set) var transferEncodingCount = 0
    private(set) var isChunked = false
    private(set) var hostCount = 0
    private(set) var expectCount = 0
    private(set) var expectsContinue = false
    /// The marks of all names, one bit each: most fields that are asked for were not sent, and need no search.
    private var marks: UInt64 = 0

    init() {}

    /// Reads the fields of a connection whose head is complete. Must run on its loop's thread.
    init(of connection: OpaquePointer) {
        text.reserveCapacity(256)
        withUnsafeMutablePointer(to: &self) { fields in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { context, _, name, nameCount, value, valueCount in
                    context?.assumingMemoryBound(to: HeaderFields.self).pointee.add(
                        name: UnsafeRawBufferPointer(start: name, count: nameCount),
                        value: UnsafeRawBufferPointer(start: value, count: valueCount))
                    return .YES
                }, fields)
        }
    }

    /// The values of a field, joined as HTTP allows it, or nil where it was not sent.
    subscript(name: String) -> String? {
        let utf8 = name.utf8
        guard let first = utf8.first, marks & Self.mark(first, count: utf8.count) != 0 else { return nil }
        var joined: String?
        var start = 0
        while start < text.count {
            let valueStart = start + nameMatches(name, at: start)
            // A plain scan: a service looks up several fields of every request.
            var end = max(start, valueStart)
            while text[end] != UInt8(ascii: "\n") { end += 1 }
            if valueStart > start {
                let value = String(decoding: text[valueStart..<end], as: UTF8.self)
                joined = joined.map { "\($0), \(value)" } ?? value
            }
            start = end + 1
        }
        return joined
    }

    /// The value of a field as it came; of several the first.
    func bytes(of name: StaticString) -> ArraySlice<UInt8>? {
        var start = 0
        while start < text.count {
            let isNamed = name.withUTF8Buffer { name in
                start + name.count < text.count && text[start + name.count] == UInt8(ascii: ":")
                    && name.indices.allSatisfy { lowercased(name[$0]) == text[start + $0] }
            }
            var end = start
            while text[end] != UInt8(ascii: "\n") { end += 1 }
            if isNamed { return text[(start + name.utf8CodeUnitCount + 1)..<end] }
            start = end + 1
        }
        return nil
    }

    /// One bit of 64 for a name that begins with `first` and is `count` bytes long.
    private static func mark(_ first: UInt8, count: Int) -> UInt64 {
        1 << UInt64((Int(lowercased(first)) + 5 * count) & 63)
    }

    /// Bytes of name and colon where the line at `start` is this field, else 0.
    private func nameMatches(_ name: String, at start: Int) -> Int {
        var index = start
        for byte in name.utf8 {
            guard index < text.count, text[index] == lowercased(byte) else { return 0 }
            index += 1
        }
        return index < text.count && text[index] == UInt8(ascii: ":") ? index + 1 - start : 0
    }

    /// The reason why nobody can say for sure where the body of such a request ends, or whose it is; else nil.
    func framingViolation(isHTTP10: Bool) -> String? {
        if contentLengthCount > 1 { return "more than one Content-Length" }
        if transferEncodingCount > 1 { return "more than one Transfer-Encoding" }
        if hostCount > 1 { return "more than one Host" }
        if hostCount == 0, !isHTTP10 { return "an HTTP/1.1 request needs a Host field (RFC 9112, section 3.2)" }
        if transferEncodingCount == 0 { return nil }
        if contentLengthCount > 0 { return "Content-Length together with Transfer-Encoding" }
        if !isChunked { return "a Transfer-Encoding other than chunked" }
        return isHTTP10 ? "Transfer-Encoding in an HTTP/1.0 request" : nil
    }

    private mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        count += 1
        byteCount += name.count + value.count
        note(name, value)
        guard violation == nil else { return }
        if let first = name.first { marks |= Self.mark(first, count: name.count) }
        for byte in name { text.append(lowercased(byte)) }
        text.append(UInt8(ascii: ":"))
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        text.append(contentsOf: value.prefix((value.lastIndex { !isBlank($0) } ?? -1) + 1))
        text.append(UInt8(ascii: "\n"))
    }

    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if name.isEmpty || !name.allSatisfy(isTokenByte) {
            violation = violation ?? "a header name holds white space or another character that no name may hold"
        }
        if value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            violation = violation ?? "a header value holds a control character"
        }
        switch name.count {
        case 4 where equal(name, "host"): hostCount += 1
        case 6 where equal(name, "expect"):
            expectCount += 1
            expectsContinue = equal(value, "100-continue")
        case 14... where begins(name, "content-length"):
            contentLengthCount += 1
            contentLength = statedLength(value)
            refuseFolded(name, longerThan: 14)
        case 17... where begins(name, "transfer-encoding"):
            transferEncodingCount += 1
            isChunked = equal(value, "chunked")
            refuseFolded(name, longerThan: 17)
        default: break
        }
    }

    /// libmicrohttpd 0.9.75 appends a folded line to the field's *name*, and then no longer knows the field.
    private mutating func refuseFolded(_ name: UnsafeRawBufferPointer, longerThan count: Int) {
        if name.count > count { violation = violation ?? "a folded or misspelt Content-Length or Transfer-Encoding" }
    }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// A number of decimal digits and nothing else. One that is too large for an `Int` is beyond every limit, as the largest is.
private func statedLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard !bytes.isEmpty, bytes.allSatisfy(isDigit) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self)) ?? .max
}

private func begins(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard bytes.count >= text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { text in text.indices.allSatisfy { lowercased(bytes[$0]) == text[$0] } }
}

private func equal(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    bytes.count == text.utf8CodeUnitCount && begins(bytes, text)
}
