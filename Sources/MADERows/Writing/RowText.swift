public import MADE

/// Rows of values as text, in the table's own form: labels, whole numbers without a fraction, decimal commas. What is written
/// reads back as the same row, to the bit. The only writer of rows.
public struct RowText: Sendable {
    /// What a value of one column is written as.
    fileprivate enum Column {
        case number(hasDecimalComma: Bool)
        /// Every label as JSON and as a cell of CSV.
        case labels(json: [[UInt8]], csv: [[UInt8]])
    }

    private let variables: [Variable]
    private let columns: [Column]

    /// Of rows of a model.
    public init(_ card: ModelCard) {
        let table = card.schema ?? Schema(of: card.variables)
        variables = card.variables
        columns = zip(card.variables, table.columns.filter { $0.leftOut == nil }).map { variable, column in
            switch variable.kind {
            case .categorical(let categories):
                Column(labels: categories.labels + categories.rareLabels)
            case .binary: column.truthTexts.map { Column(labels: $0) } ?? .number(hasDecimalComma: false)
            case .real: .number(hasDecimalComma: column.numberForm.hasDecimalComma)
            }
        }
    }

    /// The first line of CSV, without its end.
    public var csvHeader: [UInt8] {
        var bytes: [UInt8] = []
        for (index, variable) in variables.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendCell(variable.name, to: &bytes)
        }
        return bytes
    }

    /// An encoded row [D] as a line of CSV without its end; an empty cell is a missing value. In quotes where it is all of
    /// the line: a blank line is no row.
    public func appendCSV(_ row: some Collection<Float>, to bytes: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if variables[index].isMissing(value) {
                if columns.count == 1 { bytes.append(contentsOf: "\"\"".utf8) }
                continue
            }
            switch columns[index] {
            case .number(false): NumberText.append(variables[index].decode(value), to: &bytes)
            case .number(true): appendWithComma(variables[index].decode(value), to: &bytes)
            case .labels(_, let csv): bytes.append(contentsOf: csv[Int(value)])
            }
        }
    }

    /// An encoded row [D] as a line of NDJSON without its end, an array or an object keyed by name.
    public func appendJSON(_ row: some Collection<Float>, asObject: Bool, to bytes: inout [UInt8]) {
        var json = JSONWriter(capacity: 8 * columns.count)
        write(row, asObject: asObject, to: &json)
        bytes.append(contentsOf: json.bytes)
    }

    package func write(_ row: some Collection<Float>, asObject: Bool, to json: inout JSONWriter) {
        if asObject { json.beginObject() } else { json.beginArray() }
        for (index, value) in row.enumerated() {
            if asObject { json.key(variables[index].name) }
            write(variables[index].decode(value), of: index, to: &json)
        }
        if asObject { json.endObject() } else { json.endArray() }
    }

    /// The number `value` of variable `index` as the table has it, null where it is NaN.
    package func write(_ value: Double, of index: Int, to json: inout JSONWriter) {
        guard !value.isNaN else { return json.null() }
        switch columns[index] {
        case .number: json.decimal(value)
        case .labels(let labels, _): json.raw(labels[Int(value)])
        }
    }

    /// In quotes: elsewhere the comma separates cells.
    private func appendWithComma(_ value: Double, to bytes: inout [UInt8]) {
        let text = NumberText.text(value)
        guard text.utf8.contains(UInt8(ascii: ".")) else { return bytes.append(contentsOf: text.utf8) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: ",") : $0 })
        bytes.append(UInt8(ascii: "\""))
    }
}

extension RowText.Column {
    fileprivate init(labels: [String]) {
        self = .labels(
            json: labels.map { label in
                var json = JSONWriter(capacity: label.utf8.count + 2)
                json.string(label)
                return json.bytes
            },
            csv: labels.map { label in
                var cell: [UInt8] = []
                appendCell(label, to: &cell)
                return cell
            })
    }
}

/// Appends a text as a cell of CSV (RFC 4180). In quotes where the text has anything that could be taken for more than text:
/// an empty one would be a missing value without them, and a line that begins with # a comment.
package func appendCell(_ text: String, to bytes: inout [UInt8]) {
    let separators = ",;\t|\"#".utf8
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && !separators.contains($0) || $0 == 0x20 }
    if isPlain && !text.isEmpty { return bytes.append(contentsOf: text.utf8) }
    let quote = UInt8(ascii: "\"")
    bytes.append(quote)
    for byte in text.utf8 {
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
    }
    bytes.append(quote)
}
