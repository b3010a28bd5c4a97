import MADE
import MADERows
import Testing

@testable import MADETraining

/// The calibration rows that a model keeps, and their gains.
@Suite struct KeptRowTests {
    /// Rows of a coin, its opposite but for one row in ten, and another coin.
    private func table(_ count: Int, seed: UInt64) -> Table {
        var generator = PhiloxGenerator(seed: seed)
        let rows = (0..<count).flatMap { _ in
            let (first, last) = (Bool.random(using: &generator), Bool.random(using: &generator))
            let second = (Int.random(in: 0..<10, using: &generator) == 0) == first
            return [first, second, last].map { $0 ? 1.0 : 0 }
        }
        return Table(columns: ["a", "b", "c"], rows: rows)
    }

    private func options(keeping count: Int) -> TrainingOptions {
        var options = TrainingOptions()
        options.memberCount = 1
        options.hiddenWidths = [4]
        options.stepCount = 60
        options.keptRowCount = count
        return options
    }

    @Test func rowsThatTheFitHasNotSeenAreKeptAsTheyAre() throws {
        let held = table(120, seed: 2)
        for (asked, expected) in [(1000, 120), (50, 50), (0, 0)] {
            let model = try Trainer(options(keeping: asked)).train(
                TrainingTables(train: table(300, seed: 1), calibration: held), name: "m")
            let calibration = try #require(model.calibration)
            #expect(calibration.rows?.rowCount ?? 0 == expected)
            #expect(calibration.rows?.surprisalOffsets.isEmpty ?? true)
            guard let rows = calibration.rows, asked == 1000 else { continue }
            let all = (0..<120).map { row in held.values.map { Float($0[row]) } }
            let kept = (0..<120).map { Array(rows.values[$0 * 3..<$0 * 3 + 3]) }
            #expect(kept.map(\.description).sorted() == all.map(\.description).sorted())
            // In random order: the first of a table that is sorted are not like the others.
            #expect(kept != all)
            let gains = try #require(calibration.gains)
            let compiled = CompiledModel(model)
            let workspace = compiled.makeWorkspace()
            #expect(gains.gains == all.flatMap { compiled.gains(of: $0, using: workspace).map { Float($0.gain) } })
        }
    }

    @Test func rowsOfACrossFittedTableAreAsSurprisingAsToWhoHasNotSeenThem() throws {
        let small = table(90, seed: 4)
        let model = try Trainer(options(keeping: 1000)).train(TrainingTables(train: small), name: "m")
        let calibration = try #require(model.calibration)
        let rows = try #require(calibration.rows)
        #expect(model.training?.calibrationFolds != nil && rows.rowCount == 90)
        #expect(rows.surprisalOffsets.count == rows.values.count && rows.surprisalOffsets.contains { $0 != 0 })
        // Of a single network surprisals add up: with the offsets the rows are scored as their folds' fits scored them.
        let scorer = RowScorer(CompiledModel(model), judgement: Judgement(nil, alpha: 0.1))
        scorer.score(rows.values.span, using: CompiledModel(model).makeWorkspace())
        let unseen = scorer.logLikelihoods.enumerated().map { row, logLikelihood in
            logLikelihood - Double(rows.surprisalOffsets[row * 3..<row * 3 + 3].reduce(0, +))
        }.sorted()
        #expect(zip(unseen, calibration.logLikelihoods).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(calibration.gains?.rowCount == 90)
    }
}
