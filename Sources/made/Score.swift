import ArgumentParser
import MADE

/// `made score`: one line out for every row in, in constant memory.
struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score the rows of a CSV file.",
        discussion: """
            Prints log_likelihood and, for a calibrated model, p_value and anomaly, a line a row; the same numbers as \
            POST /score, to the bit.
            """)

    @OptionGroup var source: ModelArguments

    @Argument(help: "A CSV file whose header names the model's variables in any order; - is standard input.")
    var data: String = "-"

    @Option(help: "A row is an anomaly where its p-value is at most alpha.")
    var alpha = 0.01

    func run() throws {
        let (model, _) = try source.load()
        let calibration = model.card.calibration
        if let calibration, !(calibration.smallestPValue...1).contains(alpha) {
            throw ValidationError(
                "alpha \(alpha) can never be reached with \(calibration.logLikelihoods.count) calibration rows; "
                    + "it must lie between \(calibration.smallestPValue) and 1")
        }
        var rows = try TableRows(path: data, variables: model.card.variables)
        let workspace = model.makeWorkspace()
        var output = Output()
        try output.write(line: calibration == nil ? "log_likelihood" : "log_likelihood,p_value,anomaly")
        while true {
            let batch = try rows.next()
            guard !batch.isEmpty else { break }
            for logLikelihood in model.score(batch, using: workspace) {
                var line = "\(logLikelihood)"
                if let pValue = calibration?.pValue(of: logLikelihood) { line += ",\(pValue),\(pValue <= alpha)" }
                try output.write(line: line)
            }
        }
        try output.flush()
    }
}
