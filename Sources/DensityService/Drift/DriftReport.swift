internal import MADE
internal import MADERows

/// How the latest rows of a model compare with its calibration rows.
struct DriftReport: Sendable {
    let card: ModelCard
    /// Rows that the window holds at most, and those it holds.
    let windowRows: Int
    let rowCount: Int
    /// Nats; nil without rows.
    let meanLogLikelihood: Double?
    /// Nil without rows, or without a calibration; so is what follows.
    let test: KolmogorovSmirnov?
    let alpha: Double?
    let anomalies: AnomalyShare?
    /// Of some of the rows.
    let surprisals: SurprisalTally
    /// Of all rows since the model was loaded; nil without a calibration.
    let martingale: ExchangeabilityMartingale?

    /// Of a window's log-likelihoods, ascending; anomalies are those at `alpha`, of which nothing is said where the
    /// calibration cannot reach it.
    init(
        card: ModelCard, windowRows: Int, logLikelihoods: [Double], alpha: Double, surprisals: SurprisalTally,
        martingale: ExchangeabilityMartingale?
    ) {
        self.card = card
        self.martingale = martingale
        self.windowRows = windowRows
        rowCount = logLikelihoods.count
        self.surprisals = surprisals
        meanLogLikelihood = logLikelihoods.mean
        guard let calibration = card.calibration, !logLikelihoods.isEmpty else {
            (test, self.alpha, anomalies) = (nil, nil, nil)
            return
        }
        let bound = calibration.anomalyBound(alpha)
        self.alpha = alpha
        test = KolmogorovSmirnov(calibration: calibration.logLikelihoods, window: logLikelihoods)
        anomalies =
            alpha >= 1 / Double(1 + calibration.logLikelihoods.count)
            ? AnomalyShare(
                count: logLikelihoods.count { $0 < bound }, rowCount: rowCount, alpha: alpha,
                calibration: calibration) : nil
    }

    /// The report as JSON.
    func document(nameMembers: [UInt8]) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + 128 * card.variables.count)
        json.beginObject()
        json.raw(nameMembers)
        json.member("window", windowRows)
        json.member("rows", rowCount)
        if let test {
            json.key("kolmogorov_smirnov")
            json.beginObject()
            json.member("distance", test.distance)
            json.member("p_value", test.pValue)
            json.endObject()
        }
        if let anomalies, let alpha {
            json.key("anomalies")
            json.beginObject()
            json.member("share", anomalies.share)
            json.member("alpha", alpha)
            json.member("p_value", anomalies.pValue)
            json.endObject()
        }
        if let martingale, martingale.rowCount > 0 {
            json.key("exchangeability")
            json.beginObject()
            json.member("rows", martingale.rowCount)
            json.member("value", martingale.value)
            json.member("largest", martingale.largestValue)
            json.endObject()
        }
        if let meanLogLikelihood {
            json.key("log_likelihood")
            json.beginObject()
            json.member("mean", meanLogLikelihood)
            if let mean = card.calibration?.logLikelihoods.mean { json.member("calibration_mean", mean) }
            json.endObject()
        }
        if let summary = surprisals.summary { write(summary, to: &json) }
        json.endObject()
        return json.bytes
    }

    private func write(_ summary: SurprisalSummary, to json: inout JSONWriter) {
        json.key("surprisal")
        json.beginObject()
        json.member("rows", surprisals.rowCount)
        json.key("variables")
        json.beginArray()
        for (index, variable) in card.variables.enumerated() {
            json.beginObject()
            json.member("variable", variable.name)
            json.member("mean", summary.means[index])
            if let calibration = card.calibration, let usual = calibration.surprisals {
                let deviation = usual.standardDeviations[index]
                json.member("calibration_mean", usual.means[index])
                json.member("calibration_standard_deviation", deviation)
                // Both means are of finitely many rows.
                let error =
                    deviation
                    * (1 / Double(surprisals.rowCount) + 1 / Double(calibration.logLikelihoods.count)).squareRoot()
                if error > 0 { json.member("z_score", (summary.means[index] - usual.means[index]) / error) }
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}

extension [Double] {
    /// Nil of no values.
    fileprivate var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}
