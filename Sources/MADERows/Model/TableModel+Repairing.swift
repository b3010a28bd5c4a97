public import MADE

extension TableModel {
    /// Puts right the values that make rows anomalies: a row whose p-value is at most `alpha` gets the fewest changes after which it
    /// is not, greedily by gain. A row that `changesMax` changes do not mend stays as it is.
    ///
    /// - Parameters: see `score(_:)`.
    /// - Returns: as many as there are rows, in their order.
    /// - Throws: `TableModelError.row` of the first row that cannot be read; `.argument`, also where the model has no
    ///   calibration or no p-value as small as `alpha`; `.memory`.
    public func repair(
        _ rows: [TableRow], alpha: Double = Judgement.defaultAlpha, statistic: RowStatistic? = nil,
        changesMax: Int = 3
    ) throws(TableModelError) -> [RowRepair] {
        let columns = sentColumns(of: rows)
        let repairer = try repairer(columns, .ndjson, alpha, statistic, changesMax)
        let read = try read(rows, columns, ReadingOptions()) { "rows[\($0)]" }
        let repairs = RowCrew(compiled).map(read.count) { repairer.repair(read[$0], using: $1) }
        return repairs.indices.map { repair(repairs[$0], of: read[$0], columns, index: $0) }
    }

    /// The same of the rows of a CSV or NDJSON file, whose columns that the model does not know stay as they are; `-` is standard
    /// input. Rows that cannot be read stay as they are, and are told in the result.
    ///
    /// - Parameter output: a new file, for the table with the changes made, written as the file at `path` is; nil: none.
    /// - Throws: `TableModelError.table`, `.output`; `.argument`, also where the model has no calibration or no p-value as small as
    ///   `alpha`; `.memory`.
    public func repair(
        contentsOf path: String, writingTo output: String? = nil, alpha: Double = Judgement.defaultAlpha,
        statistic: RowStatistic? = nil, changesMax: Int = 3
    ) throws(TableModelError) -> TableRepairs {
        try withOwnErrors {
            let target = try output.map { try OutputTarget(path: $0, kind: .table, inputs: [path]) }
            let (reader, lines) = try TableReader.givingBack(
                path, schema: schema, options: ReadingOptions())
            let repairer = try repairer(lines.columns, lines.format, alpha, statistic, changesMax)
            let crew = RowCrew(compiled)
            var file = try target?.open()
            try file?.append(lines.header())
            var (rows, faults): ([RowRepair], [RowFault]) = ([], [])
            while case let first = reader.rowCount, try reader.read(rowsMax: 1024) > 0 {
                let sent = reader.sentRows
                let repairs = crew.map(sent.count) { index, workspace in
                    sent[index].values.isEmpty ? nil : repairer.repair(sent[index], using: workspace)
                }
                var bytes: [UInt8] = []
                for (index, repair) in repairs.enumerated() {
                    let changes = repair?.isRepaired == true ? repair?.changes ?? [] : []
                    lines.append(lines.columns.row(sent[index], with: changes), to: &bytes)
                    guard let repair else { continue }
                    rows.append(self.repair(repair, of: sent[index], lines.columns, index: first + index))
                }
                try file?.append(bytes)
                faults += reader.rowFaults(from: first)
            }
            try file.take()?.close()
            return TableRepairs(rows: rows, faults: faults)
        }
    }

    private func repairer(
        _ columns: SentColumns, _ format: LineFormat, _ alpha: Double, _ statistic: RowStatistic?, _ changesMax: Int
    ) throws(TableModelError) -> Repairer {
        guard changesMax >= 1 else { throw .argument(name: "changesMax", reason: "\(changesMax) is not 1 or more") }
        let judgement = try judgement(alpha, statistic)
        var options = Repairer.Options()
        options.changesMax = changesMax
        guard let repairer = Repairer(compiled, columns, judgement, format: format, options: options) else {
            throw .argument(
                name: "alpha",
                reason: judgement.note
                    ?? "the model has no calibration, so no row of it is an anomaly; train it with a calibration share above 0"
            )
        }
        return repairer
    }

    private func repair(
        _ repair: Repairer.Repair, of row: SentRow, _ columns: SentColumns, index: Int
    ) -> RowRepair {
        RowRepair(
            index: index, pValueBefore: repair.pValues.before, pValueAfter: repair.pValues.after,
            isRepaired: repair.isRepaired,
            changes: repair.changes.map {
                RowRepair.Change(
                    column: schema.columns[$0.column].name, from: TableCell($0.from), to: TableCell($0.to),
                    gain: $0.gain, pValue: $0.pValue)
            },
            row: columns.tableRow(columns.row(row, with: repair.isRepaired == true ? repair.changes : [])))
    }
}
