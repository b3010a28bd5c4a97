/// Rows that came, written as they did but for cells that were changed: CSV with the same columns and separator, or NDJSON.
package struct SentLines: Sendable {
    /// What the rows are written in.
    package let format: LineFormat
    /// Of the rows.
    package let columns: SentColumns
    private let separator: String
    private let headerLine: [UInt8]

    init(_ head: TableHead, _ columns: SentColumns) {
        format = head.format
        separator = String(head.separator)
        headerLine = head.header
        self.columns = columns
    }

    /// The first line as it came; nothing where rows have none. `first` is the name of a column before the others.
    package func header(first: String? = nil) -> [UInt8] {
        guard !headerLine.isEmpty else { return [] }
        var bytes: [UInt8] = []
        if let first {
            appendCell(first, separators: separator, to: &bytes)
            bytes.append(contentsOf: separator.utf8)
        }
        return bytes + headerLine + [UInt8(ascii: "\n")]
    }

    /// Appends a row, after the number `first`, named `name`, where there is one.
    package func append(
        _ cells: [SentCell], first: (name: String, number: Int)? = nil, to bytes: inout [UInt8]
    ) {
        switch format {
        case .csv:
            if let first { bytes.append(contentsOf: "\(first.number)\(separator)".utf8) }
            for (index, cell) in cells.enumerated() {
                if index > 0 { bytes.append(contentsOf: separator.utf8) }
                let text = cell.plainText
                // A line without anything would be none.
                if !text.isEmpty || cells.count == 1, first == nil || !text.isEmpty {
                    appendCell(text, separators: separator, to: &bytes)
                }
            }
        case .ndjson:
            var json = JSONWriter()
            json.beginObject()
            if let first { json.member(first.name, first.number) }
            columns.writeMembers(cells, to: &json)
            json.endObject()
            bytes.append(contentsOf: json.bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Appends a row that could not be read, as it came; of CSV after the number `first`, where there is one.
    package func append(unread line: [UInt8], first: Int? = nil, to bytes: inout [UInt8]) {
        if let first, format == .csv { bytes.append(contentsOf: "\(first)\(separator)".utf8) }
        bytes.append(contentsOf: line)
        bytes.append(UInt8(ascii: "\n"))
    }
}

extension SentColumns {
    /// `name`, or the first like it that no column has.
    package func newName(_ name: String) -> String {
        var name = name
        while names.contains(name) { name += "_" }
        return name
    }

    /// Writes the cells that came, and a null for each column that the model reads and the row lacks.
    package func writeMembers(_ cells: [SentCell], to json: inout JSONWriter) {
        for (index, name) in names.enumerated() where cells[index] != .absent || places.contains(index) {
            json.key(name)
            cells[index].write(to: &json)
        }
    }
}
