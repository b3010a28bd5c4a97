import Foundation
import Oracle
import Testing

@testable import MADE

struct MixedSamplingTests {
    /// A random model of variables of all kinds, of any shape.
    private func model(_ seed: UInt64, members: Int? = nil) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.mixed(
            RandomModel.variables(count: 1 + Int(seed % 14), using: &generator),
            hiddenWidths: [[], [40], [30, 30], [21, 30, 30]][Int(seed % 4)],
            activation: Activation.allCases[Int(seed / 2 % 4)], direct: seed % 3 == 0, isResidual: seed % 5 < 3,
            memberCount: members ?? 1 + Int(seed % 3), using: &generator)
    }

    @Test(arguments: Kernels.all.indices) func logLikelihoodsOfSamplesAreThoseOfScoringToTheBit(path: Int) {
        for seed in UInt64(0)..<40 {
            let compiled = CompiledModel(model(seed), kernels: Kernels.all[path])
            let samples = compiled.sample(
                SamplingRequest(count: 70, seed: seed, temperature: [1, 0.5, 3][Int(seed % 3)]),
                using: compiled.makeWorkspace())
            #expect(samples.logLikelihoods == compiled.scores(samples.rows), "seed \(seed)")
            for (index, value) in samples.rows.enumerated() {
                let variable = compiled.card.variables[index % compiled.variableCount]
                #expect(variable.isPlain(value) && variable.accepts(variable.decode(value)), "seed \(seed)")
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func theOutputsOfAPassHaveTheBitsOfScoring(path: Int) {
        for seed in UInt64(100)..<140 {
            let compiled = CompiledModel(model(seed), kernels: Kernels.all[path])
            let workspace = compiled.makeWorkspace()
            let buffers = compiled.samplingBuffers(of: workspace)
            let unitCount = compiled.layout.outputUnitCount
            for rowCount in [1, 3, 30] {
                for (index, member) in compiled.members.enumerated() {
                    let draws = (0..<rowCount).map { row in
                        CompiledModel.Draw(number: UInt64(row), target: row, member: index)
                    }
                    compiled.run(
                        draws, SamplingRequest(count: rowCount, seed: seed), stream: .values, buffers: buffers
                    ) { pass, draws in
                        pass.copyRows()
                        let count = draws.count * compiled.variableCount
                        let rows = Array(UnsafeBufferPointer(start: buffers.rows.base, count: count))
                        var inPass = [Float](repeating: .nan, count: draws.count * unitCount)
                        inPass.withUnsafeMutableBufferPointer { pointer in
                            if let base = pointer.baseAddress {
                                pass.result.copyOutputs(units: member.outputUnits, to: base)
                            }
                        }
                        let scored = compiled.outputs(of: rows, member: index, using: workspace)
                        // All the numbers would be too much of an answer.
                        let isSame = inPass == scored
                        #expect(isSame, "seed \(seed), \(rowCount) rows, member \(index)")
                    }
                }
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func aDrawDoesNotDependOnHowManyThereAre(path: Int) {
        for seed in UInt64(200)..<212 {
            let compiled = CompiledModel(model(seed), kernels: Kernels.all[path])
            let many = compiled.sample(SamplingRequest(count: 300, seed: seed), using: compiled.makeWorkspace())
            for count in [1, 2, 5, 100] {
                let few = compiled.sample(SamplingRequest(count: count, seed: seed), using: compiled.makeWorkspace())
                #expect(few.rows == Array(many.rows.prefix(count * compiled.variableCount)), "seed \(seed)")
                #expect(few.logLikelihoods == Array(many.logLikelihoods.prefix(count)))
            }
        }
    }

    @Test func instructionSetsWithFusedMultiplyAddDrawTheSameBits() {
        let fused = Kernels.all.filter { $0.name != "portable" }
        for seed in UInt64(300)..<320 {
            let drawn = fused.map { kernels in
                let compiled = CompiledModel(model(seed), kernels: kernels)
                return compiled.sample(SamplingRequest(count: 60, seed: seed), using: compiled.makeWorkspace()).rows
            }
            #expect(drawn.allSatisfy { $0 == drawn.first }, "seed \(seed)")
        }
    }

    /// What P(X ≤ x_d) of a draw of each variable was, given its predecessors: uniform numbers of [0, 1], independent of each
    /// other, if and only if every conditional was drawn from (Rosenblatt 1952). A discrete value takes a uniform part of its
    /// step.
    private func transformed(_ rows: [Float], _ model: CompiledModel, temperature: Double) -> [[Double]] {
        var generator = PhiloxGenerator(seed: 99)
        let count = model.variableCount
        let outputs = model.outputs(of: rows, member: 0, using: model.makeWorkspace())
        let unitCount = model.layout.outputUnitCount
        return model.card.variables.indices.map { variable in
            (0..<rows.count / count).map { row in
                let units = model.layout.outputs[variable]
                var own = Array(outputs[row * unitCount + units.lowerBound..<row * unitCount + units.upperBound])
                own = heated(own, model.card.variables[variable], temperature)
                let value = rows[row * count + variable]
                let conditional = Conditional(model.card.variables[variable], outputs: own)
                guard case .number(let mixture, _) = conditional else {
                    let probabilities = conditional.probabilities ?? []
                    return probabilities.prefix(Int(value)).reduce(0, +)
                        + Double(generator.uniform()) * probabilities[Int(value)]
                }
                return mixture.cdf(model.card.variables[variable].decode(value))
            }
        }
    }

    /// The outputs whose conditional, at temperature 1, is that of `outputs` at `temperature`.
    private func heated(_ outputs: [Float], _ variable: Variable, _ temperature: Double) -> [Float] {
        guard case .real(let encoding) = variable.kind else { return outputs.map { $0 / Float(temperature) } }
        let count = encoding.componentCount
        return outputs.enumerated().map { index, unit in
            if index < count { return unit / Float(temperature) }
            if index < 2 * count { return unit }
            let sigma = Double(encoding.scaleFloor) + softplus(Double(unit))
            return Float(log(expm1(sigma * temperature.squareRoot() - Double(encoding.scaleFloor))))
        }
    }

    /// The greatest distance of the empirical distribution from the uniform one, times √n (Kolmogorov–Smirnov).
    private func distance(_ numbers: [Double]) -> Double {
        let sorted = numbers.sorted()
        let count = Double(sorted.count)
        var most = 0.0
        for (index, number) in sorted.enumerated() {
            most = max(most, number - Double(index) / count, Double(index + 1) / count - number)
        }
        return most * count.squareRoot()
    }

    @Test func everyConditionalIsDrawnFrom() {
        var realCount = 0
        for (index, temperature) in [1, 1, 1, 1, 2.5, 1.7].enumerated() {
            let seed = UInt64(400 + index)
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth("rcbrr", using: &generator)
            let compiled = CompiledModel(
                RandomModel.mixed(
                    variables, hiddenWidths: [30, 30], activation: .elu, direct: true, isResidual: true,
                    using: &generator))
            let count = 20_000
            let samples = compiled.sample(
                SamplingRequest(count: count, seed: seed, temperature: Float(temperature)),
                using: compiled.makeWorkspace())
            let uniforms = transformed(samples.rows, compiled, temperature: temperature)
            for (variable, numbers) in uniforms.enumerated() {
                // 2.28: as improbable, 6e-5, as four standard errors.
                #expect(distance(numbers) < 2.28, "seed \(seed), variable \(variable)")
                if variables[variable].isReal { realCount += 1 }
                for other in uniforms.prefix(variable) {
                    let covariance = zip(numbers, other).reduce(0) { $0 + ($1.0 - 0.5) * ($1.1 - 0.5) }
                    #expect(abs(covariance) * 12 < 4 * Double(count).squareRoot(), "seed \(seed)")
                }
            }
        }
        #expect(realCount == 18)
    }

    /// A Gaussian of which two fifths lie outside the column's range: draws have its distribution, given that they are within, and
    /// none sits on a bound.
    @Test(arguments: Kernels.all.indices) func aNumberBeyondTheRangeIsDrawnAgain(path: Int) {
        let count = 20_000
        for seed in UInt64(500)..<504 {
            func compiled(_ range: ClosedRange<Double>?) -> CompiledModel {
                var generator = PhiloxGenerator(seed: seed)
                let encoding = RealEncoding(
                    centre: 3, scale: seed % 2 == 0 ? 2 : -2, linearWidth: seed < 502 ? nil : 0.5, componentCount: 1,
                    scaleFloor: 0.1, minimum: range?.lowerBound, maximum: range?.upperBound)
                return CompiledModel(
                    RandomModel.mixed(
                        [Variable(name: "x", kind: .real(encoding))], hiddenWidths: [4], using: &generator),
                    kernels: Kernels.all[path])
            }
            func numbers(_ model: CompiledModel, seed: UInt64) -> [Double] {
                let request = SamplingRequest(count: count, seed: seed)
                return model.sample(request, using: model.makeWorkspace()).rows.map(model.card.variables[0].decode)
            }
            let unbounded = numbers(compiled(nil), seed: seed).sorted()
            let range = unbounded[count / 10]...unbounded[count * 7 / 10]
            let model = compiled(range)
            guard
                case .number(let mixture, _) = Conditional(
                    model.card.variables[0], outputs: model.outputs(of: [0], member: 0, using: model.makeWorkspace()))
            else {
                Issue.record("no number")
                continue
            }
            let drawn = numbers(model, seed: seed + 1)
            let (low, high) = (mixture.cdf(range.lowerBound), mixture.cdf(range.upperBound))
            #expect(distance(drawn.map { (mixture.cdf($0) - low) / (high - low) }) < 2.28, "seed \(seed)")
            #expect(drawn.count { $0 == range.lowerBound || $0 == range.upperBound } <= 2, "seed \(seed)")
        }
    }

    /// Holds all pairs of events of two variables against the grid, to four standard errors of `effective` draws.
    private func expectMoments(
        of samples: Samples, _ exact: GridDistribution, effective: Double, _ comment: Comment
    ) {
        let count = exact.variables.count
        let rowCount = samples.logLikelihoods.count
        for first in 0..<count {
            for second in first..<count {
                for event in exact.events(of: first) {
                    for other in exact.events(of: second) {
                        let p = exact.probability { row in
                            event(row[row.startIndex + first]) && other(row[row.startIndex + second])
                        }
                        let hits = (0..<rowCount).count { row in
                            event(samples.rows[row * count + first]) && other(samples.rows[row * count + second])
                        }
                        let error = (p * (1 - p) / effective).squareRoot()
                        #expect(
                            abs(Double(hits) / Double(rowCount) - p) <= 4 * error + 1e-4,
                            "\(comment): variables \(first), \(second)")
                    }
                }
            }
        }
    }

    private func ensemble(_ seed: UInt64, _ kinds: String) -> CompiledModel {
        var generator = PhiloxGenerator(seed: seed)
        let variables = RandomModel.smooth(kinds, using: &generator)
        return CompiledModel(
            RandomModel.mixed(
                variables, hiddenWidths: [16, 16], activation: .tanh, direct: true, isResidual: seed % 2 == 0,
                memberCount: 2, using: &generator))
    }

    @Test func samplesOfAnEnsembleReproduceMarginalsAndPairs() {
        for seed in UInt64(500)..<504 {
            let compiled = ensemble(seed, ["rcb", "bcr", "crb", "rb"][Int(seed % 4)])
            let none = [Float](repeating: .nan, count: compiled.variableCount)
            let exact = GridDistribution(compiled, evidence: none)
            #expect(abs(exact.total - 1) < 1e-4)
            let samples = compiled.sample(
                SamplingRequest(count: 20_000, seed: seed), using: compiled.makeWorkspace())
            #expect(samples.effectiveSampleSize == nil)
            expectMoments(of: samples, exact, effective: 20_000, "seed \(seed)")
        }
    }

    @Test func evidenceOfAnyKindIsConditionedOn() {
        for seed in UInt64(600)..<608 {
            let compiled = ensemble(seed, "rcbr")
            var evidence: [Float] = [.nan, .nan, .nan, .nan]
            // One variable of each kind in turn, and a real one with another.
            evidence[Int(seed % 4)] = 1
            if seed >= 604 { evidence[3] = -0.5 }
            let exact = GridDistribution(compiled, evidence: evidence, stepsPerUnit: 3)
            let samples = compiled.sample(
                SamplingRequest(count: 6000, seed: seed + 1000, evidence: evidence), using: compiled.makeWorkspace())
            for (index, value) in samples.rows.enumerated() where !evidence[index % 4].isNaN {
                #expect(value == evidence[index % 4])
            }
            #expect(samples.logLikelihoods == compiled.scores(samples.rows))
            let effective = samples.effectiveSampleSize.map { 1 / (1 / 6000 + 1 / $0) } ?? 6000
            expectMoments(of: samples, exact, effective: effective, "seed \(seed)")
        }
    }

    @Test func prefixEvidenceIsConditionedOnExactly() {
        for seed in UInt64(700)..<704 {
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth("crb", using: &generator)
            var model = RandomModel.mixed(variables, hiddenWidths: [16], memberCount: 2, using: &generator)
            let first = Int(seed % 2)
            for index in model.members.indices {
                let order = [first] + [0, 1, 2].filter { $0 != first }.shuffled(using: &generator)
                model.members[index] = Member(
                    network: index, ordering: Ordering(variables: order) ?? .natural(count: 3),
                    hiddenDegrees: model.members[index].hiddenDegrees)
            }
            var evidence: [Float] = [.nan, .nan, .nan]
            evidence[first] = 1
            let compiled = CompiledModel(model)
            let samples = compiled.sample(
                SamplingRequest(count: 20_000, seed: seed, evidence: evidence), using: compiled.makeWorkspace())
            #expect(samples.effectiveSampleSize == nil)
            expectMoments(
                of: samples, GridDistribution(compiled, evidence: evidence), effective: 20_000, "seed \(seed)")
        }
    }

    @Test func valuesWithAStepAreMultiplesOfIt() {
        for (step, digits) in [(1.0, 1.0), (0.01, 100), (0.1, 10), (5, 0.2), (0.25, 4)] {
            var generator = PhiloxGenerator(seed: 7)
            let encoding = RealEncoding(
                centre: 20 * step, scale: step / 0.1, componentCount: 2, scaleFloor: 0.1, step: step)
            let variables = (0..<3).map { Variable(name: "v\($0)", kind: .real(encoding)) }
            let compiled = CompiledModel(RandomModel.mixed(variables, hiddenWidths: [12], using: &generator))
            let samples = compiled.sample(SamplingRequest(count: 500, seed: 1), using: compiled.makeWorkspace())
            #expect(Set(samples.rows).count > 30)
            for value in samples.rows {
                // As near as a float of the encoded value can be to a multiple of the step.
                let number = encoding.centre + Double(value) * encoding.scale
                let multiple = (number * digits).rounded() / digits
                #expect(abs(number - multiple) < 1e-5 * step, "step \(step)")
                #expect(encoding.decode(value) == multiple && encoding.encode(multiple) == value, "step \(step)")
            }
        }
    }

    @Test func theDrawsOfTheBundledBinaryModelKeepTheirBits() throws {
        let model = try bundledNLTCS()
        let samples = model.sample(SamplingRequest(count: 3, seed: 3), using: model.makeWorkspace())
        let rows: [[Float]] = [
            [0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0],
        ]
        #expect(samples.rows == rows.flatMap { $0 })
    }
}
