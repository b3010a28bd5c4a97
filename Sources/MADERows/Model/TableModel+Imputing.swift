internal import MADE

extension TableModel {
    /// Fills in the values that rows lack: cells that are `missing` or not named. Values that are there stay as they are.
    ///
    /// - Parameters:
    ///   - rows: see `score(_:)`.
    ///   - method: the best values, or draws; the same rows, method and seed give the same values, which are those of
    ///     `made impute`.
    /// - Returns: as many as there are rows, in their order.
    /// - Throws: `TableModelError.row` of the first row that cannot be read; `.argument` where the number of draws is out of
    ///   range; `.memory`.
    public func impute(
        _ rows: [TableRow], method: ImputationMethod = .best
    ) throws(TableModelError) -> [RowImputation] {
        try check(method)
        let columns = sentColumns(of: rows)
        let read = try read(rows, columns, Imputer.readingOptions) { "rows[\($0)]" }
        let imputer = Imputer(compiled, schema, method, format: .ndjson)
        let cells = RowCrew(compiled).map(read.count) { imputer.cells(of: read[$0], number: $0, using: $1) }
        return read.indices.map { imputation(cells[$0], of: read[$0], columns, method, index: $0) }
    }

    /// The same of the rows of a CSV or NDJSON file, whose columns that the model does not know stay as they are; `-` is standard
    /// input. Rows that cannot be read stay as they are, and are told in the result.
    ///
    /// - Parameters:
    ///   - output: a new file, for the table without holes, written as the file at `path` is; nil: none. With several draws each
    ///     row is written as often, with the number of the draw, from 1, in a column `draw` before the others.
    ///   - method: see `impute(_:method:)`.
    /// - Throws: `TableModelError.table`, `.output`; `.argument` where the number of draws is out of range; `.memory`.
    public func impute(
        contentsOf path: String, writingTo output: String? = nil, method: ImputationMethod = .best
    ) throws(TableModelError) -> TableImputations {
        try check(method)
        return try withOwnErrors {
            let target = try output.map { try OutputTarget(path: $0, kind: .table, inputs: [path]) }
            let imputed = try ImputedLines(
                path, compiled, schema, method, numbersDraws: method.drawCount > 1)
            var file = try target?.open()
            try file?.append(imputed.header)
            var (rows, faults): ([RowImputation], [RowFault]) = ([], [])
            while case let first = imputed.reader.rowCount, let piece = try imputed.next() {
                try file?.append(piece.bytes)
                for (index, row) in piece.rows.enumerated() where !row.values.isEmpty {
                    rows.append(
                        imputation(piece.cells[index], of: row, imputed.lines.columns, method, index: first + index))
                }
                faults += imputed.reader.rowFaults(from: first)
            }
            try file.take()?.close()
            return TableImputations(rows: rows, faults: faults)
        }
    }

    private func check(_ method: ImputationMethod) throws(TableModelError) {
        guard ImputationMethod.drawCounts.contains(method.drawCount) else {
            let range = ImputationMethod.drawCounts
            throw .argument(
                name: "method",
                reason: "\(method.drawCount) draws of a row; there must be \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private func imputation(
        _ cells: [Imputer.Cell], of row: SentRow, _ columns: SentColumns, _ method: ImputationMethod, index: Int
    ) -> RowImputation {
        RowImputation(
            index: index,
            cells: cells.map { cell in
                RowImputation.Cell(
                    column: schema.columns[cell.column].name, values: cell.values.map { TableCell($0) },
                    parts: cell.parts.map { part in
                        RowImputation.Part(
                            part: schema.part(part.variable)?.rawValue,
                            range: part.range.expectation { text.tableCell($0, of: part.variable) },
                            missingProbability: part.missingProbability)
                    })
            },
            rows: (0..<method.drawCount).map { columns.tableRow(columns.row(row, with: cells, draw: $0)) })
    }
}
