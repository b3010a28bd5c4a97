import Foundation
import MADE
import Oracle
import Testing

@testable import MADERows

/// p-values of rows with values that are not known.
@Suite struct MaskedCalibrationTests {
    private static let width = 6

    /// Calibrated on its own samples, of which `kept` are kept; `offset` nats more surprising each.
    private func model(kept: Int, rows count: Int = 400, offset: Float? = nil, members: Int = 1) -> DensityModel {
        var generator = PhiloxGenerator(seed: 8)
        var model = RandomModel.binary(
            variableCount: Self.width, hiddenWidths: [12], memberCount: members, using: &generator)
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: count, seed: 3), using: compiled.makeWorkspace())
        let values = Array(samples.rows.prefix(kept * Self.width))
        model.calibration = Calibration(
            logLikelihoods: samples.logLikelihoods,
            rows: kept == 0
                ? nil
                : CalibrationRows(
                    values, surprisalOffsets: offset.map { Array(repeating: $0, count: values.count) } ?? [],
                    variableCount: Self.width))
        return model
    }

    private func logLikelihoods(_ model: CompiledModel, _ rows: [Float]) -> [Double] {
        let scorer = RowScorer(model, judgement: Judgement(nil, alpha: 0.01))
        scorer.score(rows.span, using: model.makeWorkspace())
        return scorer.logLikelihoods
    }

    private func masked(_ rows: [Float], _ unknown: Set<Int>) -> [Float] {
        rows.enumerated().map { unknown.contains($0 % Self.width) ? .nan : $1 }
    }

    /// What each level has: particles, and rows of `count`.
    private func levels(_ count: Int) -> [(particles: Int, rowCount: Int)] {
        [(4, count), (16, max(count / 4, 10)), (64, max(count / 16, 10)), (256, 10)]
    }

    /// −log p̂ of what is known of each row, by each level's particles [levels][n].
    private func levelScores(_ model: CompiledModel, _ rows: [Float], count: Int) -> [[Double]] {
        levels(count).map { level in
            let missing = MissingValues()
            let scorer = RowScorer(
                model, judgement: Judgement(nil, alpha: 0.01),
                missing: level.particles == 256 ? missing : missing.withFewer(level.particles))
            scorer.score(rows.span, using: model.makeWorkspace())
            return scorer.logLikelihoods.map { -$0 }
        }
    }

    /// The rows of each level, of `all` of them, by their scores [levels][n].
    private func ranked(_ scores: [[Double]]) -> [[Int]] {
        let count = scores[0].count
        var found = [Array(0..<count)]
        for (level, next) in levels(count).dropFirst().enumerated() {
            let ascending = found[level].sorted { (scores[level][$0], $0) < (scores[level][$1], $1) }
            found.append(ascending.suffix(next.rowCount))
        }
        return found
    }

    @Test(arguments: [[2], [0, 5], [0, 1, 2, 3, 4, 5]], [nil, 0.25] as [Float?])
    func aRowIsRankedAmongRowsThatLackTheSame(unknown: [Int], offset: Float?) throws {
        let model = model(kept: 180, offset: offset)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let calibration = MaskedCalibration(compiled)
        let judgement = Judgement(model.calibration, alpha: 0.05)
        let rows = try #require(model.calibration?.rows).values
        let knownCount = Double(Self.width - unknown.count)
        let own = levelScores(compiled, masked(rows, Set(unknown)), count: 180).map { level in
            level.map { $0 + knownCount * Double(offset ?? 0) }
        }
        let ranked = ranked(own)
        let samples = compiled.sample(SamplingRequest(count: 200, seed: 77), using: workspace).rows
        let new = masked(samples, Set(unknown))
        let scores = levelScores(compiled, new, count: 180)
        var reached: Set<Int> = []
        for index in 0..<200 {
            let row = new[index * Self.width..<(index + 1) * Self.width]
            let found = calibration.pValue(
                of: scores[3][index], row, judgement, missing: MissingValues(), using: workspace)
            let counts = (0..<4).map { level in
                ranked[level].count { own[level][$0] >= scores[level][index] }
            }
            let level = (0..<3).first { counts[$0] >= levels(180)[$0 + 1].rowCount } ?? 3
            #expect(found.value == Double(1 + counts[level]) / 181)
            #expect(found.rowCount == 180)
            #expect(found.isAnomaly(0.05) == ((found.value ?? 1) <= 0.05))
            reached.insert(level)
            // Another that has seen no other row says the same.
            let alone = MaskedCalibration(compiled).pValue(
                of: scores[3][index], row, judgement, missing: MissingValues(), using: workspace)
            #expect(alone == found)
        }
        // Where nothing is known all rows are equal.
        #expect(unknown.count == Self.width || offset != nil || reached.isSuperset(of: [0, 1, 3]))
    }

    /// A row's p-value is that of its place among all rows, itself one of them, or a little larger: what is exchangeable stays so.
    @Test func aPValueIsNoSmallerThanThePlaceAmongAllRows() throws {
        let unknown: Set<Int> = [0, 3]
        let model = model(kept: 120, members: 3)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let rows = try #require(model.calibration?.rows).values
        let new = masked(compiled.sample(SamplingRequest(count: 150, seed: 5), using: workspace).rows, unknown)
        let judgement = Judgement(model.calibration, alpha: 0.05)
        let calibration = MaskedCalibration(compiled)
        let own = levelScores(compiled, masked(rows, unknown), count: 120)
        let scores = levelScores(compiled, new, count: 120)
        for index in 0..<150 {
            // The row is the first: of equals it is the least.
            let all = zip(scores, own).map { [$0[index]] + $1 }
            var members = Array(0...120)
            var place = 0
            for level in 0..<4 {
                place = members.count { $0 != 0 && all[level][$0] >= all[level][0] }
                guard level < 3 else { break }
                let next = levels(120)[level + 1].rowCount
                if place >= next { break }
                members = members.sorted { (all[level][$0], $0) < (all[level][$1], $1) }.suffix(next)
            }
            let exact = Double(1 + place) / 121
            let row = new[index * Self.width..<(index + 1) * Self.width]
            let found = calibration.pValue(
                of: scores[3][index], row, judgement, missing: MissingValues(), using: workspace)
            let value = try #require(found.value)
            #expect(value >= exact && value < exact + 3.5 / 121, "\(index): \(value) of \(exact)")
        }
    }

    /// Whatever is missing: each pattern's share of false alarms is that of complete rows.
    @Test func eachPatternIsCalibrated() throws {
        let patterns: [Set<Int>] = [[], [3], [0, 2], [1, 2, 4, 5]]
        let alpha = 0.1
        for unknown in patterns {
            var flagged = 0
            let (rounds, newCount) = (10, 200)
            for round in 0..<rounds {
                var model = model(kept: 0)
                let compiled = CompiledModel(model)
                let workspace = compiled.makeWorkspace()
                let all = compiled.sample(
                    SamplingRequest(count: 300 + newCount, seed: UInt64(100 + round)), using: workspace)
                let rows = Array(all.rows.prefix(300 * Self.width))
                model.calibration = Calibration(
                    logLikelihoods: Array(all.logLikelihoods.prefix(300)),
                    rows: CalibrationRows(rows, variableCount: Self.width))
                let calibrated = CompiledModel(model)
                let calibration = MaskedCalibration(calibrated)
                let judgement = Judgement(model.calibration, alpha: alpha)
                let new = masked(Array(all.rows.dropFirst(300 * Self.width)), unknown)
                for (index, logLikelihood) in logLikelihoods(calibrated, new).enumerated() {
                    let found = calibration.pValue(
                        of: -logLikelihood, new[index * Self.width..<(index + 1) * Self.width], judgement,
                        missing: MissingValues(), using: workspace)
                    if found.isAnomaly(alpha) == true { flagged += 1 }
                }
            }
            let share = Double(flagged) / Double(rounds * newCount)
            let deviation = (alpha * (1 - alpha) * (1 / 300 + 1 / Double(newCount)) / Double(rounds)).squareRoot()
            // Few rows are possible, many have the same score: below alpha by as much as that takes.
            #expect(share <= alpha + 4 * deviation, "\(unknown): \(share)")
        }
    }

    @Test func rowsWithHolesElsewhereAreLeftOut() throws {
        var generator = PhiloxGenerator(seed: 2)
        let variables = ["a", "b"].map {
            Variable(
                name: $0, kind: .binary(.plusMinusOne), unseen: UnseenValues(rowCount: 100), hasMissing: true)
        }
        var model = RandomModel.mixed(variables, hiddenWidths: [8], direct: true, memberCount: 1, using: &generator)
        let hole = Variable.missingValue
        model.calibration = Calibration(
            logLikelihoods: [-1, -2, -3, -4],
            rows: CalibrationRows([0, 1, hole, 1, 1, hole, hole, hole], variableCount: 2))
        let compiled = CompiledModel(model)
        let calibration = MaskedCalibration(compiled)
        let count = { (row: [Float]) in
            calibration.pValue(
                of: 1, row, Judgement(model.calibration, alpha: 0.5), missing: MissingValues(),
                using: compiled.makeWorkspace()
            ).rowCount
        }
        #expect(count([.nan, 1]) == 2)
        #expect(count([0, .nan]) == 2)
        #expect(count([.nan, .nan]) == 4)
    }

    @Test func withoutRowsThereIsNoPValueAndItSaysWhy() {
        let compiled = CompiledModel(model(kept: 0))
        let found = MaskedCalibration(compiled).pValue(
            of: 1, [0, 1, .nan, 0, 0, 1], Judgement(compiled.card.calibration, alpha: 0.01), missing: MissingValues(),
            using: compiled.makeWorkspace())
        #expect(found.value == nil && found.rowCount == 0 && found.isAnomaly(0.01) == nil)
        #expect(found.note(0.01)?.contains("train it to keep some") == true)
        let few = MaskedCalibration.PValue(value: 0.05, rowCount: 19, group: nil)
        #expect(few.isAnomaly(0.01) == nil && few.isAnomaly(0.05) == true && few.isAnomaly(0.06) == true)
        #expect(few.note(0.01)?.contains("19 calibration rows") == true && few.note(0.05) == nil)
    }
}
