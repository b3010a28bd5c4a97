import ArgumentParser
import DensityService
internal import Glibc
import MADE

/// `made score`: one line out for every row in, in constant memory.
struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score the rows of a CSV or NDJSON file.",
        discussion: """
            Prints log_likelihood and, for a calibrated model, p_value and anomaly, a line for every row; the same numbers \
            as POST /score, to the bit. A row that cannot be scored gets empty cells in CSV, the reason in NDJSON. An \
            empty cell and a null are missing values, which are integrated out by draws. Rows of any number pass through \
            in constant memory.
            """)

    @OptionGroup var source: ModelArguments

    @Argument(
        help: """
            A CSV file whose header names the model's variables in any order, or a file with a JSON row a line; - is \
            standard input.
            """)
    var data: String = "-"

    @Option(
        help:
            "A row is an anomaly where its p-value is at most alpha. (default: 0.01, or the least that can be reached)")
    var alpha: Double?

    @Option(help: "Draws that stand for the missing values of a row, 1 to 65536.")
    var particles = MissingValues().particles

    @Option(help: "Seed of those draws.")
    var seed = MissingValues().seed

    @Option(help: "Format of the rows: ndjson or csv. Default: ndjson where the first character is [ or {, else csv.")
    var format: LineFormat?

    @Option(help: "Format of what is printed: ndjson or csv. Default: that of the rows.")
    var outputFormat: LineFormat?

    func validate() throws {
        guard (1...65536).contains(particles) else {
            throw ValidationError("particles must lie in 1…65536")
        }
    }

    func run() throws {
        let (model, _) = try source.load()
        if let alpha { try checkAlpha(alpha, model.card) }
        // As the service's own: what nobody asked for is no reason to refuse a model.
        let reachable = alpha ?? max(0.01, model.card.calibration?.smallestPValue ?? 0)
        let input = try InputBytes(path: data)
        let workspace = model.makeWorkspace()
        var output = Output()
        var scorer: BulkScorer?
        var isLast = false
        while !isLast {
            let piece = try input.next()
            isLast = piece.isEmpty
            let guess = format ?? LineFormat(guessedFrom: piece)
            let current =
                try scorer
                ?? BulkScorer(
                    model: model, input: guess, output: outputFormat ?? guess, alpha: reachable,
                    missing: MissingValues(particles: particles, seed: seed), lineEnd: "\n")
            scorer = current
            do {
                try output.write(current.score(piece, isLast: isLast, using: workspace))
            } catch let error as BulkError {
                throw InputBytes.Failure(path: data, reason: error.description)
            }
        }
        try output.flush()
        if let scorer, scorer.faultCount > 0 {
            Output.note("\(scorer.faultCount) of \(scorer.rowCount) rows could not be scored")
        }
    }
}
