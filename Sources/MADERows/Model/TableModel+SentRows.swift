internal import CRows
internal import MADE

/// Rows that are given back as they came, but for some cells.
extension TableModel {
    /// The columns of the model's table, and what else `rows` name.
    func sentColumns(of rows: [TableRow]) -> SentColumns {
        var names = SentColumns(of: schema).names
        var known = Set(names)
        for row in rows { names += (row.names ?? []).filter { known.insert($0).inserted } }
        return SentColumns(names, schema)
    }

    /// `rows` with the cells of `columns` as they came.
    ///
    /// - Parameter name: what messages call row i.
    /// - Throws: `TableModelError.row` of the first that cannot be read, `.memory`.
    func read(
        _ rows: [TableRow], _ columns: SentColumns, _ options: ReadingOptions, name: (Int) -> String
    ) throws(TableModelError) -> [SentRow] {
        let stream = RowStream(.ndjson, header: .present, schema: schema, options: options, kept: columns.names)
        guard let stream else { throw .memory }
        let buffer = RowBuffer()
        let read = TableRow.lines(rows).withUnsafeBytes {
            stream.read($0, isLast: true, rowsMax: rows.count, into: buffer)
        }
        if StreamError(read, schema: schema) != nil { throw .memory }
        if let error = UnsafeBufferPointer(start: read.errors, count: read.error_count).first {
            let problem = RowProblem(error, row: name(error.row), place: "", columns: schema.columns)
            throw .row(RowFault(index: error.row, description: problem.detail))
        }
        let width = schema.variables.count
        return (0..<read.row_count).map { row in
            columns.row(
                KeptCells(read.kept, row: row, count: columns.names.count),
                values: buffer.values[row * width..<(row + 1) * width])
        }
    }
}

extension SentColumns {
    /// The cells of a row that came, and of each column that the model reads.
    func tableRow(_ cells: [SentCell]) -> TableRow {
        let own = names.indices.filter { cells[$0] != .absent || places.contains($0) }
        return TableRow(
            names: own.count == cells.count ? names : own.map { names[$0] }, cells: own.map { TableCell(cells[$0]) })
    }
}

extension RowText {
    /// A value of variable `index` in the data's own units; NaN is missing.
    func tableCell(_ value: Double, of index: Int) -> TableCell {
        value.isNaN ? .missing : TableCell(cell(value, of: index, in: .ndjson))
    }
}

extension TableReader {
    /// What is wrong with the faulty rows of the last read, the first of which was number `first` of all, from 0.
    func rowFaults(from first: Int) -> [RowFault] {
        zip(faultyRows, faults).map { RowFault(index: first + $0, description: $1.description) }
    }
}

/// Whatever a table that is read and written throws, as a model throws it.
func withOwnErrors<Result>(_ body: () throws -> Result) throws(TableModelError) -> Result {
    do { return try body() } catch let error as TableError {
        throw .table(error)
    } catch let error as OutputError {
        throw .output(error)
    } catch let error as TableModelError {
        throw error
    } catch {
        throw .memory
    }
}
