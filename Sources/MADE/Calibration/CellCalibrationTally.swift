/// Makes a `CellCalibration` of rows that come in several parts.
///
/// A calibration row is measured against the others, as a new row is measured against all of them: among its own values it
/// would never lie outside, and every fiftieth new row of fifty columns does, with a thousand calibration rows. The scores
/// are exchangeable, then, but for one row more among those that a new row is measured against (Barber et al. 2021,
/// "Predictive inference with the jackknife+").
public struct CellCalibrationTally: Sendable {
    /// Surprisals that are kept.
    private static let cellCountMax = 1 << 25
    /// Ranks from which on it makes no difference whether the row itself is among the others.
    private static let rankMax = 256

    private let variableCount: Int
    private let rowCountMax: Int
    private var logLikelihoods: [Double] = []
    private var unseen: [Double] = []
    /// Of the first rows [m × D].
    private var surprisals: [Float] = []
    /// Of all rows after these, once they are too many to be kept: the curves, and the rows' cell scores.
    private var curves: [TailCurve] = []
    private var laterScores: [Double] = []

    /// An empty one for rows of `variableCount` variables. Rows are kept as long as they take less than 128 MiB; the curves
    /// are those of the rows kept.
    public init(variableCount: Int) {
        self.init(variableCount: variableCount, rowCountMax: max(256, Self.cellCountMax / max(variableCount, 1)))
    }

    init(variableCount: Int, rowCountMax: Int) {
        self.variableCount = variableCount
        self.rowCountMax = rowCountMax
    }

    /// Adds n rows' log-likelihoods, and their surprisals [n × D], both of encoded values, nats; 0 of a value that is not known.
    /// `unseen` is what `UnseenRarity` has of each row; nil: nothing.
    public mutating func add(logLikelihoods: [Double], surprisals: Span<Float>, unseen: [Double]? = nil) {
        precondition(surprisals.count == logLikelihoods.count * variableCount)
        let unseen = unseen ?? [Double](repeating: 0, count: logLikelihoods.count)
        precondition(unseen.count == logLikelihoods.count)
        self.logLikelihoods += logLikelihoods
        self.unseen += unseen
        for row in logLikelihoods.indices {
            let cells = surprisals.extracting(row * variableCount..<(row + 1) * variableCount)
            if self.surprisals.count < rowCountMax * variableCount {
                for variable in cells.indices { self.surprisals.append(cells[variable]) }
            } else {
                if curves.isEmpty { curves = descendingColumns.map { TailCurve($0.map(\.value)) } }
                laterScores.append(curves.largest(of: cells))
            }
        }
    }

    /// Nil of fewer than two rows.
    public var calibration: CellCalibration? { withRowScores?.calibration }

    /// The same with the rows' scores in the order in which the rows were added. Nil of fewer than two rows.
    public var withRowScores: (calibration: CellCalibration, cellScores: [Double], combinedScores: [Double])? {
        guard logLikelihoods.count > 1 else { return nil }
        var curves: [TailCurve] = []
        var scores = [Double](repeating: 0, count: variableCount == 0 ? 0 : surprisals.count / variableCount)
        for column in descendingColumns {
            let curve = TailCurve(column.map(\.value))
            for (row, nats) in Self.leaveOneOut(column, curve) { scores[row] = max(scores[row], nats) }
            curves.append(curve)
        }
        scores += laterScores
        let cells = Self.ranked(scores)
        let likelihood = Self.ranked(logLikelihoods.map { -$0 })
        let (cellCurve, likelihoodCurve) = (TailCurve(cells.map(\.value)), TailCurve(likelihood.map(\.value)))
        var combined = [Double](repeating: 0, count: scores.count)
        for (row, nats) in Self.leaveOneOut(cells, cellCurve) { combined[row] += nats }
        for (row, nats) in Self.leaveOneOut(likelihood, likelihoodCurve) { combined[row] += nats }
        for row in unseen.indices where unseen[row] > 0 {
            scores[row] += unseen[row]
            combined[row] += unseen[row]
        }
        let calibration = CellCalibration(
            surprisals: curves, cells: cellCurve, likelihood: likelihoodCurve, cellScores: scores,
            combinedScores: combined)
        return (calibration, scores, combined)
    }

    private typealias Ranked = (row: Int, value: Double)

    private var descendingColumns: some Sequence<[Ranked]> {
        (0..<variableCount).lazy.map { variable in
            Self.ranked(
                stride(from: variable, to: surprisals.count, by: variableCount).map { Double(surprisals[$0]) })
        }
    }

    private static func ranked(_ values: [Double]) -> [Ranked] {
        values.enumerated().map { (row: $0.offset, value: $0.element) }.sorted { $0.value > $1.value }
    }

    /// How rare each value is among all others.
    private static func leaveOneOut(_ ranked: [Ranked], _ curve: TailCurve) -> [(row: Int, nats: Double)] {
        let values = ranked.map(\.value)
        return ranked.enumerated().map { place, element in
            let others = place < rankMax ? TailCurve(values, leavingOut: place) : curve
            return (element.row, others.nats(of: element.value))
        }
    }
}
