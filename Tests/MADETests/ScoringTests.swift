import Foundation
import Oracle
import Testing

@testable import MADE

/// A model, and rows for it.
protocol ScoringCase {
    var seed: UInt64 { get }
    var model: DensityModel { get }
    var rowCount: Int { get }
    /// [n × D].
    var rows: [Float] { get }
}

extension ScoringCase {
    func row(_ index: Int) -> [Double] {
        let count = model.variables.count
        return rows[index * count..<(index + 1) * count].map(Double.init)
    }

    /// That `scores` [n] of the rows are the oracle's of `model`, to a relative error.
    func expect(_ scores: [Double], of model: DensityModel, within error: Double) {
        let oracle = Oracle(model)
        for index in 0..<rowCount {
            let exact = oracle.logLikelihood(of: row(index))
            #expect(abs(scores[index] - exact) <= error * max(1, abs(exact)), "seed \(seed), row \(index)")
        }
    }
}

struct ScoringTests {
    /// A random model of any shape that a constructor allows, and rows for it.
    struct Case: ScoringCase {
        let seed: UInt64
        let model: DensityModel
        let rowCount: Int
        let rows: [Float]

        init(seed: UInt64, variableCountMax: Int = 40, rowCountMax: Int = 200) {
            self.seed = seed
            var generator = PhiloxGenerator(seed: seed)
            let variableCount =
                seed % 7 == 0 ? 1 : Int.random(in: 1...variableCountMax, using: &generator)
            let depth = Int(seed % 4)
            let widths = (0..<depth).map { _ in
                Bool.random(using: &generator)
                    ? Int.random(in: 1...3, using: &generator) : Int.random(in: 4...90, using: &generator)
            }
            model = RandomModel.binary(
                variableCount: variableCount, hiddenWidths: widths,
                activation: Activation.allCases[Int(seed / 4 % 4)], direct: Bool.random(using: &generator),
                memberCount: Int.random(in: 1...3, using: &generator),
                encoding: Bool.random(using: &generator) ? .identity : .plusMinusOne, using: &generator)
            rowCount = Int.random(in: 1...rowCountMax, using: &generator)
            rows = (0..<rowCount * variableCount).map { _ in Bool.random(using: &generator) ? 1 : 0 }
        }
    }

