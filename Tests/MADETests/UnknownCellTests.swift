import Foundation
import Oracle
import Testing

@testable import MADE

/// Full conditionals and gains of rows of which other values are not known.
struct UnknownCellTests {
    @Test func fewCombinationsAreSummedUp() {
        for seed in UInt64(0)..<30 {
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth(["cbcb", "bcc", "bbbbbb"][Int(seed % 3)], using: &generator)
            let model = RandomModel.mixed(
                variables, hiddenWidths: [14, 14], activation: .elu, direct: seed % 2 == 0, isResidual: seed % 4 == 0,
                memberCount: Int(seed % 3) + 1, using: &generator)
            let (compiled, oracle) = (CompiledModel(model), Oracle(model))
            let workspace = compiled.makeWorkspace()
            var row = RandomModel.row(of: variables, using: &generator)
            for index in row.indices where Int.random(in: 0..<3, using: &generator) == 0 { row[index] = .nan }
            let gains = compiled.gains(of: row, using: workspace)
            for index in row.indices {
                let values = variables[index].knownValues
                let scores = values.map { value in
                    var row = row.map(Double.init)
                    row[index] = value
                    return oracle.logMarginal(of: row)
                }
                let total = logSumExp(scores)
                let found = compiled.fullConditional(of: index, in: row, using: workspace)
                #expect(found.standardError == 0)
                for (outcome, score) in zip(found.outcomes, scores) {
                    let exact = exp(score - total)
                    #expect(abs(outcome.probability - exact) < 1e-5 * exact, "seed \(seed), variable \(index)")
                }
                let own = scores[values.firstIndex(of: Double(row[index])) ?? 0]
                let gain = row[index].isNaN ? 0 : (scores.max() ?? 0) - own
                #expect(abs(gains[index].gain - gain) < 1e-5 * max(1, abs(total)), "seed \(seed), variable \(index)")
            }
        }
    }

    @Test func manyAreDrawnWithinTheirStandardError() {
        var estimated = 0
        for seed in UInt64(0)..<16 {
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth(["rcbb", "brcr", "cbrb", "rbrc"][Int(seed % 4)], using: &generator)
            let compiled = CompiledModel(
                RandomModel.mixed(
                    variables, hiddenWidths: [16, 16], activation: .tanh, memberCount: 2, using: &generator))
            let workspace = compiled.makeWorkspace()
            var row = compiled.sample(SamplingRequest(count: 1, seed: seed), using: workspace).rows
            let reals = row.indices.filter { variables[$0].isReal }
            row[reals[0]] = .nan
            for index in row.indices where index != reals[0] {
                var evidence = row
                evidence[index] = .nan
                let grid = GridDistribution(compiled, evidence: evidence, stepsPerUnit: 3)
                let found = compiled.fullConditional(of: index, in: row, using: workspace)
                if found.standardError > 0 { estimated += 1 }
                for outcome in found.outcomes {
                    let exact = grid.probability { $0[$0.startIndex + index] == Float(outcome.value) }
                    #expect(
                        abs(outcome.probability - exact) < 4 * found.standardError + 1e-3,
                        "seed \(seed), variable \(index): \(outcome) ± \(found.standardError) for \(exact)")
                }
                let again = compiled.fullConditional(of: index, in: row, using: compiled.makeWorkspace())
                #expect(again == found)
                let gain = compiled.gains(of: row, variables: [index], using: workspace)[0]
                #expect(gain.gain >= 0 && gain.gain.isFinite)
            }
        }
        #expect(estimated > 30)
    }

    @Test func aValueThatIsNotKnownGainsNothing() throws {
        let model = try bundledNLTCS()
        let row = [Float](repeating: .nan, count: 16)
        let gains = model.gains(of: row, using: model.makeWorkspace())
        #expect(gains.allSatisfy { $0.gain == 0 } && gains.count == 16)
    }
}
