internal import MADERows

/// Columns of objects as MLServer's codec for data frames sends them where not all are texts: each value as JSON, in a text.
enum JSONTexts {
    static let contentType = "pd_json"

    /// A tensor's `data` with the values themselves in place of their texts, as an object of JSON with `scanPadding` zeros
    /// behind it.
    static func valuesAsJSON(of head: TensorHead, using scanner: BodyScanner) throws(Problem) -> [UInt8] {
        guard head.hasData else {
            throw Problem(400, "the tensor \(quoted(head.name)) is \(contentType), which is read in 'data' only")
        }
        let scan = scanner.scan(head.json, as: .fields, schema: nil, into: RowBuffer())
        if let problem = Problem(scan, shape: .fields) { throw problem }
        let texts = try OptionReader(scan).value(
            "data", [String?].self, mustBe: "an array of texts, as the tensor \(quoted(head.name)) is \(contentType)")
        var json = Array("{\"data\":[".utf8)
        for (index, text) in (texts ?? []).enumerated() {
            let value = Array((text ?? "null").utf8)
            guard isOneValue(value) else {
                throw Problem(400, "\(quoted(head.name))[\(index)] is not the JSON of one value: \(quoted(text ?? ""))")
            }
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += value
        }
        return json + "]}".utf8 + [UInt8](repeating: 0, count: scanPadding)
    }

    /// Whether a text is, if it is JSON at all, one text or number, true, false or null.
    private static func isOneValue(_ json: [UInt8]) -> Bool {
        guard json.first == UInt8(ascii: "\"") else {
            return ["true", "false", "null"].contains { json.elementsEqual($0.utf8) }
                || !json.isEmpty && json.allSatisfy(isOfNumber)
        }
        var index = 1
        while index < json.count, json[index] != UInt8(ascii: "\"") {
            index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index == json.count - 1
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool { "0123456789+-.eE".utf8.contains(byte) }
}
