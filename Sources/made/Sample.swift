import ArgumentParser
import DensityService
import MADE

/// `made sample`: rows drawn from the model, as CSV.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw rows from the model, as CSV.",
        discussion:
            "The same model, seed, n, evidence and temperature give the same rows; POST /sample draws the same ones.")

    @OptionGroup var source: ModelArguments

    @Option(name: [.customShort("n"), .customLong("count")], help: "Number of rows.")
    var count = 1

    @Option(help: "Seed of the draw; a fresh one, told on standard error, where it is not given.")
    var seed: UInt64?

    @Option(help: "A variable's known value, as 'name=value'; may be repeated.")
    var given: [String] = []

    @Option(help: "Logits are divided by it: below 1 draws likelier rows, above 1 more even ones.")
    var temperature: Float = 1

    func validate() throws {
        guard (1...10_000_000).contains(count) else { throw ValidationError("n must lie in 1…10000000") }
        guard temperature.isFinite, temperature > 0 else { throw ValidationError("temperature must be above 0") }
    }

    func run() throws {
        let (model, _) = try source.load()
        let variables = model.card.variables
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        if self.seed == nil { Output.note("seed \(seed)") }
        let request = SamplingRequest(
            count: count, seed: seed, evidence: try evidence(for: variables), temperature: temperature)
        let samples = model.sample(request, using: model.makeWorkspace())
        if let size = samples.effectiveSampleSize {
            Output.note("effective sample size \(size.rounded(places: 1))")
        }
        var output = Output()
        try output.write(line: variables.map { csvCell($0.name) }.joined(separator: ","))
        for row in 0..<count {
            let values = samples.rows[row * variables.count..<(row + 1) * variables.count]
            try output.write(line: values.map { "\(Int($0))" }.joined(separator: ","))
        }
        try output.flush()
    }

    /// The given values [variables], NaN for those to be drawn; empty where none is given.
    private func evidence(for variables: [Variable]) throws -> [Float] {
        guard !given.isEmpty else { return [] }
        var evidence = [Float](repeating: .nan, count: variables.count)
        for assignment in given {
            guard let split = assignment.lastIndex(of: "=") else {
                throw ValidationError("--given '\(assignment)': write it as name=value")
            }
            let name = String(assignment[..<split])
            guard let index = variables.firstIndex(where: { $0.name == name }) else {
                throw ValidationError(
                    "--given '\(assignment)': the model has no variable '\(name)' (\(variables.map(\.name).shortened(to: 12)))"
                )
            }
            guard evidence[index].isNaN else { throw ValidationError("--given names '\(name)' twice") }
            switch assignment[assignment.index(after: split)...] {
            case "0": evidence[index] = 0
            case "1": evidence[index] = 1
            default: throw ValidationError("--given '\(assignment)': '\(name)' is binary, 0 or 1")
            }
        }
        return evidence
    }
}
