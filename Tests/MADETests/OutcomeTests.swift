import Foundation
import Oracle
import Testing

@testable import MADE

/// Missing values and atoms, which are outcomes with probabilities of their own.
struct OutcomeTests {
    private func model(_ seed: UInt64, members: Int = 1) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        let variables = RandomModel.variables(count: 6, withUnseen: true, withOutcomes: true, using: &generator)
        return RandomModel.mixed(
            variables, hiddenWidths: [16, 16], direct: seed % 2 == 0, isResidual: seed % 3 == 0, memberCount: members,
            using: &generator)
    }

    private func scores(_ rows: [Float], _ model: CompiledModel) -> [Double] {
        var results = [Double](repeating: 0, count: rows.count / model.variableCount)
        var span = results.mutableSpan
        model.score(rows.span, into: &span, using: model.makeWorkspace())
        return results
    }

    @Test(arguments: Kernels.all.indices) func rowsOfOutcomesArePlainAndAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<30 {
            let model = model(seed, members: 1 + Int(seed % 2))
            let (oracle, compiled) = (Oracle(model), CompiledModel(model, kernels: Kernels.all[path]))
            var generator = PhiloxGenerator(seed: 50 + seed)
            let rows = (0..<37).map { _ in RandomModel.row(of: model.variables, using: &generator) }
            #expect(rows.allSatisfy { row in zip(model.variables, row).allSatisfy { $0.isPlain($1) } })
            let found = scores(rows.flatMap { $0 }, compiled)
            for (row, score) in zip(rows, found) {
                let reference = oracle.logLikelihood(of: row.map(Double.init))
                #expect(abs(score - reference) < 1e-5 * max(1, abs(reference)), "seed \(seed), \(row)")
            }
            // One by one and all at once.
            for (row, score) in zip(rows, found) { #expect(scores(row, compiled) == [score], "seed \(seed)") }
        }
    }

    @Test(arguments: Kernels.all.indices) func samplesHaveTheBitsOfScoring(path: Int) {
        for seed in UInt64(0)..<12 {
            let compiled = CompiledModel(model(seed, members: 1 + Int(seed % 2)), kernels: Kernels.all[path])
            let samples = compiled.sample(
                SamplingRequest(count: 100, seed: seed), using: compiled.makeWorkspace())
            #expect(
                samples.rows.indices.allSatisfy { compiled.card.variables[$0 % 6].isPlain(samples.rows[$0]) }
                    || compiled.card.variables.contains {
                        if case .categorical(let c) = $0.kind { !c.rareLabels.isEmpty } else { false }
                    })
            for row in 0..<100 {
                var (result, error) = ([0.0], [0.0])
                var span = result.mutableSpan
                var errorSpan = error.mutableSpan
                let cells = Array(samples.rows[row * 6..<(row + 1) * 6])
                compiled.score(
                    cells.span, missing: MissingValues(), into: &span, standardErrors: &errorSpan,
                    using: compiled.makeWorkspace())
                #expect(result[0] == samples.logLikelihoods[row], "seed \(seed), \(cells)")
            }
        }
    }

    @Test func outcomesAreDrawnAsOftenAsTheyAreLikely() {
        var generator = PhiloxGenerator(seed: 3)
        var encoding = RealEncoding(centre: 10, scale: 2, componentCount: 2, scaleFloor: 0.1)
        encoding.atoms = [0, 10, 12.5]
        let variables = [
            Variable(name: "a", kind: .real(encoding), hasMissing: true),
            Variable(name: "b", kind: .binary(.plusMinusOne), hasMissing: true),
            Variable(name: "c", kind: .categorical(Categories(labels: ["x", "y", "z"])), hasMissing: true),
        ]
        let model = RandomModel.mixed(variables, hiddenWidths: [12], using: &generator)
        let compiled = CompiledModel(model)
        let count = 40_000
        let samples = compiled.sample(SamplingRequest(count: count, seed: 5), using: compiled.makeWorkspace())
        // Each value's class against its conditional given the values drawn before it: a sum of independent differences.
        let outputs = compiled.outputs(of: samples.rows, member: 0, using: compiled.makeWorkspace())
        for (index, variable) in variables.enumerated() {
            for outcome in 0..<variable.classCount {
                var (difference, variance) = (0.0, 0.0)
                for row in 0..<count {
                    let units = compiled.layout.outputs[index]
                    let start = row * compiled.layout.outputUnitCount + units.lowerBound
                    let logits = outputs[start..<start + variable.classCount].map(Double.init)
                    let p = exp(logits[outcome] - logSumExp(logits))
                    let isDrawn = variable.classIndex(of: samples.rows[row * 3 + index]) == outcome
                    difference += (isDrawn ? 1 : 0) - p
                    variance += p * (1 - p)
                }
                #expect(abs(difference) < 4.5 * variance.squareRoot(), "\(variable.name) \(outcome)")
            }
        }
    }

    @Test func aConditionalIsADistribution() {
        for seed in UInt64(0)..<20 {
            let model = model(seed)
            let compiled = CompiledModel(model)
            var generator = PhiloxGenerator(seed: seed)
            let row = RandomModel.row(of: model.variables, using: &generator)
            let outputs = compiled.outputs(of: row, member: 0, using: compiled.makeWorkspace())
            for (index, variable) in model.variables.enumerated() {
                let conditional = Conditional(variable, outputs: outputs[compiled.layout.outputs[index]])
                guard case .number(let distribution, _) = conditional else {
                    let probabilities = conditional.probabilities ?? []
                    #expect(probabilities.count == variable.classCount)
                    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12)
                    continue
                }
                // Of the density the mass is what the mixture says, whose own is 1.
                let mass = distribution.atoms.reduce(distribution.missingProbability ?? 0) { $0 + $1.probability }
                let mean = distribution.mixture.mean
                let share = exp(distribution.logDensity(at: mean) - distribution.mixture.logDensity(at: mean))
                #expect(abs(mass + share - 1) < 1e-12, "seed \(seed)")
                for q in [0.001, 0.05, 0.3, 0.5, 0.77, 0.95, 0.999] {
                    let x = distribution.quantile(q)
                    let isAtom = distribution.atoms.contains { $0.value == x }
                    // What the digits of x leave undecided.
                    let slack = 1e-9 + exp(distribution.logDensity(at: x)) * x.ulp * 4
                    #expect(distribution.cdf(x) >= q - slack, "seed \(seed), \(q)")
                    if !isAtom { #expect(abs(distribution.cdf(x) - q) < slack, "seed \(seed), \(q)") }
                }
            }
        }
    }

    @Test func aMissingValueIsWhatTheColumnHasForIt() {
        let real = RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 1, atoms: [0])
        let learned = Variable(name: "a", kind: .real(real), hasMissing: true)
        #expect(learned.valueOfMissing == 0x1p101 && learned.decode(0x1p101).isNaN && learned.isMissing(0x1p101))
        #expect(learned.encode(0) == 0x1p102 && learned.decode(0x1p102) == 0 && !learned.isMissing(0x1p102))
        #expect(learned.encode(.leastNonzeroMagnitude) == 0 && learned.isPlain(0x1p102) && !learned.isPlain(.nan))
        let unseen = Variable(name: "a", kind: .real(real), unseen: UnseenValues(rowCount: 99))
        #expect(unseen.valueOfMissing == -0x1p101 && unseen.decode(-0x1p101).isNaN && !unseen.isPlain(-0x1p101))
        #expect(Variable(name: "a", kind: .real(real)).valueOfMissing.isNaN)
        let binary = Variable(name: "b", kind: .binary(.identity), unseen: UnseenValues(rowCount: 9))
        #expect(binary.valueOfMissing == Variable.unseenValue && binary.outputUnitCount == 1)
    }

    @Test func aLostNumberCostsWhatAnUnseenValueDoes() {
        let encoding = RealEncoding(centre: 0, scale: 1, componentCount: 2, scaleFloor: 0.1)
        let variables = ["a", "b"].map {
            Variable(name: $0, kind: .real(encoding), unseen: UnseenValues(rowCount: 999))
        }
        var generator = PhiloxGenerator(seed: 1)
        let compiled = CompiledModel(RandomModel.mixed(variables, hiddenWidths: [8], using: &generator))
        let row: [Float] = [variables[0].valueOfMissing, variables[1].valueOfMissing]
        var (result, error) = ([0.0], [0.0])
        var span = result.mutableSpan
        var errorSpan = error.mutableSpan
        compiled.score(
            row.span, missing: MissingValues(), into: &span, standardErrors: &errorSpan,
            using: compiled.makeWorkspace())
        #expect(abs(result[0] - 2 * log(0.5 / 1000)) < 1e-5 && error == [0])
    }
}
