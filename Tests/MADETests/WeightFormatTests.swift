import Oracle
import Testing

@testable import MADE

struct WeightFormatTests {
    /// `model` with every weight as fp16 holds it: what packing in fp16 must compute, to the accuracy of fp32 sums.
    private func rounded(_ model: DensityModel) -> DensityModel {
        var model = model
        func round(_ matrix: Matrix) -> Matrix {
            Matrix(rows: matrix.rows, columns: matrix.columns) { Float(Float16(matrix[$0, $1])) }
        }
        for index in model.networks.indices {
            for layer in model.networks[index].layers.indices {
                model.networks[index].layers[layer].weight = round(model.networks[index].layers[layer].weight)
            }
            model.networks[index].direct = model.networks[index].direct.map(round)
        }
        return model
    }

    @Test(arguments: Kernels.all.indices) func halvesAgreeWithTheOracleOfRoundedWeights(path: Int) {
        for seed in UInt64(0)..<48 {
            let test = ScoringTests.Case(seed: 500 + seed, rowCountMax: 30)
            let compiled = CompiledModel(test.model, weights: .fp16, kernels: Kernels.all[path])
            test.expect(compiled.scores(test.rows), of: rounded(test.model), within: 2e-6)
        }
    }

    @Test func halvesAreWithinTheRoundingOfWeightsOfTheOracle() {
        for seed in UInt64(0)..<48 {
            let test = ScoringTests.Case(seed: 500 + seed, rowCountMax: 30)
            let compiled = CompiledModel(test.model, weights: .fp16, kernels: .best)
            test.expect(compiled.scores(test.rows), of: test.model, within: 3e-3)
        }
    }

    @Test(arguments: Kernels.all.indices) func bitsOfHalvesDoNotDependOnTheBatchNorOnDrawing(path: Int) {
        for seed in UInt64(0)..<12 {
            let test = ScoringTests.Case(seed: 600 + seed, rowCountMax: 200)
            let compiled = CompiledModel(test.model, weights: .fp16, kernels: Kernels.all[path])
            let count = test.model.variables.count
            let together = compiled.scores(test.rows)
            for row in 0..<test.rowCount {
                let alone = compiled.scores(Array(test.rows[row * count..<(row + 1) * count]))
                #expect(alone[0].bitPattern == together[row].bitPattern, "seed \(seed), row \(row)")
            }
            let samples = compiled.sample(SamplingRequest(count: 20, seed: seed), using: compiled.makeWorkspace())
            #expect(samples.logLikelihoods == compiled.scores(samples.rows), "seed \(seed)")
        }
    }

    /// Weights that come from beyond the second-level cache are asked for ahead, by tiles of their own.
    @Test(arguments: WeightFormat.allCases) func largeLayersHaveTheSameBitsAloneAndTogether(format: WeightFormat) {
        var generator = PhiloxGenerator(seed: 9)
        let count = 20
        let model = RandomModel.binary(
            variableCount: count, hiddenWidths: [1100, 1100], activation: .relu, direct: false, memberCount: 1,
            encoding: .identity, using: &generator)
        let rows = (0..<9 * count).map { _ -> Float in Bool.random(using: &generator) ? 1 : 0 }
        for kernels in Kernels.all {
            let compiled = CompiledModel(model, weights: format, kernels: kernels)
            let together = compiled.scores(rows)
            for size in [1, 2, 3] {
                let width = size * count
                let few = (0..<9 / size).flatMap { compiled.scores(Array(rows[($0 * width)...].prefix(width))) }
                #expect(few == Array(together.prefix(few.count)), "\(kernels.name), \(size) at a time")
            }
        }
    }

    @Test func weightsBeyondHalvesAreRefusedByName() throws {
        var generator = PhiloxGenerator(seed: 1)
        var model = RandomModel.binary(
            variableCount: 5, hiddenWidths: [8], activation: .relu, direct: true, memberCount: 1, encoding: .identity,
            using: &generator)
        _ = try CompiledModel(model, weights: .fp16)
        // Rounds down to the largest number of fp16.
        model.networks[0].layers[1].weight[4, 2] = 65_519
        _ = try CompiledModel(model, weights: .fp16)
        model.networks[0].layers[1].weight[4, 2] = -65_520
        #expect(
            throws: WeightOverflow(tensor: "networks.0.layers.1.weight", output: 4, input: 2, value: -65_520)
        ) { try CompiledModel(model, weights: .fp16) }
        _ = try CompiledModel(model, weights: .fp32)
        model.networks[0].layers[1].weight[4, 2] = 0
        model.networks[0].direct?[3, 1] = 1e6
        #expect(throws: WeightOverflow(tensor: "networks.0.direct.weight", output: 3, input: 1, value: 1e6)) {
            try CompiledModel(model, weights: .fp16)
        }
    }

    @Test func theErrorOfAFormatIsMeasuredOnTheModelsOwnSamples() {
        let test = ScoringTests.Case(seed: 502)
        let exact = CompiledModel(test.model)
        let halves = CompiledModel(test.model, weights: .fp16, kernels: .best)
        let difference = exact.difference(from: halves, rowCount: 300)
        #expect(difference.most > 0 && difference.most < 0.1)
        #expect(difference.mean > 0 && difference.mean <= difference.most)
        let none = exact.difference(from: exact, rowCount: 10)
        #expect(none.most == 0 && none.mean == 0)
    }
}
