/// The scores of held-out normal rows, from which a row's p-value is read.
public final class Calibration: Sendable, Equatable {
    /// Ascending, nats.
    public let logLikelihoods: [Double]
    /// What each variable contributes to them; nil of a file that does not hold it.
    public let surprisals: SurprisalSummary?
    /// How rare its surprisals are; nil of a file that does not hold it, whose rows are ranked by likelihood alone.
    public let cells: CellCalibration?
    /// The gains of some of them; nil of a file that does not hold them, whose rows' cells have no p-values.
    public let gains: GainCalibration?
    /// Some of the rows themselves; nil of a file that does not hold them, whose rows with values that are not known have no
    /// p-values.
    public let rows: CalibrationRows?
    private let volumes: LogVolumes

    /// Sorts `logLikelihoods`; precondition: all finite, at least one, and as many as there are scores of `cells`. `variables`
    /// are the model's; of no use to one without numbers that are encoded by their logarithm.
    public init(
        logLikelihoods: [Double], surprisals: SurprisalSummary? = nil, cells: CellCalibration? = nil,
        gains: GainCalibration? = nil, rows: CalibrationRows? = nil, variables: [Variable] = []
    ) {
        precondition(!logLikelihoods.isEmpty && logLikelihoods.allSatisfy(\.isFinite))
        precondition(cells.map { $0.cellScores.count == logLikelihoods.count } ?? true)
        self.logLikelihoods = logLikelihoods.sorted()
        self.surprisals = surprisals
        self.cells = cells
        self.gains = gains
        self.rows = rows
        volumes = LogVolumes(variables)
    }

    /// Whether both hold the same numbers.
    public static func == (_ first: Calibration, _ second: Calibration) -> Bool {
        first.logLikelihoods == second.logLikelihoods && first.surprisals == second.surprisals
            && first.cells == second.cells && first.gains == second.gains && first.rows == second.rows
    }

    /// The same with `rows`, of a model of `variables`.
    public func keeping(_ rows: CalibrationRows?, variables: [Variable]) -> Calibration {
        Calibration(
            logLikelihoods: logLikelihoods, surprisals: surprisals, cells: cells, gains: gains, rows: rows,
            variables: variables)
    }

    /// The statistics that a row can be ranked by.
    public var statistics: [RowStatistic] { cells == nil ? [.likelihood] : RowStatistic.allCases }

    /// What rows are ranked by where `wanted` is only a default: the likelihood where there is nothing else.
    public func statistic(wanted: RowStatistic = .combined) -> RowStatistic { cells == nil ? .likelihood : wanted }

    /// The calibration rows' own scores, ascending, nats. Precondition: it is one of `statistics`.
    public func scores(_ statistic: RowStatistic) -> [Double] {
        switch statistic {
        case .likelihood: return logLikelihoods.reversed().map(-)
        case .cells, .combined:
            guard let cells else { preconditionFailure("no calibration of cells") }
            return statistic == .cells ? cells.cellScores : cells.combinedScores
        }
    }

    /// The statistic of an encoded `row` [D], nats, larger where the row is more unusual. `surprisals` are the row's [D]; of no
    /// use to the likelihood. Precondition: it is one of `statistics`.
    public func score(
        _ statistic: RowStatistic, of row: Span<Float>, logLikelihood: Double, surprisals: Span<Float>
    ) -> Double {
        if statistic == .likelihood { return 0 - logLikelihood }
        guard let cells else { preconditionFailure("no calibration of cells") }
        if volumes.isEmpty { return cells.score(statistic, logLikelihood: logLikelihood, surprisals: surprisals) }
        var logLikelihoods = [logLikelihood]
        var own = surprisals.indices.map { surprisals[$0] }
        volumes.add(of: row, toLogLikelihoods: &logLikelihoods, surprisals: &own)
        return cells.score(statistic, logLikelihood: logLikelihoods[0], surprisals: own.span)
    }

    /// The conformal p-value of a row's `score`: (1 + #{calibration ≥ score}) / (1 + #calibration) (Vovk et al. 2005,
    /// eq. 2.20). Precondition: the statistic is one of `statistics`.
    public func pValue(of score: Double, by statistic: RowStatistic) -> Double {
        if statistic == .likelihood { return pValue(of: -score) }
        let scores = scores(statistic)
        return Double(1 + scores.count - scores.partitionPoint { $0 < score }) / Double(1 + scores.count)
    }

    /// The conformal p-value of a log-likelihood, (1 + #{calibration ≤ logLikelihood}) / (1 + #calibration) (Vovk et al. 2005, eq. 2.20):
    /// under no drift at most a share alpha of normal rows has a p-value ≤ alpha, for every alpha.
    ///
    /// It holds for rows whose values are all known: the density of fewer variables is on another scale.
    public func pValue(of logLikelihood: Double) -> Double {
        Double(1 + logLikelihoods.partitionPoint { $0 <= logLikelihood }) / Double(1 + logLikelihoods.count)
    }

    /// The same p-values of many rows' scores, found several times as fast.
    public func pValues(of scores: [Double], by statistic: RowStatistic) -> [Double] {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: scores.count) { points in
            let count = Double(1 + logLikelihoods.count)
            if statistic == .likelihood {
                logLikelihoods.partitionPoints(into: points) { $0 <= -scores[$1] }
                return points.map { Double(1 + $0) / count }
            }
            let sorted = self.scores(statistic)
            sorted.partitionPoints(into: points) { $0 < scores[$1] }
            return points.map { Double(1 + sorted.count - $0) / count }
        }
    }

    /// The smallest p-value there is; an alpha below it can never be reached.
    public var smallestPValue: Double { 1 / Double(1 + logLikelihoods.count) }
}
