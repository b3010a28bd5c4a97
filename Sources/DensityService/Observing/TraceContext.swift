/// The trace that a request belongs to, by its `traceparent` (W3C Trace Context, section 3.2).
struct TraceContext: Equatable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    var traceID: String
    /// The caller's span: 16 hexadecimal digits, not all zero.
    var parentID: String

    /// Nil where the field is none, or not as the recommendation has it: such a field is ignored.
    init?(_ field: String?) {
        guard let field else { return nil }
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", Self.isHex(parts[1], 32),
            Self.isHex(parts[2], 16), Self.isHex(parts[3], 2), parts[0] != "00" || parts.count == 4,
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceID = String(parts[1])
        parentID = String(parts[2])
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
