public import MADE

/// Rows of values as text, in the table's own form: labels, whole numbers without a fraction, decimal commas, dates. What is
/// written reads back as the same row, to the bit, but for dates whose weekday and month no day of the training range has. The
/// only writer of rows.
public struct RowText: Sendable {
    /// What the values of one variable are written as.
    fileprivate enum Form {
        case number(hasDecimalComma: Bool)
        /// Every label, as JSON, and as a cell of CSV.
        case labels([String], json: [[UInt8]], csv: [[UInt8]])
    }

    private let variables: [Variable]
    private let forms: [Form]
    /// Names of the columns, and the variables that they are made of.
    private let columns: [(name: String, variables: Range<Int>)]
    /// Nil where columns are variables.
    private let clocks: ClockTimes?

    /// Of rows of a model.
    public init(_ card: ModelCard) {
        let table = card.table
        let kept = table.columns.filter { $0.leftOut == nil }
        variables = card.variables
        columns = zip(kept, table.variableRanges).map { ($0.name, $1) }
        clocks = ClockTimes(table)
        forms = zip(kept, table.variableRanges).flatMap { column, range in
            card.variables[range].map { variable in
                switch variable.kind {
                case .categorical(let categories): Form(labels: categories.labels + categories.rareLabels)
                case .binary: column.truthTexts.map { Form(labels: $0) } ?? .number(hasDecimalComma: false)
                case .real: .number(hasDecimalComma: column.numberForm.hasDecimalComma)
                }
            }
        }
    }

