internal import MADE

/// Rounds of `CompiledModel.gains`, and of what they save: scoring each candidate row whole.
struct CellRounds {
    private let library: ModelLibrary
    private var pace = Pace()

    init(library: ModelLibrary) {
        self.library = library
    }

    /// Row after row, the gains of all of its variables, or with `whole` the scores of all rows that differ from it in one.
    /// Precondition: a model of binary variables.
    mutating func run(_ name: String, whole: Bool, seconds: Double) throws -> Answer {
        let loaded = try library.load(name)
        let (model, count) = (loaded.model, loaded.model.variableCount)
        let workspace = model.makeWorkspace()
        var results = [Double](repeating: 0, count: count)
        var candidates = [Float](repeating: 0, count: count * count)
        let rows = loaded.rows
        return pace.run("\(name) \(whole)", seconds: seconds, unitCount: 1) { callCount in
            for call in 0..<callCount {
                let first = call * count % rows.count
                let row = Array(rows[first..<first + count])
                guard whole else {
                    _ = model.gains(of: row, using: workspace)
                    continue
                }
                for variable in 0..<count {
                    candidates.replaceSubrange(variable * count..<(variable + 1) * count, with: row)
                    candidates[variable * count + variable] = 1 - row[variable]
                }
                var span = results.mutableSpan
                model.score(candidates.span, into: &span, using: workspace)
            }
        }
    }
}
