import Foundation
import Oracle
import Testing

@testable import MADE

struct RareLabelSamplingTests {
    private let color = Categories(
        labels: ["red", "other", "blue"], otherIndex: 1, rareLabels: ["teal", "pink", "gold"], rareRowCounts: [7, 2, 1])

    private func model(_ seed: UInt64) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        var variables = RandomModel.variables(count: 1 + Int(seed % 9), withUnseen: true, using: &generator)
        let last = variables.count - 1
        variables[last] = Variable(
            name: "color", kind: .categorical(color), unseen: UnseenValues(rowCount: 90, singletonCount: 1))
        return RandomModel.mixed(
            variables, hiddenWidths: [[], [20], [16, 16]][Int(seed % 3)], direct: seed % 2 == 0,
            memberCount: 1 + Int(seed % 3), using: &generator)
    }

    @Test func rareLabelsAreDrawnByTheirShares() {
        for seed in UInt64(0)..<4 {
            var generator = PhiloxGenerator(seed: seed)
            let model = RandomModel.mixed(
                [Variable(name: "color", kind: .categorical(color))], hiddenWidths: [], memberCount: 2,
                using: &generator)
            let compiled = CompiledModel(model)
            let count = 20_000
            let rows = compiled.sample(
                SamplingRequest(count: count, seed: seed), using: compiled.makeWorkspace()
            ).rows
            #expect(!rows.contains(1), "seed \(seed): the class itself is no label")
            for value in model.variables[0].knownValues {
                let p = exp(Oracle(model).logLikelihood(of: [value]))
                let hits = Double(rows.count { Double($0) == value })
                // Four standard errors.
                let error = (Double(count) * p * (1 - p)).squareRoot()
                #expect(abs(hits - Double(count) * p) <= 4 * error, "seed \(seed), value \(value)")
            }
        }
    }

    @Test func aModelIsNoFurtherFromItselfWhereItDrawsRareLabels() {
        let model = CompiledModel(model(11))
        let drawn = model.sample(SamplingRequest(count: 500, seed: 1), using: model.makeWorkspace()).rows
        #expect(drawn.contains { $0 >= 3 })
        #expect(model.difference(from: model, rowCount: 500) == (0, 0))
    }

    @Test(arguments: Kernels.all.indices) func logLikelihoodsOfSamplesAreThoseOfScoringToTheBit(path: Int) {
        for seed in UInt64(10)..<34 {
            let model = model(seed)
            let compiled = CompiledModel(model, kernels: Kernels.all[path])
            let samples = compiled.sample(
                SamplingRequest(count: 60, seed: seed, temperature: [1, 0.5, 3][Int(seed % 3)]),
                using: compiled.makeWorkspace())
            #expect(MissingTests.Marginals(compiled, samples.rows).logLikelihoods == samples.logLikelihoods)
            for (index, value) in samples.rows.enumerated() {
                let variable = model.variables[index % model.variables.count]
                #expect(variable.accepts(variable.decode(value)), "seed \(seed)")
            }
            let few = compiled.sample(
                SamplingRequest(count: 7, seed: seed, temperature: [1, 0.5, 3][Int(seed % 3)]),
                using: compiled.makeWorkspace())
            #expect(few.rows == Array(samples.rows.prefix(few.rows.count)), "seed \(seed)")
            #expect(few.logLikelihoods == Array(samples.logLikelihoods.prefix(7)), "seed \(seed)")
        }
    }

    /// A rare label is conditioned on as its class, and stays the label that it is.
    @Test func evidenceMayBeARareLabel() {
        for seed in UInt64(40)..<52 {
            let model = model(seed)
            let (compiled, count) = (CompiledModel(model), model.variables.count)
            func drawn(_ value: Float) -> Samples {
                var evidence = [Float](repeating: .nan, count: count)
                evidence[count - 1] = value
                return compiled.sample(
                    SamplingRequest(count: 40, seed: seed, evidence: evidence), using: compiled.makeWorkspace())
            }
            let (rare, other) = (drawn(4), drawn(3))
            for row in 0..<40 {
                let cells = row * count..<(row + 1) * count - 1
                #expect(rare.rows[cells.upperBound] == 4 && other.rows[cells.upperBound] == 3, "seed \(seed)")
                #expect(rare.rows[cells] == other.rows[cells], "seed \(seed)")
            }
            #expect(MissingTests.Marginals(compiled, rare.rows).logLikelihoods == rare.logLikelihoods)
            // The second label has two rows of ten, the first seven.
            for (first, second) in zip(rare.logLikelihoods, other.logLikelihoods) {
                #expect(abs(second - first - log(3.5)) < 1e-5, "seed \(seed)")
            }
        }
    }
}
