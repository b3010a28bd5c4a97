package import MADE
internal import Synchronization

/// The p-values of rows with values that are not known: among calibration rows that lack the same values and are scored by the
/// same estimator (Zaffran et al. 2023, "Conformal Prediction with Missing Values", Algorithm 1), which are exchangeable with
/// them where values are missing whatever they would have been. Calibration rows with holes elsewhere are left out. Of a model
/// with groups they are those of the row's group or rest, where these are as many as a group needs; all of them where they are
/// not, and where the row's group is what is not known.
///
/// Rows are ranked level by level, as successive halving does (Jamieson and Talwalkar 2016): all by few particles, the highest of
/// them again by four times as many, and so on, the very highest by all that are asked for. A rank in such an order is as good
/// as any: it treats a row and the calibration rows alike, so that each place is as likely for a normal one.
///
/// What a pattern of missing values needs is worked out when it first comes, and kept.
package final class MaskedCalibration: Sendable {
    /// A p-value, and how many calibration rows it is read from.
    package struct PValue: Sendable, Equatable {
        /// Nil where there is no row to compare with.
        package let value: Double?
        package let rowCount: Int
        /// The group that these are of; nil: the rest, or all.
        package let group: Int?

        /// Why no row of it is judged at `alpha`; nil where it is.
        package func note(_ alpha: Double) -> String? {
            guard isAnomaly(alpha) == nil else { return nil }
            return rowCount == 0
                ? "rows with unknown values have no p-value: the model keeps no calibration rows to compare them with; train it "
                    + "to keep some"
                : "rows with unknown values are compared with \(rowCount) calibration rows that lack the same: no p-value is "
                    + "below \(1 / Double(rowCount + 1)), and none is judged at alpha \(alpha)"
        }

        /// Whether a row of it is an anomaly at `alpha`; nil where no p-value is as small.
        package func isAnomaly(_ alpha: Double) -> Bool? {
            guard let value, alpha >= 1 / Double(rowCount + 1) else { return nil }
            return value <= alpha
        }
    }

    /// Of one pattern: its calibration rows, level by level, as far as was needed.
    private struct Ranking {
        /// Calibration rows that have all that rows of the pattern have.
        let usableCount: Int
        /// The group that they are of.
        let group: Int?
        /// The statistics of each level, ascending.
        private(set) var levels: [[Double]] = []
        /// The rows of the level that is next.
        private(set) var nextRows: [Int]

        init(_ usable: [Int], group: Int?) {
            (usableCount, nextRows) = (usable.count, usable)
            self.group = group
        }

        /// Numbers that are kept.
        var count: Int { levels.reduce(nextRows.count) { $0 + $1.count } }

        /// How many rows `level` has: the highest of the one before.
        func rowCount(of level: Int) -> Int {
            let share = (0..<level).reduce(usableCount) { count, _ in count / growth }
            return min(max(share, rowCountMin), usableCount)
        }

        /// Adds the next level, by the statistics of its rows.
        mutating func add(_ scores: [Double]) {
            let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
            levels.append(order.map { scores[$0] })
            nextRows = order.suffix(rowCount(of: levels.count)).map { nextRows[$0] }
        }
    }

    private struct Key: Hashable {
        var pattern: [UInt64]
        var statistic: RowStatistic
        var particles: Int
        var seed: UInt64
        var part: Part
    }

    /// Which of the rows that are kept.
    private enum Part: Hashable {
        case all
        /// Those of a group; nil: the rest.
        case group(Int?)
    }

    /// A level has so many times as many particles as the one before, for so many times fewer rows. Most rows are usual, and cost
    /// the first level alone.
    private static let growth = 4
    /// Rows, and particles, of each level, at least.
    private static let (rowCountMin, particleCountMin) = (10, 4)
    /// Numbers that are kept, of all patterns together: 16 MiB, some thousand patterns of a thousand rows.
    private static let numberCountMax = 1 << 21

    private let model: CompiledModel
    private let rows: CalibrationRows?
    private let known = Mutex<(rankings: [Key: Ranking], count: Int)>(([:], 0))
    /// The calibration rows as the curves have them; nil until they are first needed.
    private let leftOut = Mutex<LeftOutRows?>(nil)

    /// Of the calibration rows that `model` keeps.
    package init(_ model: CompiledModel) {
        self.model = model
        rows = model.card.calibration?.rows
    }

    /// Rows that are kept.
    package var rowCount: Int { rows?.rowCount ?? 0 }

    /// Of an encoded `row` [D] with this `score`, by `judgement`'s statistic. The same row has the same p-value, whatever
    /// was asked before.
    package func pValue(
        of score: Double, _ row: some Sequence<Float>, _ judgement: Judgement, missing: MissingValues,
        using workspace: CompiledModel.Workspace
    ) -> PValue {
        let row = Array(row)
        let mask = row.map(\.isNaN)
        let isKnown = judgement.calibration?.groups.map { !mask[$0.variable] } ?? false
        let part = isKnown ? Part.group(judgement.group(of: row.span)) : .all
        var pattern = [UInt64](repeating: 0, count: (mask.count + 63) / 64)
        for (variable, isUnknown) in mask.enumerated() where isUnknown {
            pattern[variable / 64] |= 1 << UInt64(variable % 64)
        }
        let key = Key(
            pattern: pattern, statistic: judgement.statistic, particles: missing.particles, seed: missing.seed,
            part: part)
        var found = known.withLock { $0.rankings[key] } ?? begin(mask, part, judgement)
        defer { keep(found, of: key) }
        let rowCount = found.usableCount
        guard rowCount > 0 else { return PValue(value: nil, rowCount: 0, group: found.group) }
        let levels = levels(missing)
        var (level, greaterCount) = (0, 0)
        while true {
            if level == found.levels.count {
                found.add(scores(of: mask, found.nextRows, judgement, levels[level], workspace))
            }
            let isLast = level == levels.count - 1
            let own = isLast ? score : self.score(of: row, judgement, levels[level], workspace)
            let scores = found.levels[level]
            greaterCount = scores.count - scores.partitionPoint { $0 < own }
            // Only a row among the highest is weighed again. Of equals the calibration's come first: with the row among them
            // one of the calibration's were not, so that the p-value is the exact one or a little too large.
            if isLast || greaterCount >= found.rowCount(of: level + 1) { break }
            level += 1
        }
        return PValue(value: Double(1 + greaterCount) / Double(1 + rowCount), rowCount: rowCount, group: found.group)
    }

    /// What each level takes for the values that are not known.
    private func levels(_ missing: MissingValues) -> [MissingValues] {
        var levels = [missing]
        let least = max(model.card.orderings.count, Self.particleCountMin)
        while let next = levels.last, next.particles / Self.growth >= least {
            levels.append(next.withFewer(next.particles / Self.growth))
        }
        return levels.reversed()
    }

    private func keep(_ ranking: Ranking, of key: Key) {
        known.withLock { known in
            let before = known.rankings[key]
            if let before, before.levels.count >= ranking.levels.count { return }
            let count = known.count + ranking.count - (before?.count ?? 0)
            if count > Self.numberCountMax { known = ([:], 0) }
            known.rankings[key] = ranking
            known.count = count > Self.numberCountMax ? ranking.count : count
        }
    }

    /// What is known of a pattern at first.
    private func begin(_ mask: [Bool], _ part: Part, _ judgement: Judgement) -> Ranking {
        let variables = model.card.variables
        let all = (0..<rowCount).filter { row in
            guard let rows else { return false }
            return !mask.indices.contains { !mask[$0] && variables[$0].isMissing(rows.values[row * mask.count + $0]) }
        }
        var (usable, used) = (all, nil as Int?)
        if case .group(let group) = part, let rows {
            let own = all.filter { row in
                let values = rows.values[row * mask.count..<(row + 1) * mask.count]
                return judgement.group(of: Array(values).span) == group
            }
            if own.count >= GroupCalibration.rowCountMin { (usable, used) = (own, group) }
        }
        return Ranking(usable, group: used)
    }

    /// The statistic of one row [D].
    private func score(
        of row: [Float], _ judgement: Judgement, _ missing: MissingValues, _ workspace: CompiledModel.Workspace
    ) -> Double {
        let scorer = RowScorer(model, judgement: judgement, missing: missing)
        scorer.score(row.span, using: workspace)
        return scorer.scores[0]
    }

    /// The statistic of `chosen` calibration rows with what `mask` leaves of them.
    private func scores(
        of mask: [Bool], _ chosen: [Int], _ judgement: Judgement, _ missing: MissingValues,
        _ workspace: CompiledModel.Workspace
    ) -> [Double] {
        guard let rows else { return [] }
        let width = rows.variableCount
        let masked = chosen.flatMap { row in
            mask.indices.map { mask[$0] ? .nan : rows.values[row * width + $0] }
        }
        let scorer = RowScorer(model, judgement: judgement, missing: missing)
        scorer.score(masked.span, using: workspace)
        let leftOut = judgement.needsSurprisals ? leftOutRows(judgement, workspace) : nil
        return chosen.enumerated().map { place, row in
            let offsets = rows.offsets(of: row).enumerated().map { mask[$0] ? 0 : $1 }
            let logLikelihood = scorer.logLikelihoods[place] - Double(offsets.reduce(0, +))
            guard let leftOut else { return -logLikelihood }
            let cells = place * width..<(place + 1) * width
            return leftOut.score(
                judgement.statistic, of: row, masked.span.extracting(cells), logLikelihood: logLikelihood,
                surprisals: zip(scorer.surprisals[cells], offsets).map(+))
        }
    }

    /// All calibration rows, whole.
    private func leftOutRows(_ judgement: Judgement, _ workspace: CompiledModel.Workspace) -> LeftOutRows? {
        if let found = leftOut.withLock({ $0 }) { return found }
        guard let rows, let calibration = judgement.calibration else { return nil }
        let scorer = RowScorer(model, judgement: judgement)
        scorer.score(rows.values.span, using: workspace)
        let offsets = (0..<rowCount).map(rows.offsets(of:))
        let made = LeftOutRows(
            calibration, rows: rows.values,
            logLikelihoods: zip(scorer.logLikelihoods, offsets).map { $0 - Double($1.reduce(0, +)) },
            surprisals: zip(scorer.surprisals, offsets.joined()).map(+))
        leftOut.withLock { $0 = made }
        return made
    }
}
