import Foundation
import Oracle
import Testing

@testable import MADE

/// Draws of unknown values together, held against all rows that agree with the known ones.
struct JointDrawTests {
    private static let drawCount = 3000

    /// 4.5 standard deviations of a share of the draws.
    private func bound(_ probability: Double) -> Double {
        4.5 * (probability * (1 - probability) / Double(Self.drawCount)).squareRoot() + 2e-3
    }

    @Test(arguments: ["cbcb", "bcc", "rcb", "brc"]) func drawsComeAsOftenAsTheyAreProbable(kinds: String) {
        let seed = UInt64(kinds.utf8.reduce(0) { $0 * 31 + Int($1) })
        var generator = PhiloxGenerator(seed: seed)
        let variables = RandomModel.smooth(kinds, using: &generator)
        let compiled = CompiledModel(
            RandomModel.mixed(variables, hiddenWidths: [16, 16], activation: .tanh, memberCount: 2, using: &generator))
        let workspace = compiled.makeWorkspace()
        var row = compiled.sample(SamplingRequest(count: 1, seed: seed), using: workspace).rows
        for index in row.indices.dropFirst() { row[index] = .nan }
        let grid = GridDistribution(compiled, evidence: row)
        let drawn = compiled.completedRows(of: row, count: Self.drawCount, using: workspace)
        #expect(drawn.allSatisfy { $0[0] == row[0] && !$0.contains(where: \.isNaN) })
        let unknown = Array(row.indices.dropFirst())
        // Pairs: single values alone would be right of draws that know nothing of each other.
        for (one, other) in zip(unknown, unknown.dropFirst()) {
            for first in grid.events(of: one) {
                for second in grid.events(of: other) {
                    let exact = grid.probability {
                        first($0[$0.startIndex + one]) && second($0[$0.startIndex + other])
                    }
                    let share = Double(drawn.count { first($0[one]) && second($0[other]) }) / Double(Self.drawCount)
                    #expect(abs(share - exact) < bound(exact), "seed \(seed), \(one) and \(other): \(share), \(exact)")
                }
            }
        }
    }

    @Test func aLoneValueIsDrawnFromItsFullConditional() {
        for seed in UInt64(0)..<6 {
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth(["rcb", "crb", "bcr"][Int(seed % 3)], using: &generator)
            let compiled = CompiledModel(
                RandomModel.mixed(variables, hiddenWidths: [12], memberCount: 2, using: &generator))
            let workspace = compiled.makeWorkspace()
            var row = compiled.sample(SamplingRequest(count: 1, seed: seed), using: workspace).rows
            row[0] = .nan
            let grid = GridDistribution(compiled, evidence: row)
            let drawn = compiled.completedRows(of: row, count: Self.drawCount, using: workspace)
            for event in grid.events(of: 0) {
                let exact = grid.probability { event($0[$0.startIndex]) }
                let share = Double(drawn.count { event($0[0]) }) / Double(Self.drawCount)
                #expect(abs(share - exact) < bound(exact), "seed \(seed): \(share), \(exact)")
            }
        }
    }

    /// Of columns that lack values in training: what is drawn is a value all the same, rare labels among them, on its grid.
    @Test func drawsAreValuesOfTheirColumns() {
        for seed in UInt64(0)..<24 {
            let test = FullConditionalTests.Case(seed: 3 * seed)
            let workspace = test.compiled.makeWorkspace()
            var generator = PhiloxGenerator(seed: seed, stream: 9)
            for row in test.rows {
                var given = row
                for index in row.indices where Int.random(in: 0..<2, using: &generator) == 0 { given[index] = .nan }
                let drawn = test.compiled.completedRows(of: given, count: 3, using: workspace)
                for (index, variable) in test.model.variables.enumerated() {
                    for completed in drawn {
                        let which: Comment = "seed \(seed), variable \(index) of \(given): \(completed[index])"
                        guard given[index].isNaN else {
                            #expect(completed[index] == row[index], which)
                            continue
                        }
                        #expect(!variable.isMissing(completed[index]), which)
                        let number = variable.decode(completed[index])
                        #expect(variable.accepts(number) && variable.settled(number) == number, which)
                    }
                }
                #expect(
                    test.compiled.completedRows(of: given, count: 1, using: test.compiled.makeWorkspace()) == [drawn[0]]
                )
            }
        }
    }

    @Test func theBestValueIsTheMedianOrTheMostProbable() {
        for seed in UInt64(0)..<24 {
            let test = FullConditionalTests.Case(seed: seed, rowCount: 2)
            let workspace = test.compiled.makeWorkspace()
            for (index, variable) in test.model.variables.enumerated() {
                let conditional = test.compiled.fullConditional(of: index, in: test.rows[0], using: workspace)
                let best = conditional.best(of: variable)
                #expect(variable.settled(best) == best)
                guard variable.isReal else {
                    #expect(
                        conditional.outcomes.allSatisfy { outcome in
                            outcome.probability <= (conditional.outcomes.first { $0.value == best }?.probability ?? 0)
                        })
                    continue
                }
                #expect(best == variable.settled(conditional.quantile(0.5)), "seed \(seed), variable \(index)")
            }
        }
    }
}
