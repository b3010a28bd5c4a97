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

    /// Reads a CSV file with a header; `-` is standard input.
    ///
    /// - Throws: `TableError`, also where there are no rows.
    public static func read(_ path: String) throws(TableError) -> Table {
        var reader = try TableReader(path: path)
        var values: [Float] = []
        while try reader.readRow(into: &values) {}
        guard !values.isEmpty else { throw TableError(path: path, problem: .noRows) }
        return Table(columns: reader.columns, values: values, path: path)
    }

    /// The columns `names`, in that order; columns that are neither in `names` nor in `others` are refused.
    ///
    /// - Throws: `TableError` naming the column that is missing or unexpected.
    public func arranged(as names: [String], besides others: Set<String> = []) throws(TableError) -> Table {
        if names == columns { return self }
        let sources = try TableReader.places(of: names, in: columns, besides: others, path: path)
        var arranged: [Float] = []
        arranged.reserveCapacity(rowCount * names.count)
        for row in 0..<rowCount {
            for source in sources { arranged.append(values[row * columns.count + source]) }
        }
        return Table(columns: names, values: arranged, path: path)
    }

    /// The rows at `indices`, in that order.
    func rows(_ indices: some Sequence<Int>) -> Table {
        var picked: [Float] = []
        for index in indices { picked += values[index * columns.count..<(index + 1) * columns.count] }
        return Table(columns: columns, values: picked, path: path)
    }
}
