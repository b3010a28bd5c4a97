internal import MADE

extension TableModel {
    /// New rows, drawn from the model. The same model, count, seed, known values and temperature give the same rows; `made
    /// sample` draws the same ones.
    ///
    /// - Parameters:
    ///   - count: number of rows.
    ///   - seed: nil: a fresh one.
    ///   - given: values that all rows have, the others are drawn given these.
    ///   - temperature: below 1 draws likelier rows, above 1 more even ones.
    /// - Returns: `count` rows of cells by name.
    /// - Throws: `TableModelError.row` where `given` is no row, `.argument`, `.memory`.
    public func sample(
        _ count: Int, seed: UInt64? = nil, given: TableRow = [:], temperature: Float = 1
    ) throws(TableModelError) -> [TableRow] {
        guard (0...10_000_000).contains(count) else {
            throw .argument(name: "count", reason: "\(count) is no number of rows from 0 to 10000000")
        }
        guard temperature.isFinite, temperature > 0 else {
            throw .argument(name: "temperature", reason: "\(temperature) is not above 0")
        }
        let seed = seed ?? .random(in: 0...UInt64.max)
        let known = try known(given)
        let samples = compiled.sample(
            SamplingRequest(
                count: count, seed: seed, evidence: known?.values ?? [], temperature: temperature),
            using: compiled.makeWorkspace())
        let (width, columns) = (compiled.variableCount, columns)
        let cells = known.map { GivenCells($0, of: SentColumns(columns, schema)) }
        return (0..<count).map { row in
            let written = text.cells(
                samples.rows[row * width..<(row + 1) * width], given: cells, draw: Samples.draw(seed: seed, row: row))
            return TableRow(names: columns, cells: written.map { TableCell($0) })
        }
    }

    /// The known values, NaN for those to be drawn; nil where none is known.
    private func known(_ given: TableRow) throws(TableModelError) -> SentRow? {
        if given.cells.isEmpty { return nil }
        let options = ReadingOptions(refusesUnseen: true, missingIsUnknown: true)
        return try read([given], SentColumns(columns, schema), options) { _ in "given" }.first
    }
}
