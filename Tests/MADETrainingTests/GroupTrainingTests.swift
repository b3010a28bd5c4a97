import MADE
import MADERows
import Testing

@testable import MADETraining

/// Models trained with groups.
@Suite struct GroupTrainingTests {
    /// A number, thirty times as spread in rows of `b`; one row in `rareEvery` is of another kind.
    private func rows(_ count: Int, seed: UInt64, rareEvery: Int = 40) -> [TableRow] {
        var generator = PhiloxGenerator(seed: seed)
        return (0..<count).map { row in
            let isSpread = Bool.random(using: &generator)
            let normal = (0..<12).reduce(Float(-6)) { (sum: Float, _: Int) in sum + generator.uniform() }
            let kind = row % rareEvery == rareEvery - 1 ? "c" : isSpread ? "b" : "a"
            return TableRow([
                ("x", .number(Double(normal) * (isSpread ? 30 : 1))), ("kind", .text(kind)),
                ("even", .truth(row % 2 == 0)),
            ])
        }
    }

    private func change(_ options: inout TrainingOptions, groups: String?) {
        options.hiddenWidths = [16]
        options.memberCount = 1
        options.stepCount = 300
        options.foldCount = 3
        options.groupColumn = groups
    }

    /// By each statistic: with a calibration a group, rows of each have their share of false alarms; with a common one those of
    /// the spread group have most of them by their likelihood.
    @Test func everyGroupHasItsShareOfFalseAlarms() throws {
        let table = rows(6000, seed: 1, rareEvery: 400)
        let new = rows(8000, seed: 2, rareEvery: 400)
        let alpha = 0.05
        for groups in ["kind", nil] {
            let model = try TableModel.train(table) { change(&$0, groups: groups) }
            let calibration = try #require(model.trained.calibration)
            #expect(calibration.logLikelihoods.count == 1200 && (calibration.groups == nil) == (groups == nil))
            for statistic in calibration.statistics {
                let scores = try model.score(new, alpha: alpha, statistic: statistic)
                for (kind, index) in [("a", 0), ("b", 1)] {
                    let own = zip(new, scores).filter { $0.0["kind"] == .text(kind) }.map(\.1)
                    if groups != nil { #expect(own.allSatisfy { $0.group == kind }) }
                    let flaggedCount = own.count { $0.isAnomaly == true }
                    let share = Double(flaggedCount) / Double(own.count)
                    let count = calibration.groups?.rowCounts[index] ?? calibration.logLikelihoods.count
                    let inverse = 1 / Double(own.count) + 1 / Double(count)
                    let deviation = (alpha * (1 - alpha) * inverse).squareRoot()
                    if groups != nil {
                        #expect(abs(share - alpha) < 4 * deviation, "\(statistic) \(kind): \(share)")
                    } else if statistic == .likelihood {
                        #expect(abs(share - alpha) > 4 * deviation, "\(statistic) \(kind): \(share)")
                    }
                }
                let rare = zip(new, scores).filter { $0.0["kind"] == .text("c") }.map(\.1)
                #expect(rare.count == 20 && rare.allSatisfy { $0.group == nil })
            }
        }
    }

    /// What is learned does not depend on the groups, and every score has its row's group, in each order.
    @Test(arguments: [300, 1500]) func groupsAreThoseOfTheCalibrationRows(rowCount: Int) throws {
        let table = rows(rowCount, seed: 3)
        let plain = try TableModel.train(table) { change(&$0, groups: nil) }.trained
        let grouped = try TableModel.train(table) { change(&$0, groups: "even") }.trained
        #expect(plain.networks == grouped.networks && plain.training == grouped.training)
        #expect((plain.training?.calibrationFolds == nil) == (rowCount == 1500))
        let calibration = try #require(grouped.calibration)
        let groups = try #require(calibration.groups)
        #expect(plain.calibration?.logLikelihoods == calibration.logLikelihoods && groups.names.count == 2)
        #expect(groups.classes.count == 3 && groups.rowCounts.reduce(0, +) == calibration.logLikelihoods.count)
        // A cross-fitted row counts as its fold scored it: of those that are held out the served model tells the same.
        guard rowCount == 1500, let kept = calibration.rows else { return }
        #expect(kept.rowCount == 300)
        let scorer = RowScorer(CompiledModel(grouped), judgement: Judgement(nil, alpha: 0.1))
        scorer.score(kept.values.span, using: CompiledModel(grouped).makeWorkspace())
        for group in 0..<2 {
            let own = scorer.logLikelihoods.indices.filter { kept.values[$0 * 3 + groups.variable] == Float(group) }
            let expected = own.map { 0 - scorer.logLikelihoods[$0] }.sorted()
            #expect(calibration.scores(.likelihood, of: group) == expected)
        }
    }

    @Test func columnsThatFormNoGroupsAreRefusedBeforeTheTraining() throws {
        let table = rows(200, seed: 4)
        func problem(_ column: String, columns: SchemaOptions = SchemaOptions()) -> String? {
            let error = #expect(throws: TrainingError.self) {
                try TableModel.train(table, columns: columns) { change(&$0, groups: column) }
            }
            return error?.description
        }
        let rule = "groups are the values of a column of labels or of two values: kind, even"
        #expect(
            problem("x")
                == "groupColumn x: it is a column of numbers; the choice .categorical for x makes labels of them; \(rule)"
        )
        #expect(
            problem("kinds")
                == "groupColumn kinds: the table has no such column; did you mean 'kind'?; \(rule)")
        var columns = SchemaOptions()
        columns.choices = ["kind": .drop]
        #expect(problem("kind", columns: columns)?.contains("is left out of the model") == true)
        let error = #expect(throws: TrainingError.self) {
            try TableModel.train(table) { options in
                change(&options, groups: "kind")
                options.calibrationShare = 0
            }
        }
        #expect(error?.description.contains("calibrationShare must be above 0 with groups") == true)
    }
}
