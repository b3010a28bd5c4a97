import Foundation
import Oracle
import Testing

@testable import MADE

struct ConditionalTests {
    private func encoding(_ seed: UInt64, using generator: inout PhiloxGenerator) -> RealEncoding {
        let scale = [300, 2.5, 0.04, -0.5][Int(seed % 4)] / Double(1 + generator.uniform())
        return RealEncoding(
            centre: 100 * Double(generator.uniform() - 0.5), scale: scale,
            linearWidth: seed % 5 == 1 ? 30 + 10 * abs(scale) : nil, componentCount: 1 + Int(seed % 7),
            scaleFloor: [0.001, 0.05][Int(seed / 4 % 2)])
    }

    /// A mixture of random outputs: overlapping, far apart or nearly a single spike, by the seed.
    private func mixture(_ seed: UInt64) -> (mixture: GaussianMixture, encoding: RealEncoding, outputs: [Float]) {
        var generator = PhiloxGenerator(seed: seed)
        let encoding = encoding(seed, using: &generator)
        let spread = [Float(2), 10, 30][Int(seed % 3)]
        let outputs = (0..<3 * encoding.componentCount).map { index in
            index >= 2 * encoding.componentCount
                ? 6 * generator.uniform() - 5 : spread * (generator.uniform() - 0.5)
        }
        return (GaussianMixture(encoding, outputs: outputs), encoding, outputs)
    }

    /// ∫ f over ±12 standard deviations of every Gaussian, by the trapezoidal rule, which converges exponentially there; with a
    /// logarithm as 1 / n⁴ only, as it bends at 0.
    private func integral(_ mixture: GaussianMixture, to end: Double = .infinity, of f: (Double) -> Double) -> Double {
        let end = end.isFinite ? mixture.transform(end) : end
        var sum = 0.0
        for k in mixture.weights.indices {
            let (mean, deviation) = (mixture.means[k], mixture.standardDeviations[k])
            // Each Gaussian by a grid of its own.
            let step = deviation / 40
            for index in -480...480 {
                let x = mean + Double(index) * step
                let z = (x - mean) / deviation
                // Half a step at the end of the range.
                let part = min(max((end - x) / step + 0.5, 0), 1)
                sum +=
                    part * step * mixture.weights[k] * exp(-z * z / 2) / (deviation * (2 * .pi).squareRoot())
                    * f(mixture.transform.inverse(x))
            }
        }
        return sum
    }

    @Test func densitiesAreTheOracles() {
        for seed in UInt64(0)..<60 {
            let (mixture, encoding, outputs) = mixture(seed)
            let variable = Variable(name: "x", kind: .real(encoding))
            let conditional = Conditional(variable, outputs: outputs)
            guard case .number(let distribution, encoding.scale) = conditional else {
                Issue.record("\(conditional), seed \(seed)")
                continue
            }
            #expect(distribution.mixture == mixture && distribution.atoms.isEmpty)
            #expect(distribution.missingProbability == nil)
            #expect(conditional.probabilities == nil)
            for q in [0.001, 0.2, 0.5, 0.9, 0.9999] {
                let x = mixture.quantile(q)
                let u = encoding.encoded(x)
                let exact = variable.surprisal(of: u, outputs: outputs.map(Double.init))
                #expect(abs(conditional.logProbability(of: x) + exact) < 1e-9 * max(1, abs(exact)), "seed \(seed)")
            }
        }
    }

    @Test func momentsAndMassAreTheIntegralsOfTheDensity() {
        for seed in UInt64(0)..<60 {
            let (mixture, _, _) = mixture(seed)
            let mean = integral(mixture) { $0 }
            let variance = integral(mixture) { ($0 - mean) * ($0 - mean) }
            let deviation = variance.squareRoot()
            #expect(abs(integral(mixture) { _ in 1 } - 1) < 1e-10)
            let tolerance = (mixture.transform.linearWidth == nil ? 1e-9 : 1e-6) * deviation
            #expect(abs(mixture.mean - mean) < tolerance, "seed \(seed)")
            #expect(abs(mixture.standardDeviation - deviation) < tolerance, "seed \(seed)")
            // The density that `integral` sums is the mixture's own.
            for k in mixture.weights.indices {
                let x = mixture.means[k] + 0.7 * mixture.standardDeviations[k]
                let density = mixture.weights.indices.reduce(0.0) { sum, k in
                    let z = (x - mixture.means[k]) / mixture.standardDeviations[k]
                    return sum + mixture.weights[k] * exp(-z * z / 2)
                        / (mixture.standardDeviations[k] * (2 * .pi).squareRoot())
                }
                let number = mixture.transform.inverse(x)
                let slope = mixture.transform.linearWidth.map { 1 / (1 + abs(number) / $0) } ?? 1
                let exact = log(density * slope)
                #expect(abs(mixture.logDensity(at: number) - exact) < 1e-10 * max(1, abs(exact)))
            }
        }
    }

    @Test func theCDFIsTheIntegralOfTheDensity() {
        for seed in UInt64(0)..<60 {
            let (mixture, _, _) = mixture(seed)
            for q in [0.01, 0.3, 0.7, 0.99] {
                let x = mixture.quantile(q)
                // Where the grid is cut, the rule is of second order only.
                #expect(abs(integral(mixture, to: x) { _ in 1 } - mixture.cdf(x)) < 2e-4, "seed \(seed)")
                #expect(abs(mixture.cdf(x) + mixture.survival(x) - 1) < 1e-14)
                // The slope of the distribution function is the density.
                let h = 1e-4 * (mixture.standardDeviations.min() ?? 1)
                let slope = (mixture.cdf(x + h) - mixture.cdf(x - h)) / (2 * h)
                let density = exp(mixture.logDensity(at: x))
                #expect(abs(slope - density) < 1e-5 * density + 1e-15 / h, "seed \(seed), q \(q)")
            }
        }
    }