    /// The first line of CSV, without its end.
    public var csvHeader: [UInt8] {
        var bytes: [UInt8] = []
        for (index, column) in columns.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendCell(column.name, to: &bytes)
        }
        return bytes
    }

    /// An encoded row [D] as a line of CSV without its end; an empty cell is a missing value. In quotes where it is all of
    /// the line: a blank line is no row. `draw`: which of the days that fit a date's weekday and month is written.
    public func appendCSV(_ row: some Collection<Float>, draw: UInt64 = 0, to bytes: inout [UInt8]) {
        appendCSV(row, given: nil, draw: draw, to: &bytes)
    }

    /// The same, but for cells that are `given`.
    package func appendCSV(
        _ row: some Collection<Float>, given: GivenCells?, draw: UInt64 = 0, to bytes: inout [UInt8]
    ) {
        let row = Array(row)
        let times = clocks?.texts(
            row.enumerated().map { variables[$0].decode($1) }, known: given?.seconds ?? [], draw: draw)
        for (index, column) in columns.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if let cell = given?.cells[index] {
                appendCell(text(of: cell, column: index), to: &bytes)
                continue
            }
            let variable = column.variables.lowerBound
            let time = times?[index]
            if time == .missing || time == nil && variables[variable].isMissing(row[variable]) {
                if columns.count == 1 { bytes.append(contentsOf: "\"\"".utf8) }
                continue
            }
            if case .text(let text, _) = time {
                appendCell(text, to: &bytes)
                continue
            }
            switch forms[variable] {
            case .number(false): NumberText.append(variables[variable].decode(row[variable]), to: &bytes)
            case .number(true): appendWithComma(variables[variable].decode(row[variable]), to: &bytes)
            case .labels(_, _, let csv): bytes.append(contentsOf: csv[Int(row[variable])])
            }
        }
    }

    /// An encoded row [D] as a line of NDJSON without its end, an array or an object keyed by name. `draw` as of CSV.
    public func appendJSON(_ row: some Collection<Float>, asObject: Bool, draw: UInt64 = 0, to bytes: inout [UInt8]) {
        appendJSON(row, asObject: asObject, given: nil, draw: draw, to: &bytes)
    }

    /// The same, but for cells that are `given`.
    package func appendJSON(
        _ row: some Collection<Float>, asObject: Bool, given: GivenCells?, draw: UInt64 = 0, to bytes: inout [UInt8]
    ) {
        var json = JSONWriter(capacity: 8 * columns.count)
        write(row, asObject: asObject, given: given, draw: draw, to: &json)
        bytes.append(contentsOf: json.bytes)
    }

    /// The same as a value.
    package func write(
        _ row: some Collection<Float>, asObject: Bool, given: GivenCells? = nil, draw: UInt64 = 0,
        to json: inout JSONWriter
    ) {
        let values = row.enumerated().map { variables[$0].decode($1) }
        let times = clocks?.texts(values, known: given?.seconds ?? [], draw: draw)
        if asObject { json.beginObject() } else { json.beginArray() }
        for (index, column) in columns.enumerated() {
            if asObject { json.key(column.name) }
            if let cell = given?.cells[index] {
                cell.write(to: &json)
                continue
            }
            switch times?[index] {
            case .text(let text, isNumber: true): json.raw(text)
            case .text(let text, isNumber: false): json.string(text)
            case .missing: json.null()
            case nil: write(values[column.variables.lowerBound], of: column.variables.lowerBound, to: &json)
            }
        }
        if asObject { json.endObject() } else { json.endArray() }
    }

    /// The cells of an encoded row [D], a column each, as rows of NDJSON have them. `given` and `draw` as of CSV.
    func cells(_ row: some Collection<Float>, given: GivenCells?, draw: UInt64) -> [SentCell] {
        let values = row.enumerated().map { variables[$0].decode($1) }
        let times = clocks?.texts(values, known: given?.seconds ?? [], draw: draw)
        return columns.enumerated().map { index, column in
            if let cell = given?.cells[index] { return cell }
            let variable = column.variables.lowerBound
            return switch times?[index] {
            case .text(let text, let isNumber): isNumber ? .json(text) : .text(text)
            case .missing: .absent
            case nil: values[variable].isNaN ? .absent : cell(values[variable], of: variable, in: .ndjson)
            }
        }
    }

    /// The number `value` of variable `index` as the table has it, null where it is NaN.
    package func write(_ value: Double, of index: Int, to json: inout JSONWriter) {
        guard !value.isNaN else { return json.null() }
        switch forms[index] {
        case .number: json.decimal(value)
        case .labels(_, let labels, _): json.raw(labels[Int(value)])
        }
    }

    /// The number `value` of variable `index` as a cell of its own, as rows of `format` have it. Precondition: it is one.
    package func cell(_ value: Double, of index: Int, in format: LineFormat) -> SentCell {
        switch forms[index] {
        case .labels(let labels, _, _): return .text(labels[Int(value)])
        case .number(let hasDecimalComma):
            let text = NumberText.text(value)
            guard format == .csv else { return .json(text) }
            return .text(hasDecimalComma ? text.replacing(".", with: ",") : text)
        }
    }

    /// A cell that came as it stands in CSV: a number of JSON with the table's decimal comma.
    private func text(of cell: SentCell, column: Int) -> String {
        let form = forms[columns[column].variables.lowerBound]
        guard case .json(let token) = cell, case .number(hasDecimalComma: true) = form else { return cell.plainText }
        return token.replacing(".", with: ",")
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

extension RowText.Form {
    fileprivate init(labels: [String]) {
        self = .labels(
            labels,
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
/// an empty one would be a missing value without them, and a line that begins with # a comment. `separators` are what may
/// separate cells; in a header it may be all that some reader takes for one.
package func appendCell(_ text: String, separators: String = ",;\t|", to bytes: inout [UInt8]) {
    let marks = "\(separators)\"#".utf8
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && !marks.contains($0) || $0 == 0x20 }
    if isPlain && !text.isEmpty { return bytes.append(contentsOf: text.utf8) }
    let quote = UInt8(ascii: "\"")
    bytes.append(quote)
    for byte in text.utf8 {
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
    }
    bytes.append(quote)
}
