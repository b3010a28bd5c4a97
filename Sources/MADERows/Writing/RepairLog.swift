/// What was changed in a table as CSV, a line a change. A row that stays an anomaly has the changes that do not do, or none; one
/// that could not be read has the reason in the last column.
package struct RepairLog: Sendable {
    private let columns: SentColumns

    /// Of rows of `columns`.
    package init(_ columns: SentColumns) { self.columns = columns }

    /// The first line.
    package var header: [UInt8] {
        Array("row,variable,from,to,gain,p_value,row_p_value,row_p_value_after,repaired,error\n".utf8)
    }

    /// Appends what became of row `number`, from 1.
    package func append(_ repair: Repairer.Repair, row number: Int, to bytes: inout [UInt8]) {
        guard let isRepaired = repair.isRepaired else { return }
        let end = ",\(repair.pValues.before),\(repair.pValues.after),\(isRepaired),\n"
        if repair.changes.isEmpty { bytes.append(contentsOf: "\(number),,,,,\(end)".utf8) }
        for change in repair.changes {
            bytes.append(contentsOf: "\(number),".utf8)
            appendCell(columns.schema.columns[change.column].name, to: &bytes)
            for cell in [change.from, change.to] {
                bytes.append(UInt8(ascii: ","))
                if !cell.plainText.isEmpty { appendCell(cell.plainText, to: &bytes) }
            }
            let pValue = change.pValue.map { "\($0)" } ?? ""
            bytes.append(contentsOf: ",\(change.gain),\(pValue)\(end)".utf8)
        }
    }

    /// Appends why row `number` could not be read.
    package func append(fault: String, row number: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\(number),,,,,,,,,".utf8)
        appendCell(fault, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}
