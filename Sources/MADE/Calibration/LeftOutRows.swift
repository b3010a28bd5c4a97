/// Statistics of calibration rows of which some values are hidden, as rows have them that are none of the calibration's: the
/// curves leave each row out.
package struct LeftOutRows: Sendable {
    private let calibration: Calibration
    private let curves: [LeaveOneOutCurve]
    private let cells: LeaveOneOutCurve
    private let likelihood: LeaveOneOutCurve
    /// The rows' places in these [k × D], [k], [k].
    private let places: [UInt16]
    private let cellPlaces: [UInt16]
    private let likelihoodPlaces: [UInt16]

    /// Of calibration rows [k × D], encoded, with log-likelihoods [k] and surprisals [k × D] of their values, nats. Nil where the
    /// calibration has no curves.
    package init?(_ calibration: Calibration, rows: [Float], logLikelihoods: [Double], surprisals: [Float]) {
        guard let own = calibration.cells else { return nil }
        let (width, count) = (own.surprisals.count, calibration.logLikelihoods.count)
        precondition(rows.count == logLikelihoods.count * width && surprisals.count == rows.count)
        let (logLikelihoods, surprisals) = calibration.encoded(rows.span, logLikelihoods, surprisals)
        let curves = own.surprisals.map { LeaveOneOutCurve($0, of: count) }
        let (cells, likelihood) = (LeaveOneOutCurve(own.cells, of: count), LeaveOneOutCurve(own.likelihood, of: count))
        let places = surprisals.indices.map { curves[$0 % width].index(of: Double(surprisals[$0])) }
        cellPlaces = logLikelihoods.indices.map { row in
            let cellScore = (0..<width).reduce(0) { largest, variable in
                let cell = row * width + variable
                return max(
                    largest, curves[variable].nats(of: Double(surprisals[cell]), leavingOut: places[cell]))
            }
            return cells.index(of: cellScore)
        }
        likelihoodPlaces = logLikelihoods.map { likelihood.index(of: -$0) }
        (self.calibration, self.places) = (calibration, places)
        (self.curves, self.cells, self.likelihood) = (curves, cells, likelihood)
    }

    /// The statistic of what is left of row `index`: encoded values `row` [D], NaN where hidden, with their log-likelihood and
    /// surprisals [D], nats. Precondition: it is not the likelihood, which has no curves.
    package func score(
        _ statistic: RowStatistic, of index: Int, _ row: Span<Float>, logLikelihood: Double, surprisals: [Float]
    ) -> Double {
        let (logLikelihoods, surprisals) = calibration.encoded(row, [logLikelihood], surprisals)
        let unseen = calibration.unseenNats(of: row)
        let width = curves.count
        let cellScore = (0..<width).reduce(0) { largest, variable in
            if row[variable].isNaN { return largest }
            let place = places[index * width + variable]
            return max(largest, curves[variable].nats(of: Double(surprisals[variable]), leavingOut: place))
        }
        if statistic == .cells { return cellScore + unseen }
        return likelihood.nats(of: -logLikelihoods[0], leavingOut: likelihoodPlaces[index])
            + cells.nats(of: cellScore, leavingOut: cellPlaces[index]) + unseen
    }
}
