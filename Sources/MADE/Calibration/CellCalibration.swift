/// What calibration rows say of single values: how rare each variable's surprisal is, and what the statistics that are made of
/// that are like for normal rows. All likelihoods are of encoded values (see `LogVolumes`).
public struct CellCalibration: Sendable, Equatable {
    /// How rare a surprisal is, by variable [D].
    public let surprisals: [TailCurve]
    /// How rare the rarest of a row's surprisals is.
    public let cells: TailCurve
    /// How rare a row's −log p(x) is.
    public let likelihood: TailCurve
    /// `RowStatistic.cells` of the calibration rows [n], ascending, nats.
    public let cellScores: [Double]
    /// `RowStatistic.combined` of the calibration rows [n], ascending, nats.
    public let combinedScores: [Double]
    /// Of each variable a surprisal that is no rarer than `rareNats` [D]: of what lies below it nothing need be known where
    /// another one is rarer than that.
    private let rareBounds: [Float]

    /// One surprisal in twenty is as rare: in a row of many variables some are, and only those are looked up.
    private static let rareNats = 3.0

    /// Sorts the scores. Precondition: as many of one kind as of the other, at least one, all finite.
    public init(
        surprisals: [TailCurve], cells: TailCurve, likelihood: TailCurve, cellScores: [Double],
        combinedScores: [Double]
    ) {
        precondition(!cellScores.isEmpty && cellScores.count == combinedScores.count)
        self.surprisals = surprisals
        self.cells = cells
        self.likelihood = likelihood
        self.cellScores = cellScores.sorted()
        self.combinedScores = combinedScores.sorted()
        rareBounds = surprisals.map { Float($0.value(ofNats: Self.rareNats)).nextDown }
    }

    /// How rare the rarest of a row's `surprisals` [D] is among the calibration rows', nats; NaN of a value that is not
    /// known.
    public func cellScore(_ surprisals: Span<Float>) -> Double {
        precondition(surprisals.count == rareBounds.count)
        var largest = 0.0
        rareBounds.withUnsafeBufferPointer { bounds in
            self.surprisals.withUnsafeBufferPointer { curves in
                for variable in surprisals.indices where surprisals[variable] > bounds[variable] {
                    largest = max(largest, curves[variable].nats(of: Double(surprisals[variable])))
                }
            }
        }
        return largest >= Self.rareNats ? largest : self.surprisals.largest(of: surprisals)
    }

    /// Precondition: not the likelihood alone.
    func score(_ statistic: RowStatistic, logLikelihood: Double, surprisals: Span<Float>) -> Double {
        let cellScore = cellScore(surprisals)
        return statistic == .cells ? cellScore : combinedScore(logLikelihood: logLikelihood, cellScore: cellScore)
    }

    /// Joins a row's log-likelihood with its `cellScore`.
    public func combinedScore(logLikelihood: Double, cellScore: Double) -> Double {
        likelihood.nats(of: -logLikelihood) + cells.nats(of: cellScore)
    }
}

extension [TailCurve] {
    /// The largest that the curves make of `surprisals`, each of its own. Precondition: as many as there are curves.
    func largest(of surprisals: Span<Float>) -> Double {
        precondition(surprisals.count == count)
        return withUnsafeBufferPointer { curves in
            var largest = 0.0
            for variable in surprisals.indices where !surprisals[variable].isNaN {
                largest = Swift.max(largest, curves[variable].nats(of: Double(surprisals[variable])))
            }
            return largest
        }
    }
}
