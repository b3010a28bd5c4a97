/// Statistics of calibration rows of which some values are hidden, as rows have them that are none of the calibration's: the
/// curves leave each row out.
package struct LeftOutRows: Sendable {
    private let calibration: Calibration
    /// Of each variable [D], of the cell score, and of −log p(x), without each row's own.
    private let curves: [LeaveOneOutCurve]
    private let cells: LeaveOneOutCurve
    private let likelihood: LeaveOneOutCurve

    /// Of calibration rows [k × D], encoded, with log-likelihoods [k] and surprisals [k × D] of their values, nats. Nil where the
    /// calibration has no curves.
    package init?(_ calibration: Calibration, rows: [Float], logLikelihoods: [Double], surprisals: [Float]) {
        guard let own = calibration.cells else { return nil }
        let (width, count) = (own.surprisals.count, calibration.logLikelihoods.count)
        precondition(rows.count == logLikelihoods.count * width && surprisals.count == rows.count)
        let (logLikelihoods, surprisals) = calibration.encoded(rows.span, logLikelihoods, surprisals)
        let curves = own.surprisals.enumerated().map { variable, curve in
            LeaveOneOutCurve(
                curve, of: count,
                without: stride(from: variable, to: surprisals.count, by: width).lazy.map { Double(surprisals[$0]) })
        }
        let cellScores = logLikelihoods.indices.map { row in
            curves.largest(of: surprisals[row * width..<(row + 1) * width].span, without: row)
        }
        cells = LeaveOneOutCurve(own.cells, of: count, without: cellScores)
        likelihood = LeaveOneOutCurve(own.likelihood, of: count, without: logLikelihoods.map { -$0 })
        (self.calibration, self.curves) = (calibration, curves)
    }

    /// The statistic of what is left of row `index`: encoded values `row` [D], NaN where hidden, with their log-likelihood and
    /// surprisals [D], nats. Precondition: it is not the likelihood, which has no curves.
    package func score(
        _ statistic: RowStatistic, of index: Int, _ row: Span<Float>, logLikelihood: Double, surprisals: [Float]
    ) -> Double {
        let known = row.indices.map { row[$0].isNaN ? .nan : surprisals[$0] }
        let own = calibration.encoded(row, [logLikelihood], known)
        let cellScore = curves.largest(of: own.surprisals.span, without: index)
        let unseen = calibration.unseenNats(of: row)
        if statistic == .cells { return cellScore + unseen }
        return likelihood.nats(of: -own.logLikelihoods[0], without: index) + cells.nats(of: cellScore, without: index)
            + unseen
    }
}

extension [LeaveOneOutCurve] {
    /// The largest that the curves, without their values at `index`, make of `surprisals`, each of its own; NaN of a value that is
    /// not known.
    fileprivate func largest(of surprisals: Span<Float>, without index: Int) -> Double {
        indices.reduce(0) { largest, variable in
            let surprisal = surprisals[variable]
            return surprisal.isNaN
                ? largest : Swift.max(largest, self[variable].nats(of: Double(surprisal), without: index))
        }
    }
}
