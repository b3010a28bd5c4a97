import ArgumentParser
import MADE
import MADERows

/// How rows are judged that a verb is given.
struct JudgingArguments: ParsableArguments {
    @Option(help: "A row is an anomaly where its p-value is at most alpha. (default: 0.01)")
    var alpha: Double?

    @Option(
        help: """
            What p-values rank rows by: likelihood, how improbable the row is as a whole; cells, its most surprising value; \
            or combined, both. (default: combined; likelihood of a model that was not calibrated for it)
            """)
    var statistic: RowStatistic?

    /// - Throws: an alpha that no p-value can reach, which would make every row normal, and a statistic that the model was
    ///   not calibrated for.
    func judgement(_ card: ModelCard) throws -> Judgement {
        if let alpha, let calibration = card.calibration, !(calibration.smallestPValue...1).contains(alpha) {
            throw ValidationError(
                "alpha \(alpha) can never be reached with \(calibration.rowCountPhrase); "
                    + "it must lie between \(calibration.smallestPValue) and 1")
        }
        if let statistic, !(card.calibration?.statistics ?? [.likelihood]).contains(statistic) {
            throw ValidationError(
                "--statistic \(statistic.rawValue): the model "
                    + (card.calibration == nil ? "has no calibration" : "was calibrated for likelihood alone")
                    + "; train it anew for the others")
        }
        return Judgement(card.calibration, alpha: alpha ?? Judgement.defaultAlpha, statistic: statistic)
    }
}
