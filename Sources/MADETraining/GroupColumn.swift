internal import MADE
internal import MADERows

extension TableSchema {
    /// The place of the column that groups are the values of, among the variables.
    ///
    /// - Throws: `TrainingError.groups` where it is none whose values are labels or two.
    func groupVariable(_ name: String) throws(TrainingError) -> Int {
        let forms = Dictionary(table.columns.map { ($0.name, $0) }) { first, _ in first }
        let candidates = columns.filter { !$0.variable.isReal && forms[$0.name].map { $0.clock == nil } ?? false }
        if let found = columns.firstIndex(where: { $0.name == name && candidates.contains($0) }) { return found }
        let reason =
            switch forms[name] {
            case nil: "the table has no such column\(suggestion(for: name, among: candidates.map(\.name)))"
            case let column? where column.leftOut != nil:
                "the column is left out of the model; --categorical \(name) takes it in"
            case let column? where column.clock != nil: "it is a column of dates"
            default: "it is a column of numbers; --categorical \(name) makes labels of them"
            }
        throw .groups(column: name, reason: reason, candidates: candidates.map(\.name))
    }
}
