/// One row of a table: cells by the names of their columns, or in the order of the model's columns.
///
/// Literals are rows: `["carat": 0.51, "cut": "Ideal", "color": nil]`, and `[0.51, "Ideal", nil]`. A column that is not named
/// is missing.
public struct TableRow: Sendable, Equatable {
    /// Of each cell its column; nil where cells stand in the order of `TableModel.columns`.
    public let names: [String]?
    /// The cells.
    public let cells: [TableCell]

    /// Cells by name.
    public init(_ cells: some Sequence<(String, TableCell)>) {
        let cells = Array(cells)
        names = cells.map(\.0)
        self.cells = cells.map(\.1)
    }

    /// Cells by name, in no order.
    public init(_ cells: [String: TableCell]) { self.init(cells.map { ($0.key, $0.value) }) }

    /// Cells in the order of `TableModel.columns`.
    public init(_ cells: [TableCell]) {
        names = nil
        self.cells = cells
    }

    /// Rows of the same columns share their `names`.
    init(names: [String], cells: [TableCell]) {
        self.names = names
        self.cells = cells
    }

    /// The cell of a column; nil where the row does not name it.
    public subscript(name: String) -> TableCell? { names?.firstIndex(of: name).map { cells[$0] } }
}

extension TableRow: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    /// Cells by name.
    public init(dictionaryLiteral elements: (String, TableCell)...) { self.init(elements) }
    /// Cells in the order of `TableModel.columns`.
    public init(arrayLiteral elements: TableCell...) { self.init(elements) }
}

extension TableRow {
    func write(to json: inout JSONWriter) {
        guard let names else {
            json.beginArray()
            for cell in cells { cell.write(to: &json) }
            return json.endArray()
        }
        json.beginObject()
        for (name, cell) in zip(names, cells) {
            json.key(name)
            cell.write(to: &json)
        }
        json.endObject()
    }

    /// Rows as NDJSON, which every reader of rows takes.
    package static func lines(_ rows: [TableRow]) -> [UInt8] {
        var json = JSONWriter(capacity: 64 * rows.count + 16)
        for row in rows {
            row.write(to: &json)
            json.endLine()
        }
        return json.bytes
    }
}
