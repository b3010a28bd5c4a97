import Dispatch
import Foundation
import Oracle
import Testing

@testable import MADE

/// A random model of variables of all kinds, and rows for it.
struct MixedCase: ScoringCase {
    let seed: UInt64
    let model: DensityModel
    let rowCount: Int
    let rows: [Float]

    init(seed: UInt64, variableCountMax: Int = 24, rowCountMax: Int = 200) {
        self.seed = seed
        var generator = PhiloxGenerator(seed: seed)
        let variableCount = seed % 7 == 0 ? 1 : Int.random(in: 1...variableCountMax, using: &generator)
        var variables = RandomModel.variables(count: variableCount, using: &generator)
        if seed % 5 == 0 {
            // More labels and Gaussians than stand side by side in a vector.
            variables[0] = Variable(
                name: "v0", kind: .categorical(Categories(labels: (0..<37).map { "label \($0)" })))
            variables[variableCount - 1] = Variable(
                name: "v\(variableCount - 1)",
                kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 23, scaleFloor: 0.05)))
        }
        let width = Int.random(in: 1...70, using: &generator)
        model = RandomModel.mixed(
            variables, hiddenWidths: [[], [width], [width, width], [9, width, width, width]][Int(seed % 4)],
            activation: Activation.allCases[Int(seed / 4 % 4)], direct: Bool.random(using: &generator),
            isResidual: seed % 3 > 0, memberCount: Int.random(in: 1...3, using: &generator), using: &generator)
        rowCount = Int.random(in: 1...rowCountMax, using: &generator)
        rows = (0..<rowCount).flatMap { _ in RandomModel.row(of: variables, using: &generator) }
    }
}

struct MixedScoringTests {
    @Test(arguments: Kernels.all.indices) func scoresAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<96 {
            let test = MixedCase(seed: seed, rowCountMax: 40)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            test.expect(compiled.scores(test.rows), of: test.model, within: 4e-6)
        }
    }

    @Test(arguments: Kernels.all.indices) func outputsAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<48 {
            let test = MixedCase(seed: 100 + seed, rowCountMax: 20)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            let oracle = Oracle(test.model)
            let count = compiled.layout.outputUnitCount
            for member in test.model.members.indices {
                let outputs = compiled.outputs(of: test.rows, member: member, using: compiled.makeWorkspace())
                for row in 0..<test.rowCount {
                    let exact = oracle.outputs(of: test.row(row), member: member)
                    let fast = outputs[row * count..<(row + 1) * count]
                    #expect(zip(fast, exact).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "seed \(seed)")
                }
            }
        }
    }

    @Test func surprisalsAgreeWithTheOracle() {
        for seed in UInt64(0)..<32 {
            let test = MixedCase(seed: 200 + seed, rowCountMax: 20)
            let count = test.model.variables.count
            let explanation = ExplainingTests.Explanation(CompiledModel(test.model), test.rows)
            #expect(explanation.logLikelihoods == CompiledModel(test.model).scores(test.rows), "seed \(seed)")
            let oracle = Oracle(test.model)
            let members = test.model.members.indices
            for row in 0..<test.rowCount {
                let parts = members.map { oracle.surprisals(of: test.row(row), member: $0) }
                let logs = parts.map { -$0.reduce(0, +) }
                let total = logSumExp(logs)
                for variable in 0..<count {
                    let average = members.reduce(0) { $0 + exp(logs[$1] - total) * parts[$1][variable] }
                    let fast = Double(explanation.surprisals[row * count + variable])
                    #expect(abs(fast - average) < 1e-4 * max(1, abs(average)), "seed \(seed), row \(row)")
                }
                let sum = explanation.surprisals[row * count..<(row + 1) * count].reduce(0) { $0 + Double($1) }
                #expect(abs(sum - explanation.sums[row]) < 1e-9 * max(1, abs(sum)), "seed \(seed)")
            }
        }
    }

    @Test func instructionSetsWithFusedMultiplyAddGiveTheSameBits() {
        let fused = Kernels.all.filter { $0.name != "portable" }
        for seed in UInt64(0)..<32 {
            let test = MixedCase(seed: 300 + seed)
            let scores = fused.map { CompiledModel(test.model, kernels: $0).scores(test.rows) }
            #expect(scores.allSatisfy { $0 == scores.first }, "seed \(seed)")
        }
    }

    @Test(arguments: Kernels.all.indices) func theSameRowHasTheSameBitsInEveryBatchOnEveryThread(path: Int) {
        for seed in UInt64(0)..<16 {
            let test = MixedCase(seed: 400 + seed, rowCountMax: 260)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            let count = test.model.variables.count
            let together = compiled.scores(test.rows)
            DispatchQueue.concurrentPerform(iterations: test.rowCount) { row in
                let alone = compiled.scores(Array(test.rows[row * count..<(row + 1) * count]))
                #expect(alone[0].bitPattern == together[row].bitPattern, "seed \(seed), row \(row)")
            }
            for size in 2...17 where size < test.rowCount {
                #expect(compiled.scores(Array(test.rows.suffix(size * count))) == Array(together.suffix(size)))
            }
        }
    }
}

// MARK: - Densities are densities

