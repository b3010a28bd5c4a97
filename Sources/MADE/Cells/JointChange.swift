#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Several numbers of a row that are wrong together.
package struct JointChange: Sendable {
    /// Those whose own values fit the corrected others worst come first.
    package fileprivate(set) var variables: [Int]
    /// What the row's log-likelihood would rise by with all of them corrected, counted as in `CellGain`; nats.
    package let gain: Double
    /// The corrected row [D], encoded.
    package let row: [Float]
}

extension CompiledModel {
    /// The most promising sets by covariances, among which the model decides.
    private static let jointChangesMax = 4
    /// Draws of a set's numbers given the rest of the row; the search starts from the best of them.
    private static let jointDraws = 64
    /// How often each number of a set is then replaced by the best one given the others.
    private static let jointRounds = 2

    /// The numbers of a row of encoded values [D] whose change explains it better than changing any one value, whose gain is
    /// `singleGain` at most; nil if there are none, the model keeps no calibration rows, or values of the row are not known.
    ///
    /// Each number after the first must gain another log(n + 1) nats, n the number of calibration rows: evidence rarer than
    /// anything that calibration saw. Covariances suggest the sets (`NumberDependence`); the gains are the model's. The same
    /// row gives the same bits.
    ///
    /// - Parameters:
    ///   - sizeMax: most numbers of the set.
    ///   - isOpen: whether a variable may be changed.
    package func jointChange(
        of row: [Float], sizeMax: Int, singleGain: Double, using workspace: Workspace, isOpen: (Int) -> Bool
    ) -> JointChange? {
        guard let dependence, let calibration = card.calibration, !row.contains(where: \.isNaN) else { return nil }
        let changeNats = log(Double(calibration.logLikelihoods.count + 1))
        let suspects = dependence.suspects(
            in: row, sizeMax: sizeMax, changeNats: changeNats, count: Self.jointChangesMax, isOpen: isOpen)
        guard !suspects.isEmpty else { return nil }
        let score = encodedLogLikelihoods(of: row, using: workspace)[0]
        var best: (change: JointChange, net: Double)?
        for suspects in suspects {
            var changed = jointStart(suspects, in: row, using: workspace)
            for _ in 0..<Self.jointRounds {
                for variable in suspects.variables {
                    let expected = gains(of: changed, variables: [variable], using: workspace)[0].expected
                    changed[variable] = card.variables[variable].encode(expected)
                }
            }
            let variables = suspects.variables.filter { changed[$0] != row[$0] }
            let gain = encodedLogLikelihoods(of: changed, using: workspace)[0] - score
            let net = gain - changeNats * Double(variables.count - 1)
            guard variables.count > 1, net > best?.net ?? singleGain else { continue }
            best = (JointChange(variables: variables, gain: gain, row: changed), net)
        }
        guard var change = best?.change else { return nil }
        // How likely the row is if one of them keeps its value.
        let kept = change.variables.flatMap { variable in
            change.row.enumerated().map { $0.offset == variable ? row[variable] : $0.element }
        }
        let scores = encodedLogLikelihoods(of: kept, using: workspace)
        change.variables = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }.map { change.variables[$0] }
        return change
    }

    /// The row with the likeliest of several proposals for `suspects`: what covariances expect, and draws. Numbers that follow
    /// from each other are likely along a narrow ridge only, which a search in one of them at a time does not climb.
    private func jointStart(
        _ suspects: NumberDependence.Suspects, in row: [Float], using workspace: Workspace
    ) -> [Float] {
        var (expected, open) = (row, row)
        for (variable, value) in zip(suspects.variables, suspects.values) {
            expected[variable] = card.variables[variable].encode(card.variables[variable].decode(value))
            open[variable] = .nan
        }
        let drawn = particles(of: open, MissingValues(particles: Self.jointDraws), using: workspace).rows
        let rows = expected + drawn
        let scores = encodedLogLikelihoods(of: rows, using: workspace)
        let isComplete = scores.indices.map { index in
            !suspects.variables.contains { card.variables[$0].isMissing(rows[index * variableCount + $0]) }
        }
        let best = scores.indices.filter { isComplete[$0] }.max { scores[$0] < scores[$1] } ?? 0
        return Array(rows[best * variableCount..<(best + 1) * variableCount])
    }

    /// log p(x) of encoded values (see `LogVolumes`) of rows [n × D], nats; of values that training never saw too.
    private func encodedLogLikelihoods(of rows: [Float], using workspace: Workspace) -> [Double] {
        var logLikelihoods = [Double](repeating: 0, count: rows.count / variableCount)
        var surprisals = [Float](repeating: 0, count: rows.count)
        var errors = logLikelihoods
        var results = logLikelihoods.mutableSpan
        var errorSpan = errors.mutableSpan
        score(
            rows.span, missing: MissingValues(), into: &results, standardErrors: &errorSpan, using: workspace)
        LogVolumes(card.variables).add(of: rows.span, toLogLikelihoods: &logLikelihoods, surprisals: &surprisals)
        return logLikelihoods
    }
}
