import ArgumentParser
import MADE
import MADERows

/// `made sample`: rows drawn from the model, as CSV or NDJSON.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw rows from the model, as CSV or NDJSON.",
        discussion:
            "The same model, seed, n, evidence and temperature give the same rows; POST /sample draws the same ones.")

    @OptionGroup var source: ModelArguments

    @Option(name: [.customShort("n"), .customLong("count")], help: "Number of rows.")
    var count = 1

    @Option(help: "Seed of the draw; a fresh one, told on standard error, where it is not given.")
    var seed: UInt64?

    @Option(help: "A variable's known value, as 'name=value', a label or a number; may be repeated.")
    var given: [String] = []

    @Option(help: "Format of the rows: csv or ndjson.")
    var format = LineFormat.csv

    @Option(help: "Logits are divided by it: below 1 draws likelier rows, above 1 more even ones.")
    var temperature: Float = 1

    @OptionGroup var remarks: RemarkArguments

    func validate() throws {
        guard (1...10_000_000).contains(count) else { throw ValidationError("n must lie in 1…10000000") }
        guard temperature.isFinite, temperature > 0 else { throw ValidationError("temperature must be above 0") }
    }

    func run() throws {
        let (model, _) = try source.load()
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        if self.seed == nil { Output.note("seed \(seed)") }
        let known = try known(model.card)
        let request = SamplingRequest(
            count: count, seed: seed, evidence: known?.values ?? [], temperature: temperature)
        let samples = model.sample(request, using: model.makeWorkspace())
        if let size = samples.effectiveSampleSize {
            Output.note("effective sample size \(size.rounded(places: 1))")
        }
        try write(samples, RowText(model.card), known?.cells(in: format), width: model.variableCount, seed: seed)
    }

    private func write(
        _ samples: Samples, _ text: RowText, _ given: GivenCells?, width: Int, seed: UInt64
    ) throws {
        var output = Output()
        var line: [UInt8] = []
        if format == .csv {
            line = text.csvHeader
            line.append(UInt8(ascii: "\n"))
            try output.write(line)
        }
        for row in samples.logLikelihoods.indices {
            let values = samples.rows[row * width..<(row + 1) * width]
            line.removeAll(keepingCapacity: true)
            let draw = Samples.draw(seed: seed, row: row)
            switch format {
            case .csv: text.appendCSV(values, given: given, draw: draw, to: &line)
            case .ndjson: text.appendJSON(values, asObject: false, given: given, draw: draw, to: &line)
            }
            line.append(UInt8(ascii: "\n"))
            try output.write(line)
        }
        try output.flush()
    }

    /// The given values; nil where none is given.
    private func known(_ card: ModelCard) throws -> GivenValues? {
        guard !given.isEmpty else { return nil }
        guard let schema = RowSchema(card) else { throw ValidationError("memory is short") }
        var known = GivenValues(of: schema)
        for assignment in given {
            do {
                try known.read(assignment)
            } catch {
                throw ValidationError("--given '\(assignment)': \(error)")
            }
        }
        return known
    }
}
