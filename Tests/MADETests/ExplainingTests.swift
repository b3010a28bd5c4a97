import Foundation
import Oracle
import Testing

@testable import MADE

struct ExplainingTests {
    struct Explanation {
        var logLikelihoods: [Double]
        var surprisals: [Float]
        var sums: [Double]

        init(_ model: CompiledModel, _ rows: [Float]) {
            var logLikelihoods = [Double](repeating: .nan, count: rows.count / model.variableCount)
            var surprisals = [Float](repeating: .nan, count: rows.count)
            var sums = logLikelihoods
            var results = logLikelihoods.mutableSpan
            var parts = surprisals.mutableSpan
            var explained = sums.mutableSpan
            model.explain(
                rows.span, logLikelihoods: &results, surprisals: &parts, explained: &explained,
                using: model.makeWorkspace())
            (self.logLikelihoods, self.surprisals, self.sums) = (logLikelihoods, surprisals, sums)
        }
    }

    @Test func logLikelihoodsHaveTheBitsOfScore() {
        for seed in UInt64(0)..<16 {
            let test = ScoringTests.Case(seed: 500 + seed)
            let compiled = CompiledModel(test.model)
            #expect(Explanation(compiled, test.rows).logLikelihoods == compiled.scores(test.rows), "seed \(seed)")
        }
    }

    @Test func surprisalsAreTheMembersAverageWeightedByTheirShares() {
        for seed in UInt64(0)..<32 {
            let test = ScoringTests.Case(seed: 600 + seed, rowCountMax: 12)
            let count = test.model.variables.count
            let explanation = Explanation(CompiledModel(test.model), test.rows)
            let oracle = Oracle(test.model)
            for row in 0..<test.rowCount {
                let members = test.model.members.indices
                let logs = members.map { oracle.logLikelihood(of: test.row(row), member: $0) }
                let shares = logs.map { exp($0 - logs[0]) }
                let parts = members.map { oracle.surprisals(of: test.row(row), member: $0) }
                for variable in 0..<count {
                    let average =
                        members.reduce(0) { $0 + shares[$1] * parts[$1][variable] } / shares.reduce(0, +)
                    let fast = Double(explanation.surprisals[row * count + variable])
                    #expect(abs(fast - average) < 1e-5 * max(1, average), "seed \(seed), row \(row)")
                }
            }
        }
    }

    @Test func surprisalsAddUp() {
        for seed in UInt64(0)..<16 {
            let test = ScoringTests.Case(seed: 700 + seed)
            let count = test.model.variables.count
            let explanation = Explanation(CompiledModel(test.model), test.rows)
            for row in 0..<test.rowCount {
                let sum = explanation.surprisals[row * count..<(row + 1) * count].reduce(0) { $0 + Double($1) }
                #expect(abs(sum - explanation.sums[row]) < 1e-9)
                let gap = -explanation.logLikelihoods[row] - sum
                let most = log(Double(test.model.members.count))
                #expect(gap > -1e-4 && gap < most + 1e-4, "seed \(seed), row \(row)")
            }
        }
    }
}
