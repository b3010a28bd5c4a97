package import MADE
internal import Synchronization

/// The p-values of rows with values that are not known: among calibration rows that lack the same values and are scored by the
/// same estimator (Zaffran et al. 2023, "Conformal Prediction with Missing Values", Algorithm 1), which are exchangeable with
/// them where values are missing whatever they would have been. Calibration rows with holes elsewhere are left out. Of a model
/// with groups they are those of the row's group or rest, where these are as many as a group needs; all of them where they are
/// not, and where the row's group is what is not known.
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
        /// Rows that it could be read from, where it were small.
        let usableRowCount: Int

        /// Why no row of it is judged at `alpha`; nil where it is.
        package func note(_ alpha: Double) -> String? {
            guard isAnomaly(alpha) == nil else { return nil }
            return usableRowCount == 0
                ? "rows with unknown values have no p-value: the model keeps no calibration rows to compare them with; train it "
                    + "to keep some"
                : "rows with unknown values are compared with \(usableRowCount) calibration rows that lack the same: no p-value "
                    + "is below \(1 / Double(usableRowCount + 1)), and none is judged at alpha \(alpha)"
        }

        /// Whether a row of it is an anomaly at `alpha`; nil where no p-value is as small.
        package func isAnomaly(_ alpha: Double) -> Bool? {
            guard let value, alpha >= 1 / Double(usableRowCount + 1) else { return nil }
            return value <= alpha
        }
    }

    /// Of one pattern: the statistic of its first calibration rows, of twice as many, and so on, as far as it was needed.
    private struct Scores {
        /// Calibration rows that have all that rows of the pattern have.
        var usable: [Int]
        /// The group that they are of.
        var group: Int?
        /// Each ascending.
        var stages: [[Double]] = []

        /// Numbers that are kept.
        var count: Int { stages.reduce(usable.count) { $0 + $1.count } }

        /// Calibration rows of a stage.
        func rowCount(ofStage stage: Int) -> Int {
            // Fewer rows than half a stage more are no stage of their own.
            let count = firstRowCount << stage
            return count + count / 2 >= usable.count ? usable.count : count
        }

        /// How many calibration rows of a stage score as high.
        func greaterCount(than score: Double, stage: Int) -> Int {
            stages[stage].count - stages[stage].partitionPoint { $0 < score }
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

    /// Rows that are enough where a row is usual.
    private static let firstRowCount = 50
    /// So many rows that score as high are enough to read a p-value from (Besag and Clifford 1991, "Sequential Monte Carlo
    /// p-values"). It is valid: a value of at most t is only read where the least stage on which t can be read so says t or less.
    private static let greaterCountMin = 10
    /// Scores that are kept, of all patterns together.
    private static let scoreCountMax = 1 << 20

    private let model: CompiledModel
    private let rows: CalibrationRows?
    private let known = Mutex<(scores: [Key: Scores], count: Int)>(([:], 0))

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
        var found = known.withLock { $0.scores[key] } ?? begin(mask, part, judgement)
        guard !found.usable.isEmpty else {
            keep(found, of: key)
            return PValue(value: nil, rowCount: 0, group: found.group, usableRowCount: 0)
        }
        let knownStageCount = found.stages.count
        var stage = 0
        while true {
            let rowCount = found.rowCount(ofStage: stage)
            if stage == found.stages.count {
                let before = found.stages.last ?? []
                let more = scores(of: mask, found.usable[before.count..<rowCount], judgement, missing, workspace)
                found.stages.append((before + more).sorted())
            }
            let greaterCount = found.greaterCount(than: score, stage: stage)
            guard greaterCount >= Self.greaterCountMin || rowCount == found.usable.count else {
                stage += 1
                continue
            }
            if found.stages.count > knownStageCount { keep(found, of: key) }
            return PValue(
                value: Double(1 + greaterCount) / Double(1 + rowCount), rowCount: rowCount, group: found.group,
                usableRowCount: found.usable.count)
        }
    }

    private func keep(_ scores: Scores, of key: Key) {
        known.withLock { known in
            let before = known.scores[key]
            if let before, before.stages.count >= scores.stages.count { return }
            let count = known.count + scores.count - (before?.count ?? 0)
            if count > Self.scoreCountMax { known = ([:], 0) }
            known.scores[key] = scores
            known.count = count > Self.scoreCountMax ? scores.count : count
        }
    }

    /// What is known of a pattern at first.
    private func begin(_ mask: [Bool], _ part: Part, _ judgement: Judgement) -> Scores {
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
        return Scores(usable: usable, group: used)
    }

    /// The statistic of `chosen` calibration rows with what `mask` leaves of them.
    private func scores(
        of mask: [Bool], _ chosen: ArraySlice<Int>, _ judgement: Judgement, _ missing: MissingValues,
        _ workspace: CompiledModel.Workspace
    ) -> [Double] {
        guard let rows else { return [] }
        let width = rows.variableCount
        let masked = chosen.flatMap { row in
            mask.indices.map { mask[$0] ? .nan : rows.values[row * width + $0] }
        }
        let scorer = RowScorer(model, judgement: judgement, missing: missing)
        scorer.score(masked.span, using: workspace)
        let hasOffsets = !rows.surprisalOffsets.isEmpty
        guard let calibration = judgement.calibration, judgement.needsSurprisals else {
            return chosen.enumerated().map { place, row in
                let offsets = mask.indices.map { mask[$0] || !hasOffsets ? 0 : rows.surprisalOffsets[row * width + $0] }
                return Double(offsets.reduce(0, +)) - scorer.logLikelihoods[place]
            }
        }
        let values = chosen.flatMap { rows.values[$0 * width..<($0 + 1) * width] }
        let wholes = RowScorer(model, judgement: judgement, missing: missing)
        wholes.score(values.span, using: workspace)
        return chosen.enumerated().map { place, row in
            let cells = place * width..<(place + 1) * width
            func scored(_ rows: [Float], by scorer: RowScorer, _ offsets: [Float]) -> Calibration.ScoredRow {
                (
                    Array(rows[cells]), scorer.logLikelihoods[place] - Double(offsets.reduce(0, +)),
                    hasOffsets
                        ? zip(scorer.surprisals[cells], offsets).map { max($0 + $1, 0) }
                        : Array(scorer.surprisals[cells])
                )
            }
            let all = mask.indices.map { hasOffsets ? rows.surprisalOffsets[row * width + $0] : 0 }
            let left = zip(mask, all).map { $0 ? 0 : $1 }
            return calibration.score(
                judgement.statistic, of: scored(masked, by: scorer, left), leavingOut: scored(values, by: wholes, all))
        }
    }
}