    @Test func quantilesInvertTheCDF() {
        let powers = [1e-300, 1e-100, 1e-30, 1e-15, 1e-9, 1e-4, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
        for seed in UInt64(0)..<400 {
            let (mixture, _, _) = mixture(seed)
            var last = -Double.infinity
            for q in powers + [1 - 1e-4, 1 - 1e-9, 1 - 1e-15] {
                let x = mixture.quantile(q)
                #expect(x >= last, "seed \(seed), q \(q)")
                last = x
                // What the neighbouring doubles of x differ by.
                let resolution = 2 * (exp(mixture.logDensity(at: x)) * x.ulp)
                #expect(abs(mixture.cdf(x) - q) <= 1e-9 * q + resolution, "seed \(seed), q \(q)")
                let upper = 1 - q
                #expect(abs(mixture.survival(x) - upper) <= 1e-9 * upper + resolution + 1e-16, "seed \(seed), q \(q)")
            }
        }
    }

    @Test func quantilesOfModesThatAreFarApartAreFound() {
        // Half the mass at ±1e6, with nothing between them.
        let encoding = RealEncoding(centre: 0, scale: 1, componentCount: 2, scaleFloor: 1)
        let mixture = GaussianMixture(encoding, outputs: [0, 0, -1e6, 1e6, -30, -30])
        for q in [0.1, 0.49, 0.5, 0.51, 0.9] {
            #expect(abs(mixture.cdf(mixture.quantile(q)) - q) < 1e-9, "q \(q)")
        }
        #expect(mixture.quantile(0.25) < -999_999 && mixture.quantile(0.75) > 999_999)
    }

    @Test func extremeOutputsGiveNumbers() {
        let extremes: [Float] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e30, 0, 1]
        for seed in UInt64(0)..<300 {
            var generator = PhiloxGenerator(seed: seed)
            let encoding = encoding(seed, using: &generator)
            let outputs = (0..<3 * encoding.componentCount).map { _ in
                extremes.randomElement(using: &generator) ?? 0
            }
            let mixture = GaussianMixture(encoding, outputs: outputs)
            let numbers =
                [mixture.mean, mixture.standardDeviation, mixture.logDensity(at: 3), mixture.cdf(3)]
                + [0.05, 0.5, 0.95].map(mixture.quantile)
            #expect(numbers.allSatisfy { $0.isFinite }, "seed \(seed): \(outputs)")
            let labels = (0..<outputs.count).map { "\($0)" } + ["last"]
            let variable = Variable(name: "c", kind: .categorical(Categories(labels: labels)))
            let conditional = Conditional(variable, outputs: outputs + [0])
            let sum = conditional.probabilities?.reduce(0, +) ?? .nan
            #expect(abs(sum - 1) < 1e-12, "seed \(seed): \(outputs)")
            #expect(labels.indices.allSatisfy { conditional.logProbability(of: Double($0)).isFinite })
        }
    }

    @Test func probabilitiesOfLabelsAreTheOracles() {
        for seed in UInt64(0)..<40 {
            var generator = PhiloxGenerator(seed: seed)
            let count = 2 + Int(seed % 9)
            let outputs = (0..<count).map { _ in 20 * (generator.uniform() - 0.5) }
            for variable in [
                Variable(name: "c", kind: .categorical(Categories(labels: (0..<count).map { "\($0)" }))),
                Variable(name: "b", kind: .binary(.identity)),
            ] {
                let own = Array(outputs.prefix(variable.outputUnitCount))
                let conditional = Conditional(variable, outputs: own)
                let probabilities = conditional.probabilities ?? []
                #expect(probabilities.count == max(2, own.count))
                for (value, probability) in probabilities.enumerated() {
                    let exact = variable.surprisal(of: Double(value), outputs: own.map(Double.init))
                    #expect(abs(probability / exp(-exact) - 1) < 1e-12, "seed \(seed)")
                    #expect(abs(conditional.logProbability(of: Double(value)) + exact) < 1e-12 * max(1, exact))
                }
            }
        }
    }

    @Test func outputsOfKnownPredecessorsDoNotDependOnWhatIsNotKnown() {
        for seed in UInt64(0)..<20 {
            var generator = PhiloxGenerator(seed: seed)
            let model = RandomModel.binary(variableCount: 9, hiddenWidths: [20], using: &generator)
            let compiled = CompiledModel(model)
            let ordering = model.members[0].ordering.variables
            let row = RandomModel.row(of: model.variables, using: &generator)
            var partial = row
            for variable in ordering.suffix(4) { partial[variable] = .nan }
            #expect(compiled.knownPrefixCount(of: partial, member: 0) == 5)
            let workspace = compiled.makeWorkspace()
            let whole = compiled.outputs(of: row, member: 0, using: workspace)
            let known = compiled.outputs(of: partial, member: 0, using: workspace)
            for variable in ordering.prefix(6) { #expect(whole[variable] == known[variable], "seed \(seed)") }
        }
    }
}
