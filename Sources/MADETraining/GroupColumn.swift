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
        let problem: TrainingError.GroupProblem =
            switch forms[name] {
            case nil: .unknown(nearest: suggestion(for: name, among: candidates.map(\.name)))
            case let column? where column.leftOut != nil: .leftOut
            case let column? where column.clock != nil: .dates
            default: .numbers
            }
        throw .groups(column: name, problem: problem, candidates: candidates.map(\.name))
    }
}
