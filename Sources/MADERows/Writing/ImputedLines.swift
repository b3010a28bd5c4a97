package import MADE

/// A table that is written back with values for those that it lacks, in constant memory.
package struct ImputedLines {
    /// The rows of one read.
    package struct Piece {
        /// As they came; those that cannot be read have no values.
        package let rows: [SentRow]
        /// Of each row the cells that were filled in.
        package let cells: [[Imputer.Cell]]
        /// What is written of them.
        package let bytes: [UInt8]
    }

    /// Opened at the first row.
    package let reader: TableReader
    /// How rows are written.
    package let lines: SentLines
    private let imputer: Imputer
    private let crew: RowCrew
    private let drawCount: Int
    /// The name of a column before the others, which numbers draws from 1.
    private let front: String?

    /// Of the table at `path`, read as `TableReader.givingBack` does; `numbersDraws` says whether rows begin with their draw's number.
    ///
    /// - Throws: `TableError` where the file cannot be read, or columns cannot be told apart.
    package init(
        _ path: String, _ model: CompiledModel, _ schema: RowSchema, _ method: ImputationMethod, numbersDraws: Bool,
        command: String? = nil
    ) throws(TableError) {
        (reader, lines) = try TableReader.givingBack(
            path, schema: schema, options: Imputer.readingOptions, command: command)
        imputer = Imputer(model, schema, method, format: lines.format)
        crew = RowCrew(model)
        drawCount = method.drawCount
        front = numbersDraws ? lines.columns.newName("draw") : nil
    }

    /// The first line; nothing where rows have none.
    package var header: [UInt8] { lines.header(first: front) }

    /// At most `rowsMax` rows; nil at the end.
    ///
    /// - Throws: `TableError` where the header is wrong, or nothing more can be read.
    package func next(rowsMax: Int = 1024) throws(TableError) -> Piece? {
        let first = reader.rowCount
        if try reader.read(rowsMax: rowsMax) == 0 { return nil }
        let (rows, imputer) = (reader.sentRows, imputer)
        let cells = crew.map(rows.count) { index, workspace in
            rows[index].values.isEmpty
                ? [] : imputer.cells(of: rows[index], number: first + index, using: workspace)
        }
        var bytes: [UInt8] = []
        for (row, cells) in zip(rows, cells) {
            if let line = row.line {
                // In a line that is no object the draw's number has no place.
                for draw in 0..<(lines.format == .csv ? drawCount : 1) {
                    lines.append(unread: line, first: front.map { _ in draw + 1 }, to: &bytes)
                }
                continue
            }
            for draw in 0..<drawCount {
                lines.append(
                    lines.columns.row(row, with: cells, draw: draw), first: front.map { ($0, draw + 1) }, to: &bytes)
            }
        }
        return Piece(rows: rows, cells: cells, bytes: bytes)
    }
}
