import ArgumentParser
internal import Glibc
import MADE

/// `made evaluate`: how well the model predicts rows that it has not seen.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the mean negative log-likelihood of a CSV file's rows, and the share of anomalies among them.")

    @OptionGroup var source: ModelArguments

    @Argument(help: "A CSV file whose header names the model's variables in any order; - is standard input.")
    var data: String

    @Option(help: "A row is an anomaly where its p-value is at most alpha.")
    var alpha = 0.01

    func run() throws {
        let (model, _) = try source.load()
        var rows = try TableRows(path: data, variables: model.card.variables)
        let workspace = model.makeWorkspace()
        var count = 0.0
        var mean = 0.0
        var squares = 0.0
        var anomalies = 0.0
        while true {
            let batch = try rows.next()
            guard !batch.isEmpty else { break }
            for logLikelihood in model.score(batch, using: workspace) {
                // Welford's update: the sum of squares of a long file would lose its last digits.
                count += 1
                let difference = -logLikelihood - mean
                mean += difference / count
                squares += difference * (-logLikelihood - mean)
                if let calibration = model.card.calibration, calibration.pValue(of: logLikelihood) <= alpha {
                    anomalies += 1
                }
            }
        }
        guard count > 0 else { throw ValidationError("\(data): there are no rows below the header") }
        let error = count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
        print("rows".padded(to: 20) + "\(Int(count))")
        print("nats a row".padded(to: 20) + "\(mean.rounded(places: 4)) ± \(error.rounded(places: 4))")
        let bits = mean / (Double(model.card.variables.count) * log(2))
        print("bits per dimension".padded(to: 20) + "\(bits.rounded(places: 4))")
        if model.card.calibration != nil {
            print(
                "anomalies".padded(to: 20) + "\((anomalies / count).rounded(places: 5)) of the rows at alpha \(alpha)")
        }
    }
}
