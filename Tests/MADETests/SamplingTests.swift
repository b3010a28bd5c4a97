import Foundation
import Oracle
import Testing

@testable import MADE

struct SamplingTests {
    private func bits(_ row: Int, of rows: [Float], _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(rows[row * count + $1]) << $1 }
    }

    /// p(x) of all 2^D rows, by the oracle; bit d of the index is variable d.
    private func probabilities(_ model: DensityModel) -> [Double] {
        let count = model.variables.count
        let oracle = Oracle(model)
        return (0..<1 << count).map { bits in
            exp(oracle.logLikelihood(of: (0..<count).map { Double(bits >> $0 & 1) }))
        }
    }

    /// Holds each variable's share of ones, and each pair's, against `probabilities` renormalised over rows that agree with
    /// `evidence`, to four standard errors of `effective` draws.
    private func expectMoments(
        of samples: Samples, _ probabilities: [Double], evidence: [Float], effective: Double, _ comment: Comment
    ) {
        let count = evidence.count
        let allowed = probabilities.indices.filter { bits in
            evidence.indices.allSatisfy { evidence[$0].isNaN || Int(evidence[$0]) == bits >> $0 & 1 }
        }
        let mass = allowed.reduce(0) { $0 + probabilities[$1] }
        let rowCount = samples.logLikelihoods.count
        let drawn = (0..<rowCount).map { bits($0, of: samples.rows, count) }
        for first in 0..<count {
            for second in first..<count {
                let mask = 1 << first | 1 << second
                let p = allowed.filter { $0 & mask == mask }.reduce(0) { $0 + probabilities[$1] } / mass
                let share = Double(drawn.filter { $0 & mask == mask }.count) / Double(rowCount)
                let error = (p * (1 - p) / effective).squareRoot()
                #expect(abs(share - p) <= 4 * error + 1e-4, "\(comment): variables \(first), \(second)")
            }
        }
    }

    private func model(_ seed: UInt64, variableCount: Int = 8, members: Int = 2) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.binary(
            variableCount: variableCount, hiddenWidths: [[], [40], [21, 30]][Int(seed % 3)],
            activation: Activation.allCases[Int(seed % 4)], direct: seed % 2 == 0, memberCount: members,
            encoding: .plusMinusOne, using: &generator)
    }

    @Test func samplesReproduceMarginalsAndPairs() {
        for seed in UInt64(0)..<6 {
            let model = model(seed)
            let compiled = CompiledModel(model)
            let samples = compiled.sample(
                SamplingRequest(count: 20_000, seed: seed), using: compiled.makeWorkspace())
            #expect(samples.effectiveSampleSize == nil)
            expectMoments(
                of: samples, probabilities(model), evidence: [Float](repeating: .nan, count: 8), effective: 20_000,
                "seed \(seed)")
        }
    }

    @Test func prefixEvidenceIsConditionedOnExactly() {
        for seed in UInt64(10)..<16 {
            var model = model(seed)
            let ordering = model.members[0].ordering
            let swapped = Ordering(variables: ordering.variables.prefix(3).reversed() + ordering.variables.dropFirst(3))
            model.members[1] = Member(
                network: 1, ordering: swapped ?? ordering, hiddenDegrees: model.members[1].hiddenDegrees)
            var evidence = [Float](repeating: .nan, count: 8)
            for variable in ordering.variables.prefix(3) { evidence[variable] = Float(seed >> variable & 1) }
            let compiled = CompiledModel(model)
            let samples = compiled.sample(
                SamplingRequest(count: 20_000, seed: seed, evidence: evidence), using: compiled.makeWorkspace())
            #expect(samples.effectiveSampleSize == nil)
            expectMoments(of: samples, probabilities(model), evidence: evidence, effective: 20_000, "seed \(seed)")
        }
    }

    @Test func otherEvidenceIsConditionedOnByResampling() throws {
        for seed in UInt64(20)..<24 {
            let model = model(seed)
            var evidence = [Float](repeating: .nan, count: 8)
            for position in [2, 5, 7] {
                evidence[model.members[0].ordering.variables[position]] = Float(seed >> position & 1)
            }
            let compiled = CompiledModel(model)
            let samples = compiled.sample(
                SamplingRequest(count: 6000, seed: seed, evidence: evidence), using: compiled.makeWorkspace())
            let effective = try #require(samples.effectiveSampleSize)
            #expect(effective > 1000 && effective <= 24 * 4096)
            // The draws' own variance and that of the particles that they choose from.
            expectMoments(
                of: samples, probabilities(model), evidence: evidence, effective: 1 / (1 / 6000 + 1 / effective),
                "seed \(seed)")
        }
    }

    @Test func temperatureDividesLogits() {
        var model = model(31, members: 1)
        let compiled = CompiledModel(model)
        let samples = compiled.sample(
            SamplingRequest(count: 20_000, seed: 3, temperature: 2.5), using: compiled.makeWorkspace())
        // The same as a model whose output layer is divided.
        for index in model.networks[0].layers.indices.suffix(1) {
            for element in model.networks[0].layers[index].weight.elements.indices {
                model.networks[0].layers[index].weight.elements[element] /= 2.5
            }
            for unit in model.networks[0].layers[index].bias.indices {
                model.networks[0].layers[index].bias[unit] /= 2.5
            }
        }
        if let direct = model.networks[0].direct {
            model.networks[0].direct = Matrix(
                rows: direct.rows, columns: direct.columns, elements: direct.elements.map { $0 / 2.5 })
        }
        expectMoments(
            of: samples, probabilities(model), evidence: [Float](repeating: .nan, count: 8), effective: 20_000, "")
        #expect(samples.logLikelihoods == compiled.scores(samples.rows))
    }

    @Test(arguments: Kernels.all.indices) func aDrawDoesNotDependOnHowManyThereAre(path: Int) {
        for seed in UInt64(40)..<46 {
            let compiled = CompiledModel(model(seed, variableCount: 19, members: 3), kernels: Kernels.all[path])
            let many = compiled.sample(SamplingRequest(count: 300, seed: seed), using: compiled.makeWorkspace())
            for count in [1, 2, 5, 100] {
                let few = compiled.sample(SamplingRequest(count: count, seed: seed), using: compiled.makeWorkspace())
                #expect(few.rows == Array(many.rows.prefix(count * 19)), "seed \(seed), \(count) draws")
                #expect(few.logLikelihoods == Array(many.logLikelihoods.prefix(count)))
            }
        }
    }

    @Test func aResampledDrawDoesNotDependOnHowManyThereAre() {
        let compiled = CompiledModel(model(50))
        let evidence: [Float] = [.nan, .nan, 1, .nan, .nan, 0, .nan, 1]
        let many = compiled.sample(
            SamplingRequest(count: 300, seed: 1, evidence: evidence), using: compiled.makeWorkspace())
        for count in [1, 7, 256, 257] {
            let few = compiled.sample(
                SamplingRequest(count: count, seed: 1, evidence: evidence), using: compiled.makeWorkspace())
            #expect(few.rows == Array(many.rows.prefix(count * 8)), "\(count) draws")
        }
    }

    @Test(arguments: Kernels.all.indices) func theLogitsOfAPassHaveTheBitsOfScoring(path: Int) {
        for seed in UInt64(0)..<24 {
            let test = ScoringTests.Case(seed: 800 + seed)
            let compiled = CompiledModel(test.model, kernels: Kernels.all[path])
            let workspace = compiled.makeWorkspace()
            let count = compiled.variableCount
            let buffers = SamplingBuffers(for: compiled, rowCountMax: 48)
            for rowCount in [1, 3, 30] {
                for (index, member) in compiled.members.enumerated() {
                    let pass = SamplingPass(model: compiled, member: member, rowCount: rowCount, buffers: buffers)
                    for row in 0..<rowCount {
                        compiled.kernels.uniforms(
                            seed: seed, draw: UInt64(row), stream: .values, count: count,
                            into: buffers.uniforms.base + row, stride: rowCount)
                    }
                    pass.run(evidence: [Float](repeating: .nan, count: count), inverseTemperature: 1)
                    pass.copyRows()
                    let rows = Array(UnsafeBufferPointer(start: buffers.rows.base, count: rowCount * count))
                    var inPass = rows
                    inPass.withUnsafeMutableBufferPointer { pointer in
                        if let base = pointer.baseAddress {
                            pass.result.copyOutputs(units: member.outputUnits, to: base)
                        }
                    }
                    var scored = rows
                    var span = scored.mutableSpan
                    compiled.outputs(of: rows.span, member: index, into: &span, using: workspace)
                    #expect(inPass == scored, "seed \(seed), \(rowCount) rows, member \(index)")
                }
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func kernelsDrawTheUniformNumbersOfPhilox(path: Int) {
        let cases: [(UInt64, UInt64, SamplingStream)] = [(0, 0, .values), (1 << 63 | 77, 1 << 40 | 5, .particleMember)]
        for (seed, draw, stream) in cases {
            let philox = Philox(seed: seed)
            for count in [1, 5, 64, 131] {
                var uniforms = [Float](repeating: .nan, count: count + 1)
                Kernels.all[path].uniforms(seed: seed, draw: draw, stream: stream, count: count, into: &uniforms)
                for index in 0..<count {
                    let words = philox.words(
                        at: SIMD4(
                            UInt32(index / 4), UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: draw >> 32),
                            stream.rawValue))
                    #expect(uniforms[index] == (Float(words[index % 4] >> 8) + 0.5) * 0x1p-24)
                }
                #expect(uniforms[count].isNaN)
            }
        }
    }
}
