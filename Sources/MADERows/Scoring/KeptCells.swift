package import CRows

/// The cells of one row that are copied to the answer; they hold until the next read.
package struct KeptCells {
    let cells: UnsafeBufferPointer<made_kept_cell>

    package init(_ cells: UnsafePointer<made_kept_cell>?, row: Int, count: Int) {
        self.cells = UnsafeBufferPointer(start: cells.map { $0 + row * count }, count: cells == nil ? 0 : count)
    }

    /// None.
    package init() {
        cells = UnsafeBufferPointer(start: nil, count: 0)
    }

    /// The first `count` of them.
    package func prefix(_ count: Int) -> KeptCells { KeptCells(cells.baseAddress, row: 0, count: count) }

    /// Those behind the first `count`.
    func dropFirst(_ count: Int) -> KeptCells {
        KeptCells(cells.baseAddress.map { $0 + count }, row: 0, count: cells.count - count)
    }

    /// The text of cell `index`; nil where it is missing.
    package func text(_ index: Int) -> String? { cells[index].is_absent ? nil : String(cells[index].text) }

    /// Each as a cell of CSV with a comma behind it.
    func appendCSV(to bytes: inout [UInt8]) {
        for cell in cells {
            // An empty text in quotes would not be what came in.
            if !cell.is_absent, cell.text.count > 0 { appendCell(String(cell.text), to: &bytes) }
            bytes.append(UInt8(ascii: ","))
        }
    }

    /// Each as a member of a JSON object, named by `keys`, which end in a colon, with a comma behind it.
    func appendJSON(keys: [[UInt8]], to bytes: inout [UInt8]) {
        for (key, cell) in zip(keys, cells) {
            bytes.append(contentsOf: key)
            if cell.is_absent {
                bytes.append(contentsOf: "null".utf8)
            } else if cell.is_json {
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: cell.text.bytes, count: cell.text.count))
            } else {
                var json = JSONWriter(capacity: cell.text.count + 2)
                json.string(String(cell.text))
                bytes.append(contentsOf: json.bytes)
            }
            bytes.append(UInt8(ascii: ","))
        }
    }
}
