extension CompiledModel {
    /// The p-value of a row [D] in which NaN stands for a missing value: the calibration's p-value of the completed row,
    /// averaged over what the model believes the missing values to be, E[p-value(x) | observed]. Nil without a calibration.
    ///
    /// The calibration is of complete rows, and log p(observed) is no such number: of binary and categorical variables it is
    /// at least that of every completion, so that its p-value is too great and anomalies are missed; of real variables it
    /// may be smaller as well, as their units have it, and its p-value then raises any number of false alarms. The completed
    /// rows are what was calibrated. Where values are missing independently of themselves and the model is right, a single
    /// completion is distributed as normal rows are, and its p-value is calibrated exactly. The mean of all has no chance in
    /// it, and is less spread: for small alphas fewer than a share alpha of normal rows are at most alpha, as a rule; never
    /// more than 2 alpha (Meng 1994, "Posterior predictive p-values").
    ///
    /// Particles are drawn with the observed values clamped, evenly by all members, and count in proportion to
    /// Π p_s(x_d | x_<d) over the observed d; each takes a pass, and its log-likelihood one of scoring.
    public func expectedPValue(of row: Span<Float>, missing: MissingValues, using workspace: Workspace) -> Double? {
        precondition(row.count == variableCount)
        guard let calibration = card.calibration else { return nil }
        let row = row.withUnsafeBufferPointer(Array.init)
        guard row.contains(where: \.isNaN) else {
            var logLikelihood = [0.0]
            var target = logLikelihood.mutableSpan
            score(row.span, into: &target, using: workspace)
            return calibration.pValue(of: logLikelihood[0])
        }
        let count = (missing.particles + members.count - 1) / members.count * members.count
        let draws = (0..<count).map { index in
            Draw(number: UInt64(index), target: index, member: index % members.count)
        }
        let request = SamplingRequest(count: count, seed: missing.seed(of: row), evidence: row)
        let buffers = samplingBuffers(of: workspace)
        var completions = Samples(
            rows: [Float](repeating: 0, count: count * variableCount),
            logLikelihoods: [Double](repeating: 0, count: count))
        var logWeights = [Double](repeating: 0, count: count)
        var ordered = [Float](repeating: 0, count: buffers.rowCount * variableCount)
        run(draws, request, stream: .missingValues, buffers: buffers) { pass, draws in
            weigh(pass, draws, row, into: &logWeights, &ordered)
            deliver(pass, draws, to: &completions, using: workspace)
        }
        let weights = Importance.weights(logWeights)
        let sum = zip(weights, completions.logLikelihoods).reduce(0) { $0 + $1.0 * calibration.pValue(of: $1.1) }
        return sum / weights.reduce(0, +)
    }
}
