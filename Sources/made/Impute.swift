import ArgumentParser
import MADE
import MADERows

/// `made impute`: the table with values for those it lacks.
struct Impute: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill in the values that a table lacks.",
        discussion: """
            Writes the table back, its rows, columns and separator as they are, with a value in each empty cell of a column \
            that the model knows: the median of a number, the most probable label, each given all that the row has. \
            --method draw draws all missing values of a row together instead, and --draws 5 writes five rows for each, \
            with the column draw in front (multiple imputation). Values that are there stay as they are written. \
            Numbers lie on their column's grid and in the range that training saw; dates come in the table's own form. A \
            row that cannot be read stays as it is, and is told of.
            """)

    @Argument(
        help: "A CSV or NDJSON file with the model's variables in any order; gzip and zstd too. - is standard input.")
    var table: String

    @OptionGroup var source: ModelOption

    @Option(name: .shortAndLong, help: "The file to write; standard output where it is not given.")
    var output: String?

    @Option(help: "What is filled in: best, or draw.")
    var method = MethodArgument.best

    @Option(help: "How many times each row is drawn, 1 to 1000.")
    var draws: Int?

    @Option(help: "Seed of the draws; a fresh one, told on standard error, where it is not given.")
    var seed: UInt64?

    @OptionGroup var outputs: OutputArguments

    @OptionGroup var remarks: RemarkArguments

    func validate() throws {
        if method == .best, draws != nil || seed != nil {
            throw ValidationError(
                "--\(draws == nil ? "seed" : "draws") needs --method draw; the best values are not drawn")
        }
        let range = ImputationMethod.drawCounts
        guard range.contains(draws ?? 1) else {
            throw ValidationError("draws must lie in \(range.lowerBound)…\(range.upperBound)")
        }
    }

    func run() throws {
        let target = try output.map { try outputs.target($0, .table, inputs: [source.model, table]) }
        let model = try source.load()
        guard let schema = RowSchema(model.card) else { throw ValidationError("memory is short") }
        let imputed = try ImputedLines(
            table, model, schema, imputing(), numbersDraws: draws != nil, command: "made impute - -m MODEL")
        var writer = try TableOutput(target)
        try writer.write(imputed.header)
        var filledCount = 0
        while let piece = try imputed.next() {
            filledCount += piece.cells.reduce(0) { $0 + $1.count }
            try writer.write(piece.bytes)
            for fault in imputed.reader.faults { Output.note("\(fault); the row stays as it is") }
        }
        try writer.close()
        for remark in imputed.reader.remarks { Output.note(remark.description) }
        Output.note("\(filledCount) value\(filledCount == 1 ? "" : "s") filled in")
    }

    private func imputing() -> ImputationMethod {
        guard method == .draw else { return .best }
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        if self.seed == nil { Output.note("seed \(seed)") }
        return .draw(count: draws ?? 1, seed: seed)
    }
}

/// What is filled in.
enum MethodArgument: String, ExpressibleByArgument, CaseIterable {
    case best, draw
}
