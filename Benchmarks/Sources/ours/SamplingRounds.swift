internal import MADE

/// Rounds of `CompiledModel.sample`.
struct SamplingRounds {
    private let library: ModelLibrary
    private var pace = Pace()
    private var seed: UInt64 = 0

    init(library: ModelLibrary) {
        self.library = library
    }

    /// Draws `count` rows at a time, each time other ones, the first `known` variables being given.
    mutating func run(_ name: String, count: Int, known: Int, seconds: Double) throws -> Answer {
        let model = try library.load(name).model
        let workspace = model.makeWorkspace()
        let evidence = known == 0 ? [] : (0..<model.variableCount).map { $0 < known ? 1 : Float.nan }
        var seed = seed
        defer { self.seed = seed }
        return pace.run("\(name) \(count) \(known)", seconds: seconds, unitCount: count) { callCount in
            for _ in 0..<callCount {
                seed += 1
                _ = model.sample(SamplingRequest(count: count, seed: seed, evidence: evidence), using: workspace)
            }
        }
    }
}
