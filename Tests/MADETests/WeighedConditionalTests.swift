import Foundation
import Oracle
import Testing

@testable import MADE

/// What a full conditional makes of the row's own value, and its moments, held against the oracle.
struct WeighedConditionalTests {
    @Test func ofAValueItIsItsShareOfAllRowsThatDifferThere() {
        var count = 0
        for seed in UInt64(0)..<40 {
            let test = FullConditionalTests.Case(seed: seed)
            let workspace = test.compiled.makeWorkspace()
            for row in test.rows {
                for (index, variable) in test.model.variables.enumerated() where !variable.isReal && row[index] >= 0 {
                    let (conditional, logProbability) = test.compiled.weighedConditional(
                        of: index, in: row, using: workspace)
                    let scores = variable.knownValues.map { test.score(row, index, $0) }
                    let exact = test.score(row, index, Double(row[index])) - logSumExp(scores)
                    let which: Comment = "seed \(seed), variable \(index) of \(row)"
                    #expect(abs((logProbability ?? .nan) - exact) < 2e-5 * max(1, abs(scores.min() ?? 0)), which)
                    #expect(
                        conditional == test.compiled.fullConditional(of: index, in: row, using: workspace), which)
                    count += 1
                }
            }
        }
        #expect(count > 200)
    }

    @Test func ofANumberItIsTheDensityThereHoweverRemote() {
        for seed in UInt64(0)..<8 {
            let test = FullConditionalTests.Case(seed: seed, rowCount: 1, smooth: true)
            let workspace = test.compiled.makeWorkspace()
            for (index, variable) in test.model.variables.enumerated() {
                guard case .real(let encoding) = variable.kind else { continue }
                for u in [Float(0.25), -2.5, 40] {
                    var row = test.rows[0]
                    row[index] = u
                    let (conditional, logProbability) = test.compiled.weighedConditional(
                        of: index, in: row, using: workspace)
                    let dense = DenseConditional(test, row, index)
                    let exact = test.score(row, index, Double(u)) - dense.logTotal - variable.logVolume(at: Double(u))
                    let which: Comment = "seed \(seed), variable \(index) at \(u)"
                    #expect(abs((logProbability ?? .nan) - exact) < 2e-3 + 1e-5 * abs(exact), which)
                    let moments = dense.moments
                    let mean = (conditional.mean(of: variable) ?? .nan) - encoding.centre
                    #expect(abs(mean / encoding.scale - moments.mean) < 5e-3, which)
                    let deviation = (conditional.standardDeviation(of: variable) ?? .nan) / abs(encoding.scale)
                    #expect(abs(deviation - moments.deviation) < 5e-3, which)
                }
            }
        }
    }

    @Test func momentsAreFiniteWhereOtherValuesAreDrawn() {
        for seed in UInt64(0)..<12 {
            let test = FullConditionalTests.Case(seed: 4 * seed + 3, rowCount: 1, smooth: true)
            var row = test.rows[0]
            row[0] = .nan
            let conditional = test.compiled.fullConditional(
                of: 1, in: row, using: test.compiled.makeWorkspace())
            let deviation = conditional.standardDeviation(of: test.model.variables[1]) ?? .nan
            #expect(deviation.isFinite && deviation > 0, "seed \(seed)")
        }
    }

    @Test func aValueThatIsNotKnownHasNone() throws {
        let model = try bundledNLTCS()
        var row = [Float](repeating: 0, count: 16)
        row[3] = .nan
        let workspace = model.makeWorkspace()
        #expect(model.weighedConditional(of: 3, in: row, using: workspace).logProbability == nil)
        #expect(model.completionCount(of: row) == 2 && model.completionCount(of: [Float](repeating: 1, count: 16)) == 1)
        #expect(model.completionCount(of: [Float](repeating: .nan, count: 16)) == 64)
    }
}
