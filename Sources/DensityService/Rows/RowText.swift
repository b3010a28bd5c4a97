public import MADE

/// Rows of values as text, in the data's own form: labels, whole numbers without a fraction. What is written reads back
/// as the same row, to the bit.
public struct RowText: Sendable {
    /// What a value of one column is written as.
    private enum Column {
        case number
        /// Every label as JSON and as a cell of CSV.
        case labels(json: [[UInt8]], csv: [[UInt8]])
    }

    private let names: [String]
    private let columns: [Column]

    /// Of rows of `variables`.
    public init(_ variables: [Variable]) {
        names = variables.map(\.name)
        columns = variables.map { variable in
            guard case .categorical(let categories) = variable.kind else { return .number }
            return .labels(
                json: categories.labels.map { label in
                    var json = JSONWriter(capacity: label.utf8.count + 2)
                    json.string(label)
                    return json.bytes
                }, csv: categories.labels.map { Array(csvCell($0).utf8) })
        }
    }

    /// The first line of CSV, without its end.
    public var csvHeader: [UInt8] { Array(names.map(csvCell).joined(separator: ",").utf8) }

    /// A row [D] as a line of CSV without its end; an empty cell is a missing value.
    public func appendCSV(_ row: some Collection<Float>, to bytes: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if value.isNaN { continue }
            switch columns[index] {
            case .number: appendDecimal(value, to: &bytes)
            case .labels(_, let csv): bytes.append(contentsOf: csv[Int(value)])
            }
        }
    }

    /// A row [D] as a line of NDJSON without its end, an array or an object keyed by name.
    public func appendJSON(_ row: some Collection<Float>, asObject: Bool, to bytes: inout [UInt8]) {
        var json = JSONWriter(capacity: 8 * columns.count)
        write(row, asObject: asObject, to: &json)
        bytes.append(contentsOf: json.bytes)
    }

    func write(_ row: some Collection<Float>, asObject: Bool, to json: inout JSONWriter) {
        if asObject { json.beginObject() } else { json.beginArray() }
        for (index, value) in row.enumerated() {
            if asObject { json.key(names[index]) }
            write(value, of: index, to: &json)
        }
        if asObject { json.endObject() } else { json.endArray() }
    }

    /// The value of variable `index`, null where it is NaN.
    func write(_ value: Float, of index: Int, to json: inout JSONWriter) {
        guard !value.isNaN else { return json.null() }
        switch columns[index] {
        case .number: json.decimal(value)
        case .labels(let labels, _): json.raw(labels[Int(value)])
        }
    }
}

/// Appends `value`, which is finite, as people write it in tables: the shortest decimal that reads back as the same float,
/// whole numbers without a fraction, and no exponent between 1e-9 and 2^63.
func appendDecimal(_ value: Float, to bytes: inout [UInt8]) {
    if value == 0 || value == 1 {
        bytes.append(value == 0 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
    } else if value == value.rounded(), abs(value) < 0x1p63 {
        bytes.append(contentsOf: Int64(value).description.utf8)
    } else {
        var text = value.description
        if abs(value) < 1, abs(value) >= 1e-9, text.contains("e") { text = withoutExponent(text) }
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }
}

/// A finite number as `RowText` writes it.
public func decimalText(_ value: Float) -> String {
    var bytes: [UInt8] = []
    appendDecimal(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// `1.5e-05` as `0.000015`.
private func withoutExponent(_ text: String) -> String {
    let parts = text.split(separator: "e-")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
    let digits = parts[0].filter(\.isNumber)
    let zeros = String(repeating: "0", count: exponent - 1)
    // The shortest description has one digit before its point; a lone ".0" is no digit of the number.
    return (text.hasPrefix("-") ? "-0." : "0.") + zeros
        + (parts[0].hasSuffix(".0") ? String(digits.dropLast()) : digits)
}

/// A text as a cell of CSV (RFC 4180); an empty text in quotes, as without them it would be a missing value.
public func csvCell(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 >= 0x20 }
    if isPlain && !text.isEmpty { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
