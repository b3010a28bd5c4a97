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
        let samples = compiled.sample(
            SamplingRequest(
                count: count, seed: seed, evidence: try evidence(given), temperature: temperature),
            using: compiled.makeWorkspace())
        let (width, columns) = (compiled.variableCount, columns)
        return (0..<count).map { row in
            let cells = text.cells(
                samples.rows[row * width..<(row + 1) * width], draw: Samples.draw(seed: seed, row: row))
            return TableRow(names: columns, cells: cells.map { TableCell($0) })
        }
    }

    /// The known values [D], NaN for those to be drawn; empty where none is known.
    private func evidence(_ given: TableRow) throws(TableModelError) -> [Float] {
        if given.cells.isEmpty { return [] }
        let options = ReadingOptions(refusesUnseen: true, missingIsUnknown: true)
        let read = try read([given], SentColumns(columns, schema), options) { _ in "given" }
        return read.first?.values ?? []
    }
}
