import ArgumentParser
internal import Glibc
import MADE
import MADETraining

/// `made evaluate`: how well the model predicts rows that it has not seen.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the model on the rows of a CSV file.",
        discussion: """
            Prints the mean negative log-likelihood with its standard error, bits per dimension, and the share of \
            anomalies. With --label, the name of a column that is 1 for anomalies and 0 for normal rows, also how well \
            the model tells them apart: the area under the ROC curve, the average precision, and the shares of normal \
            rows (false alarms) and of anomalies (detected) whose p-value is at most alpha. Behind a measure stands its \
            95 % interval: DeLong's of the area, Boyd's of the average precision, Wilson's of the shares. Missing values \
            are integrated out. A row with a label, or a number in a column of 0 and 1, that the model does not know \
            ranks as the least likely and is in no mean.
            """)

    @OptionGroup var source: ModelArguments

    @Argument(help: "A CSV file whose header names the model's variables in any order; - is standard input.")
    var data: String

    @Option(help: "A column of the file that is 1 for anomalies and 0 for normal rows.")
    var label: String?

    @Option(help: "Columns of the file to pass over, separated by commas.")
    var drop = NameList()

    @Option(
        help: "A row is an anomaly where its p-value is at most alpha. (default: 0.01, if the calibration reaches it)")
    var alpha: Double?

    @Option(help: "An SVG file to write: the scores with the thresholds, and the share of rows flagged at each alpha.")
    var plot: String?

    private static let defaultAlpha = 0.01

    func run() throws {
        let (model, _) = try source.load()
        if let alpha { try checkAlpha(alpha, model.card) }
        let smallest = model.card.calibration?.smallestPValue ?? .infinity
        // Of a model with few calibration rows all but its alarms can still be measured.
        let reachable = alpha ?? (smallest <= Self.defaultAlpha ? Self.defaultAlpha : nil)
        let tally = try measure(
            model,
            ScoreTally(
                calibration: reachable.flatMap { _ in model.card.calibration }, alpha: reachable ?? 0,
                keepsScores: plot != nil))
        guard tally.rowCount > 0 else { throw TableError(path: data, problem: .noRows) }
        if let plot { try writeText(Picture.ofScores(tally, model.card), to: plot) }
        for (title, text) in lines(tally, model.card, alpha: reachable) { print(title.padded(to: 20) + text) }
    }

    private func measure(_ model: CompiledModel, _ start: ScoreTally) throws -> ScoreTally {
        let variables = model.card.variables
        if let label, variables.contains(where: { $0.name == label }) {
            throw ValidationError(
                "--label \(label): the model knows that column; labels must be one it was not trained on")
        }
        var schema = TableSchema(variables).columns
        if let label { schema.append(TableSchema.Column(name: label, kind: .binary)) }
        var reader = try TableReader(
            path: data, schema: TableSchema(columns: schema), dropping: Set(drop.names),
            keepingUnseen: Set(variables.map(\.name)))
        let workspace = model.makeWorkspace()
        var tally = start
        var rows: [Float] = []
        var values: [Float] = []
        while try reader.read(rowsMax: 1024, into: &rows) > 0 {
            values.removeAll(keepingCapacity: true)
            var groups: [ScoreTally.Group] = []
            var arePossible: [Bool] = []
            for row in stride(from: 0, to: rows.count, by: schema.count) {
                let own = rows[row..<row + variables.count]
                arePossible.append(!own.contains(.infinity))
                values += own.map { $0 == .infinity ? 0 : $0 }
                groups.append(label == nil ? .unlabelled : rows[row + variables.count] == 1 ? .anomaly : .normal)
                if label != nil && rows[row + variables.count].isNaN {
                    let number = tally.rowCount + groups.count
                    throw TableError(path: data, column: label, problem: .rowUnlabelled(number: number))
                }
            }
            var logLikelihoods = [Double](repeating: 0, count: groups.count)
            var errors = logLikelihoods
            var span = logLikelihoods.mutableSpan
            var errorSpan = errors.mutableSpan
            model.score(
                values.span, missing: MissingValues(), into: &span, standardErrors: &errorSpan, using: workspace)
            for (index, group) in groups.enumerated() {
                tally.take(arePossible[index] ? logLikelihoods[index] : -.infinity, group)
            }
            rows.removeAll(keepingCapacity: true)
        }
        return tally
    }

    private func lines(_ tally: ScoreTally, _ card: ModelCard, alpha: Double?) -> [(String, String)] {
        let bits = tally.nats.mean / (Double(card.variables.count) * log(2))
        var lines = [("nats a row", text(tally.nats))]
        if tally.nats.count > 0 { lines.append(("bits per dimension", "\(bits.rounded(places: 4))")) }
        if tally.impossibleCount > 0 {
            let rows = rowCount(tally.impossibleCount)
            lines.append(("values never seen", "\(rows): ranked as the least likely, in no mean"))
        }
        if label != nil {
            lines.append(("  normal", text(tally.nats(of: .normal))))
            lines.append(("  anomalies", text(tally.nats(of: .anomaly))))
            let ranking = tally.ranking
            lines.append(("AUROC", ranking.map { text($0.auroc) } ?? "none: that needs normal rows and anomalies"))
            if let ranking { lines.append(("average precision", text(ranking.averagePrecision))) }
        }
        let shares: [(ScoreTally.Group, String, String)] = [
            (.unlabelled, "anomalies", "rows"), (.normal, "false alarms", "normal rows"),
            (.anomaly, "detected", "anomalies"),
        ]
        for (group, title, rows) in shares {
            guard let alpha, let flagged = tally.flagged(group) else { continue }
            lines.append((title, "\(text(flagged)) of the \(rows) at alpha \(alpha)"))
        }
        if let calibration = card.calibration, alpha == nil {
            let smallest = calibration.smallestPValue.rounded(places: 5)
            lines.append(("false alarms", "none at alpha \(Self.defaultAlpha): the smallest p-value is \(smallest)"))
        }
        return lines
    }

    private func text(_ nats: Moments) -> String {
        guard nats.count > 0 else { return "no rows" }
        return
            "\(nats.mean.rounded(places: 4)) ± \(nats.standardError.rounded(places: 4)), \(rowCount(nats.count))"
    }

    private func rowCount(_ count: Int) -> String { "\(count) row\(count == 1 ? "" : "s")" }

    private func text(_ estimate: Estimate) -> String {
        let value = "\(estimate.value.rounded(places: 5))"
        guard let interval = estimate.interval else { return value }
        return "\(value) (\(interval.lowerBound.rounded(places: 5))…\(interval.upperBound.rounded(places: 5)))"
    }
}

/// An alpha that no p-value can reach would make every row normal.
func checkAlpha(_ alpha: Double, _ card: ModelCard) throws {
    guard let calibration = card.calibration, !(calibration.smallestPValue...1).contains(alpha) else { return }
    throw ValidationError(
        "alpha \(alpha) can never be reached with \(calibration.logLikelihoods.count) calibration rows; "
            + "it must lie between \(calibration.smallestPValue) and 1")
}