extension MixedScoringTests {
    @Test func probabilitiesOfAllDiscreteRowsAddUpToOne() {
        for seed in UInt64(0)..<24 {
            var generator = PhiloxGenerator(seed: 500 + seed)
            let counts = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 1...5, using: &generator)
            }
            let variables = counts.enumerated().map { index, count in
                // 1 stands for a binary variable.
                Variable(
                    name: "v\(index)",
                    kind: count == 1
                        ? .binary(.plusMinusOne) : .categorical(Categories(labels: (0..<count).map(String.init))))
            }
            let model = RandomModel.mixed(
                variables, hiddenWidths: [[], [17], [12, 12]][Int(seed % 3)],
                activation: Activation.allCases[Int(seed % 4)], direct: seed % 2 == 0, isResidual: true,
                memberCount: 1 + Int(seed % 3), using: &generator)
            var rows: [[Float]] = [[]]
            for count in counts { rows = rows.flatMap { row in (0..<max(count, 2)).map { row + [Float($0)] } } }
            let sum = CompiledModel(model).scores(rows.flatMap { $0 }).reduce(0) { $0 + exp($1) }
            #expect(abs(sum - 1) < 1e-5, "seed \(seed), labels \(counts)")
        }
    }

    /// The trapezoid rule on ±`width` encoded units, of which it converges geometrically for a density this smooth.
    private func grid(width: Double, stepsPerUnit: Int) -> (values: [Float], weight: Double) {
        let count = Int(width) * stepsPerUnit
        let values = (-count...count).map { Float($0) / Float(stepsPerUnit) }
        return (values, 1 / Double(stepsPerUnit))
    }

    @Test func everyRealConditionalIntegratesToOne() {
        var checked = 0
        for seed in UInt64(0)..<12 {
            var generator = PhiloxGenerator(seed: 600 + seed)
            let variables = RandomModel.variables(count: 5, using: &generator)
            let model = RandomModel.mixed(
                variables, hiddenWidths: [20, 20], activation: .elu, direct: true, isResidual: seed % 2 == 0,
                using: &generator)
            let compiled = CompiledModel(model)
            let base = RandomModel.row(of: variables, using: &generator)
            for (index, variable) in variables.enumerated() {
                guard variable.isReal else { continue }
                let (values, weight) = grid(width: 40, stepsPerUnit: 100)
                let rows = values.flatMap { value in
                    var row = base
                    row[index] = value
                    return row
                }
                let explanation = ExplainingTests.Explanation(compiled, rows)
                let integral = values.indices.reduce(0) {
                    $0 + weight
                        * exp(
                            -Double(explanation.surprisals[$1 * variables.count + index])
                                + variable.logVolume(at: Double(values[$1])))
                }
                #expect(abs(integral - 1) < 1e-4, "seed \(seed), variable \(index)")
                checked += 1
            }
        }
        #expect(checked > 12)
    }

    /// Two discrete variables and a real one, each in any position of two members' orderings.
    @Test func theDensityOfAnEnsembleIntegratesToOne() {
        for seed in UInt64(0)..<8 {
            var generator = PhiloxGenerator(seed: 700 + seed)
            let encoding = RealEncoding(
                centre: 3, scale: -2, componentCount: 3, scaleFloor: 0.05, inputBound: 3)
            let variables = [
                Variable(name: "a", kind: .categorical(Categories(labels: ["x", "y", "z"]))),
                Variable(name: "b", kind: .real(encoding)),
                Variable(name: "c", kind: .binary(.identity)),
            ]
            let model = RandomModel.mixed(
                variables, hiddenWidths: [16, 16], activation: Activation.allCases[Int(seed % 4)], isResidual: true,
                memberCount: 2, using: &generator)
            let (values, weight) = grid(width: 40, stepsPerUnit: 60)
            let rows = values.flatMap { value in
                (0..<6).flatMap { [Float($0 / 2), value, Float($0 % 2)] }
            }
            let integral = CompiledModel(model).scores(rows).reduce(0) { $0 + weight * exp($1) }
            #expect(abs(integral - 1) < 1e-4, "seed \(seed)")
        }
    }

    @Test(arguments: Kernels.all.indices) func extremeWeightsAndValuesGiveFiniteLogLikelihoods(path: Int) {
        for activation in Activation.allCases {
            for scale in [Float(1), 1e10, 1e30, 1e38] {
                var generator = PhiloxGenerator(seed: 5)
                let variables = RandomModel.variables(count: 20, using: &generator)
                var model = RandomModel.mixed(
                    variables, hiddenWidths: [30, 30, 30], activation: activation, direct: true, isResidual: true,
                    using: &generator)
                for layer in model.networks[0].layers.indices {
                    for index in model.networks[0].layers[layer].weight.elements.indices {
                        model.networks[0].layers[layer].weight.elements[index] *= scale
                    }
                }
                let far: [Float] = [1e30, -1e30, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0]
                let rows = (0..<50).flatMap { _ in
                    zip(variables, RandomModel.row(of: variables, using: &generator)).map { variable, value in
                        guard case .real = variable.kind, Bool.random(using: &generator) else { return value }
                        return far.randomElement(using: &generator) ?? 0
                    }
                }
                let explanation = ExplainingTests.Explanation(
                    CompiledModel(model, kernels: Kernels.all[path]), rows)
                #expect(explanation.logLikelihoods.allSatisfy { abs($0) <= 21e30 }, "\(activation), \(scale)")
                #expect(explanation.surprisals.allSatisfy { $0 >= -1e3 && $0 <= 1e30 }, "\(activation), \(scale)")
            }
        }
    }
}
