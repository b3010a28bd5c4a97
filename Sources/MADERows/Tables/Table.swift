/// A table of numbers, read whole. What they mean is told by a `TableSchema`.
public struct Table: Sendable, Equatable {
    /// Column names, all different.
    public let columns: [String]
    /// Of each column, [rows]: 0 or 1, a label's index, or a number in the data's own units; −1 for a value that is none of
    /// the column's, NaN where it is missing.
    public let values: [[Double]]
    /// Number of rows.
    public let rowCount: Int
    /// Where it was read, for errors; `-` for standard input.
    public let path: String

    /// Precondition: at least one column; all columns have as many values.
    public init(columns: [String], values: [[Double]], path: String = "table") {
        precondition(!columns.isEmpty && columns.count == values.count)
        precondition(values.allSatisfy { $0.count == values[0].count })
        self.columns = columns
        self.values = values
        self.path = path
        rowCount = values[0].count
    }

    /// Of rows [rows × columns], one after the other. Precondition: a whole number of rows.
    public init(columns: [String], rows: [Double], path: String = "table") {
        precondition(!columns.isEmpty && rows.count % columns.count == 0)
        let values = columns.indices.map { column in
            stride(from: column, to: rows.count, by: columns.count).map { rows[$0] }
        }
        self.init(columns: columns, values: values, path: path)
    }

    /// Reads a table and finds out what its columns hold; `-` is standard input.
    ///
    /// - Throws: `TableError`, also where there are no rows.
    public static func infer(_ path: String, options: SchemaOptions = SchemaOptions()) throws(TableError)
        -> InferredTable
    {
        try infer(path, options: options, command: nil)
    }

    /// The same; `command` is what reads standard input in the pipes that errors and remarks name.
    package static func infer(
        _ path: String, options: SchemaOptions, command: String?
    ) throws(TableError) -> InferredTable {
        try SchemaInference.run(path: path, options: options, command: command)
    }

    /// The same of rows, which errors call `name`.
    ///
    /// - Throws: `TableError`, also where there are no rows.
    public static func infer(
        _ rows: [TableRow], name: String = "rows", options: SchemaOptions = SchemaOptions()
    ) throws(TableError) -> InferredTable {
        let source: TextSource
        do { source = try TextSource(TableRow.lines(rows), name: name) } catch { throw TableError(error) }
        return try SchemaInference.run(TableScanner(source, path: name, header: options.header), options)
    }

    /// Reads a table of a known schema, whose header has its names in any order; `-` is standard input.
    ///
    /// - Throws: `TableError`, also where there are no rows, or one that is none of the schema.
    public static func read(_ path: String, as schema: TableSchema) throws(TableError) -> Table {
        try read(path, as: schema, limit: .rows(.max), seed: 0).table
    }

    /// The same of a sample that does not exceed `limit`, drawn by `seed`; how many rows there were. All of them are checked.
    package static func read(
        _ path: String, as schema: TableSchema, limit: RowLimit, seed: UInt64, command: String? = nil
    ) throws(TableError) -> (table: Table, readRowCount: Int) {
        let reader = try TableReader(path: path, schema: try schema.rowSchema(path: path), command: command)
        var rows = RowReservoir(limit, seed: seed, columnCount: schema.columns.count)
        while case let count = try reader.read(rowsMax: 4096), count > 0 {
            if let fault = reader.faults.first { throw fault }
            rows.add(reader.numbers, rowCount: count)
        }
        guard rows.keptCount > 0 else { throw TableError(path: path, problem: .noRows) }
        rows.sort()
        return (Table(columns: schema.names, values: rows.columns, path: path), rows.rowCount)
    }

    /// The rows at `indices`, in that order.
    package func rows(_ indices: some Sequence<Int>) -> Table {
        let indices = Array(indices)
        return Table(columns: columns, values: values.map { column in indices.map { column[$0] } }, path: path)
    }
}
