internal import MADERows
internal import Microhttpd

extension Exchange {
    /// - Throws: a 400 that names a parameter of the query which is not among `names`, or occurs twice.
    func checkQuery(_ names: [String]) throws(Problem) {
        var seen: [String] = []
        for (name, _) in queryItems {
            guard names.contains(name) else {
                throw Problem(
                    400, "\(quoted(name)) is not a parameter of this request\(suggestion(for: name, among: names))")
            }
            guard !seen.contains(name) else { throw Problem(400, "the parameter '\(name)' occurs twice") }
            seen.append(name)
        }
    }
}

/// A number of decimal digits and nothing else; nil where `text` is none, or one beyond 2^64 − 1.
func wholeNumber(_ text: String) -> UInt64? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(text) : nil
}

/// The same, where it lies in `range`.
func wholeNumber<Value: FixedWidthInteger>(_ text: String, in range: ClosedRange<Value>) -> Value? {
    wholeNumber(text).flatMap { Value(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
}

/// A number as JSON has them, which has neither hexadecimal digits nor names.
func decimalNumber(_ text: String) -> Double? {
    text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(text) : nil
}
