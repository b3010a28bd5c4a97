import MADE
import MADETraining

/// The rows of a CSV file in a model's variable order, some at a time, so that a file of any length passes through.
struct TableRows: ~Copyable {
    /// Rows a call of `next` gives at most.
    static let batchRowsMax = 1024

    private var reader: TableReader
    /// The column of each variable.
    private let sources: [Int]
    private var line: [Float] = []

    /// Opens `path` (`-`: standard input); its columns are the model's variables in any order.
    init(path: String, variables: [Variable]) throws {
        let reader = try TableReader(path: path)
        sources = try TableReader.places(of: variables.map(\.name), in: reader.columns, path: path)
        self.reader = reader
    }

    /// The next rows [n × variables], none at the end.
    mutating func next() throws -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(Self.batchRowsMax * sources.count)
        for _ in 0..<Self.batchRowsMax {
            line.removeAll(keepingCapacity: true)
            guard try reader.readRow(into: &line) else { break }
            for source in sources { rows.append(line[source]) }
        }
        return rows
    }
}

extension CompiledModel {
    /// log p(x) [n] of rows [n × variables].
    func score(_ rows: [Float], using workspace: Workspace) -> [Double] {
        var logLikelihoods = [Double](repeating: 0, count: rows.count / card.variables.count)
        var span = logLikelihoods.mutableSpan
        score(rows.span, into: &span, using: workspace)
        return logLikelihoods
    }
}
