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

    @Test(arguments: [[2], [0, 5], [0, 1, 2, 3, 4, 5]], [nil, 0.25] as [Float?])
    func aRowIsComparedWithRowsThatLackTheSame(unknown: [Int], offset: Float?) throws {
        let model = model(kept: 180, offset: offset)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let calibration = MaskedCalibration(compiled)
        let judgement = Judgement(model.calibration, alpha: 0.05)
        let rows = try #require(model.calibration?.rows).values
        let knownCount = Float(Self.width - unknown.count)
        let scores = logLikelihoods(compiled, masked(rows, Set(unknown))).map {
            -$0 + Double(knownCount * (offset ?? 0))
        }
        let samples = compiled.sample(SamplingRequest(count: 200, seed: 77), using: workspace).rows
        let new = masked(samples, Set(unknown))
        var hasAll = false
        for (index, score) in logLikelihoods(compiled, new).map(-).enumerated() {
            let row = new[index * Self.width..<(index + 1) * Self.width]
            let found = calibration.pValue(of: score, row, judgement, missing: MissingValues(), using: workspace)
            // The first 50 or 100 are enough where ten of them score as high.
            let count = [50, 100].first { scores.prefix($0).count { $0 >= score } >= 10 } ?? 180
            #expect(found.value == Double(1 + scores.prefix(count).count { $0 >= score }) / Double(1 + count))
            #expect(found.rowCount == count)
            #expect(found.isAnomaly(0.05) == ((found.value ?? 1) <= 0.05))
            if count == 180 { hasAll = true }
            // Another that has seen no other row says the same.
            let alone = MaskedCalibration(compiled)
            #expect(alone.pValue(of: score, row, judgement, missing: MissingValues(), using: workspace) == found)
        }
        #expect(hasAll || unknown.count == Self.width || offset != nil)
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
        let few = MaskedCalibration.PValue(value: 0.05, rowCount: 19, group: nil, usableRowCount: 19)
        #expect(few.isAnomaly(0.01) == nil && few.isAnomaly(0.05) == true && few.isAnomaly(0.06) == true)
        #expect(few.note(0.01)?.contains("19 calibration rows") == true && few.note(0.05) == nil)
    }
}
