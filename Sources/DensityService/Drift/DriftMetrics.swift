internal import MADE

extension PrometheusText {
    /// What is known of the drift of several models.
    mutating func drift(_ reports: [DriftReport]) {
        gauge("made_drift_rows", "Latest rows of a model that are watched for drift.", reports) { Double($0.rowCount) }
        gauge(
            "made_drift_distance", "Kolmogorov-Smirnov distance of the latest rows' p-values to uniform ones.", reports
        ) { $0.test?.distance }
        gauge(
            "made_drift_p_value", "How probable such a distance is without drift.", reports
        ) { $0.test?.pValue }
        gauge("made_drift_anomaly_ratio", "Share of anomalies among the latest rows.", reports) { $0.anomalies?.share }
        gauge("made_drift_anomaly_alpha", "Share of anomalies that is expected at most.", reports) { $0.alpha }
        gauge(
            "made_drift_anomaly_p_value", "How probable so many anomalies are without drift.", reports
        ) { $0.anomalies?.pValue }
        gauge(
            "made_drift_martingale", "Capital of a bet that rows do not come from where those before them came from.",
            reports
        ) { $0.martingale?.value }
        gauge(
            "made_drift_martingale_largest",
            "The largest capital since the model was loaded: 1 / a or more with a probability of at most a without drift.",
            reports
        ) { $0.martingale?.largestValue }
        surprisals(
            "made_drift_surprisal_nats", "Mean surprisal of a variable over some of the latest rows.", reports
        ) { $0.surprisals.summary?.means }
        surprisals(
            "made_drift_calibration_surprisal_nats", "Mean surprisal of a variable over the calibration rows.", reports
        ) { $0.card.calibration?.surprisals?.means }
    }

    /// A family whose samples are there for the models that have a value.
    private mutating func gauge(
        _ name: String, _ help: String, _ reports: [DriftReport], _ value: (DriftReport) -> Double?
    ) {
        let samples = reports.compactMap { report in value(report).map { (report.card, $0) } }
        if samples.isEmpty { return }
        family(name, "gauge", help)
        for (card, value) in samples { sample(name, card.labels, value) }
    }

    private mutating func surprisals(
        _ name: String, _ help: String, _ reports: [DriftReport], _ means: (DriftReport) -> [Double]?
    ) {
        let samples = reports.compactMap { report in means(report).map { (report.card, $0) } }
        if samples.isEmpty { return }
        family(name, "gauge", help)
        for (card, means) in samples {
            for (variable, mean) in zip(card.variables, means) {
                sample(name, card.labels + [("variable", variable.name)], mean)
            }
        }
    }

    /// The log-likelihoods of all rows that each model has scored.
    mutating func logLikelihoods(_ models: [LoadedModel]) {
        let name = "made_log_likelihood_nats"
        family(name, "histogram", "Log-likelihoods of scored rows.")
        for model in models {
            let labels = model.card.labels
            let (counts, sum) = model.statistics.logLikelihoods.figures
            for (bound, count) in zip(LogLikelihoodHistogram.bounds, counts) {
                sample("\(name)_bucket", labels + [("le", Self.number(bound))], Double(count))
            }
            sample("\(name)_bucket", labels + [("le", "+Inf")], Double(counts.last ?? 0))
            sample("\(name)_sum", labels, sum)
            sample("\(name)_count", labels, Double(counts.last ?? 0))
        }
    }
}

extension ModelCard {
    /// What tells it from others in metrics.
    var labels: [(name: String, value: String)] { [("model", name), ("version", version)] }
}
