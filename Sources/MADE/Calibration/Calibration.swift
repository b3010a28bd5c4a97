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
    /// Which of them each row is compared with; nil where that is all of them.
    public let groups: GroupCalibration?
    private let groupScores: GroupScores?
    private let groupVariable: Variable?
    private let volumes: LogVolumes
    private let unseen: UnseenRarity

    /// Sorts `logLikelihoods`; precondition: all finite, at least one, and as many as there are scores of `cells` and as `groups` has
    /// classes of each. `variables` are the model's; of no use to one without groups, without numbers that are encoded by
    /// their logarithm, and without values that training never saw.
    public init(
        logLikelihoods: [Double], surprisals: SurprisalSummary? = nil, cells: CellCalibration? = nil,
        gains: GainCalibration? = nil, rows: CalibrationRows? = nil, groups: GroupCalibration? = nil,
        variables: [Variable] = []
    ) {
        precondition(!logLikelihoods.isEmpty && logLikelihoods.allSatisfy(\.isFinite))
        precondition(cells.map { $0.cellScores.count == logLikelihoods.count } ?? true)
        precondition(
            groups.map { groups in
                groups.classes.count == (cells == nil ? 1 : 3) && variables.indices.contains(groups.variable)
                    && groups.classes.allSatisfy { $0.count == logLikelihoods.count }
            } ?? true)
        self.logLikelihoods = logLikelihoods.sorted()
        self.surprisals = surprisals
        self.cells = cells
        self.gains = gains
        self.rows = rows
        self.groups = groups
        let likelihoodScores = self.logLikelihoods
        groupScores = groups.map { groups in
            GroupScores(
                groups, likelihoodScores: likelihoodScores.reversed().map(-),
                otherScores: cells.map { [$0.cellScores, $0.combinedScores] } ?? [])
        }
        groupVariable = groups.map { variables[$0.variable] }
        volumes = LogVolumes(variables)
        unseen = UnseenRarity(variables)
    }

    /// Whether both hold the same numbers.
    public static func == (_ first: Calibration, _ second: Calibration) -> Bool {
        first.logLikelihoods == second.logLikelihoods && first.surprisals == second.surprisals
            && first.cells == second.cells && first.gains == second.gains && first.rows == second.rows
            && first.groups == second.groups
    }

    /// The same with `rows`, of a model of `variables`.
    public func keeping(_ rows: CalibrationRows?, variables: [Variable]) -> Calibration {
        Calibration(
            logLikelihoods: logLikelihoods, surprisals: surprisals, cells: cells, gains: gains, rows: rows,
            groups: groups, variables: variables)
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

    /// The statistic of an encoded `row` [D], nats, larger where the row is more unusual; NaN stands for a value that is not known.
    /// `surprisals` are the row's [D]; of no use to the likelihood. Precondition: it is one of `statistics`.
    public func score(
        _ statistic: RowStatistic, of row: Span<Float>, logLikelihood: Double, surprisals: Span<Float>
    ) -> Double {
        if statistic == .likelihood { return 0 - logLikelihood }
        guard let cells else { preconditionFailure("no calibration of cells") }
        let unseen = unseenNats(of: row)
        // Counted, which the compiler does several at a time, as most rows have none.
        let unknownCount = row.withUnsafeBufferPointer { $0.reduce(0) { $1.isNaN ? $0 + 1 : $0 } }
        if volumes.isEmpty, unknownCount == 0 {
            return cells.score(statistic, logLikelihood: logLikelihood, surprisals: surprisals) + unseen
        }
        // A missing value's surprisal of 0 is not one of its column's.
        let known = row.indices.map { row[$0].isNaN ? .nan : surprisals[$0] }
        let own = encoded(row, [logLikelihood], known)
        return cells.score(statistic, logLikelihood: own.logLikelihoods[0], surprisals: own.surprisals.span) + unseen
    }

    /// The log-likelihoods [n] and surprisals [n × D] of encoded values where those of the values of encoded `rows` [n × D] are
    /// given.
    func encoded(
        _ rows: Span<Float>, _ logLikelihoods: [Double], _ surprisals: [Float]
    ) -> (logLikelihoods: [Double], surprisals: [Float]) {
        var (logLikelihoods, surprisals) = (logLikelihoods, surprisals)
        volumes.add(of: rows, toLogLikelihoods: &logLikelihoods, surprisals: &surprisals)
        return (logLikelihoods, surprisals)
    }

    /// What values that training never saw add to the statistics of an encoded `row` [D], nats.
    func unseenNats(of row: Span<Float>) -> Double { unseen.nats(of: row) }

    /// The conformal p-value of a row's `score`: (1 + #{calibration ≥ score}) / (1 + #calibration) (Vovk et al. 2005,
    /// eq. 2.20). Precondition: the statistic is one of `statistics`.
    public func pValue(of score: Double, by statistic: RowStatistic) -> Double {
        if statistic == .likelihood { return pValue(of: -score) }
        return Self.pValue(of: score, among: scores(statistic))
    }

    /// Of a score among `scores`, which ascend.
    private static func pValue(of score: Double, among scores: [Double]) -> Double {
        Double(1 + scores.count - scores.partitionPoint { $0 < score }) / Double(1 + scores.count)
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

    /// The smallest p-value that some row can have; an alpha below it can never be reached.
    public var smallestPValue: Double { 1 / Double(1 + rowCountMax) }

    /// The most calibration rows that some row is compared with: all, but for groups.
    public var rowCountMax: Int {
        guard let groups else { return logLikelihoods.count }
        return (groups.names.indices.filter(groups.isOwn) + [nil]).reduce(0) { max($0, rowCount(of: $1)) }
    }
}

/// p-values by group.
extension Calibration {
    /// The group that an encoded `row` [D] is compared with, by its place among `GroupCalibration.names`; nil: the rest, or there are
    /// no groups.
    public func group(of row: Span<Float>) -> Int? {
        guard let groups, let groupVariable else { return nil }
        let index = Int(GroupCalibration.classIndex(of: row[groups.variable], groupVariable))
        return index >= 0 && groups.isOwn(index) ? index : nil
    }

    /// How many calibration rows a row of `group` is compared with.
    public func rowCount(of group: Int?) -> Int { groupScores?.rowCount(of: group) ?? logLikelihoods.count }

    /// The scores that a row of `group` is compared with, ascending, nats. Precondition: the statistic is one of `statistics`.
    public func scores(_ statistic: RowStatistic, of group: Int?) -> [Double] {
        groupScores?.scores(statistic, of: group) ?? scores(statistic)
    }

    /// The conformal p-value of the `score` of a row of `group` among the calibration rows of that group. Precondition: the
    /// statistic is one of `statistics`.
    public func pValue(of score: Double, by statistic: RowStatistic, in group: Int?) -> Double {
        guard let scores = groupScores?.scores(statistic, of: group) else { return pValue(of: score, by: statistic) }
        return Self.pValue(of: score, among: scores)
    }

    /// The smallest p-value that a row of `group` can have.
    public func smallestPValue(in group: Int?) -> Double { 1 / Double(1 + rowCount(of: group)) }
}
