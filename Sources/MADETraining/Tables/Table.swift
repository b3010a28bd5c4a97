/// A table of numbers, read whole. What they mean is told by a `TableSchema`.
public struct Table: Sendable, Equatable {
    /// Column names, all different.
    public let columns: [String]
    /// [rows × columns], row-major: 0 or 1, a label's index, or a number in the data's own units; NaN where it is missing.
    public let values: [Float]
    /// Number of rows.
    public let rowCount: Int
    /// Where it was read, for errors; `-` for standard input.
    public let path: String

    /// Precondition: `values` holds a whole number of rows.
    public init(columns: [String], values: [Float], path: String = "table") {
        precondition(!columns.isEmpty && values.count % columns.count == 0)
        self.columns = columns
        self.values = values
        self.path = path
        rowCount = values.count / columns.count
    }

    /// Reads a CSV file with a header and finds out what its columns hold; `-` is standard input.
    ///
    /// - Throws: `TableError`, also where there are no rows.
    public static func infer(_ path: String, options: SchemaOptions = SchemaOptions()) throws(TableError)
        -> InferredTable
    {
        try SchemaInference.run(path: path, options: options)
    }

    /// Reads a CSV file of a known schema, whose header has its names in any order; `-` is standard input. `dropped`
    /// columns are passed over.
    ///
    /// - Throws: `TableError`, also where there are no rows.
    public static func read(
        _ path: String, as schema: TableSchema, dropping dropped: Set<String> = []
    ) throws(TableError) -> Table {
        var reader = try TableReader(path: path, schema: schema, dropping: dropped)
        var values: [Float] = []
        while try reader.read(rowsMax: 4096, into: &values) > 0 {}
        guard !values.isEmpty else { throw TableError(path: path, problem: .noRows) }
        return Table(columns: schema.names, values: values, path: path)
    }

    /// The rows at `indices`, in that order.
    func rows(_ indices: some Sequence<Int>) -> Table {
        var picked: [Float] = []
        for index in indices { picked += values[index * columns.count..<(index + 1) * columns.count] }
        return Table(columns: columns, values: picked, path: path)
    }
}