    @Test(arguments: Kernels.all.indices) func scoresAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<64 {
            let test = Case(seed: seed, rowCountMax: 30)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            test.expect(compiled.scores(test.rows), of: test.model, within: 2e-6)
        }
    }

    @Test(arguments: Kernels.all.indices) func outputsAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<32 {
            let test = Case(seed: 100 + seed, rowCountMax: 20)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            let oracle = Oracle(test.model)
            let workspace = compiled.makeWorkspace()
            for member in test.model.members.indices {
                var outputs = [Float](repeating: .nan, count: test.rows.count)
                var span = outputs.mutableSpan
                compiled.outputs(of: test.rows.span, member: member, into: &span, using: workspace)
                for row in 0..<test.rowCount {
                    let exact = oracle.outputs(of: test.row(row), member: member)
                    let fast = outputs[row * exact.count..<(row + 1) * exact.count]
                    #expect(zip(fast, exact).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "seed \(seed)")
                }
            }
        }
    }

    @Test func instructionSetsWithFusedMultiplyAddGiveTheSameBits() {
        let fused = Kernels.all.filter { $0.name != "portable" }
        for seed in UInt64(0)..<24 {
            let test = Case(seed: 200 + seed)
            let scores = fused.map { CompiledModel(test.model, kernels: $0).scores(test.rows) }
            #expect(scores.allSatisfy { $0 == scores.first }, "seed \(seed)")
        }
    }

    @Test(arguments: Kernels.all.indices) func theSameRowHasTheSameBitsInEveryBatch(path: Int) {
        for seed in UInt64(0)..<12 {
            let test = Case(seed: 300 + seed, rowCountMax: 260)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            let count = test.model.variables.count
            let together = compiled.scores(test.rows)
            for row in 0..<test.rowCount {
                let alone = compiled.scores(Array(test.rows[row * count..<(row + 1) * count]))
                #expect(alone[0].bitPattern == together[row].bitPattern, "seed \(seed), row \(row)")
            }
            for size in [2, 3, 7, 13] where size < test.rowCount {
                #expect(compiled.scores(Array(test.rows.suffix(size * count))) == Array(together.suffix(size)))
            }
        }
    }

    @Test func probabilitiesOfAllRowsAddUpToOne() {
        for variableCount in 1...12 {
            var generator = PhiloxGenerator(seed: UInt64(variableCount))
            let model = RandomModel.binary(
                variableCount: variableCount, hiddenWidths: [[], [17], [33, 20]][variableCount % 3],
                activation: Activation.allCases[variableCount % 4], direct: variableCount % 2 == 0,
                memberCount: 1 + variableCount % 3, using: &generator)
            let rows = (0..<1 << variableCount).flatMap { bits in
                (0..<variableCount).map { Float(bits >> $0 & 1) }
            }
            let sum = CompiledModel(model).scores(rows).reduce(0) { $0 + exp($1) }
            #expect(abs(sum - 1) < 1e-5, "\(variableCount) variables")
        }
    }

    @Test(arguments: Kernels.all.indices) func extremeWeightsGiveFiniteLogLikelihoods(path: Int) {
        for activation in Activation.allCases {
            for scale in [Float(1e10), 1e30, 1e38] {
                var generator = PhiloxGenerator(seed: 5)
                var model = RandomModel.binary(
                    variableCount: 20, hiddenWidths: [30, 30], activation: activation, direct: true,
                    encoding: .plusMinusOne, using: &generator)
                for layer in model.networks[0].layers.indices {
                    for index in model.networks[0].layers[layer].weight.elements.indices {
                        model.networks[0].layers[layer].weight.elements[index] *= scale
                    }
                }
                let rows = (0..<20 * 50).map { _ in Bool.random(using: &generator) ? Float(1) : 0 }
                let scores = CompiledModel(model, kernels: Kernels.all[path]).scores(rows)
                #expect(scores.allSatisfy { $0.isFinite && $0 <= 0 }, "\(activation), weights of \(scale)")
            }
        }
    }

    @Test func membersMayShareANetworkUnderDifferentMasks() {
        var generator = PhiloxGenerator(seed: 9)
        var model = RandomModel.binary(variableCount: 9, hiddenWidths: [24], memberCount: 1, using: &generator)
        model.members = (0..<4).map { _ in
            Member(
                network: 0, ordering: .random(count: 9, using: &generator),
                hiddenDegrees: Degrees.spread(widths: [24], variableCount: 9))
        }
        let rows = (0..<9 * 40).map { _ in Bool.random(using: &generator) ? Float(1) : 0 }
        let scores = CompiledModel(model).scores(rows)
        for row in 0..<40 {
            let exact = Oracle(model).logLikelihood(of: rows[row * 9..<row * 9 + 9].map(Double.init))
            #expect(abs(scores[row] - exact) < 1e-5)
        }
    }

    @Test func multiplicationsAreThoseThatTheMasksLeave() {
        for seed in UInt64(0)..<8 {
            let model = Case(seed: 400 + seed).model
            let masked = model.members.reduce(0) { sum, member in
                let degrees = model.degrees(of: member)
                let hasDirect = model.networks[member.network].direct != nil
                let layers =
                    (0..<degrees.layerCount).map(degrees.mask(layer:)) + (hasDirect ? [degrees.directMask()] : [])
                return sum + layers.reduce(0) { $0 + $1.elements.filter { $0 == 1 }.count }
            }
            #expect(CompiledModel(model).multiplicationsPerRow == masked)
        }
    }

    @Test func weightBytesAreThoseOfPanelsDownToTheMask() throws {
        // Two panels of 16 outputs: of 64 variables, outputs of degree d see the hidden units below it, of which there is
        // one of each degree 1…32.
        let variables = (0..<64).map { Variable(name: "v\($0)", kind: .binary(.identity)) }
        func layer(_ outputs: Int, _ inputs: Int) -> MaskedNetwork.Layer {
            MaskedNetwork.Layer(
                weight: Matrix(rows: outputs, columns: inputs) { _, _ in 0.5 },
                bias: [Float](repeating: 0, count: outputs))
        }
        let model = DensityModel(
            name: "m", variables: variables, activation: .relu,
            networks: [MaskedNetwork(layers: [layer(32, 64), layer(64, 32)])],
            members: [Member(network: 0, ordering: .natural(count: 64), hiddenDegrees: [Array(1...32)])])
        // 128 bytes an input: two panels of floats or four of halves side by side, as deep as the deepest.
        let biases = (32 + 64) * 4
        #expect(CompiledModel(model).weightBytes == (32 + (31 + 32)) * 128 + biases)
        #expect(try CompiledModel(model, weights: .fp16).weightBytes == (32 + 32) * 128 + biases)
    }
}

extension CompiledModel {
    /// log p(x) of rows [n × D].
    func scores(_ rows: [Float]) -> [Double] {
        var scores = [Double](repeating: .nan, count: rows.count / variableCount)
        var span = scores.mutableSpan
        score(rows.span, into: &span, using: makeWorkspace())
        return scores
    }
}
