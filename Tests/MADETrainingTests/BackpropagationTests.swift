import MADE
import Oracle
import Testing

@testable import MADETraining

/// Gradients of the fast passes against the double-precision reference.
@Suite struct BackpropagationTests {
    /// A network under test, one member, with rows to differentiate at.
    struct Case: CustomStringConvertible, Sendable {
        let widths: [Int]
        let activation: Activation
        let isDirect: Bool
        let seed: UInt64

        var description: String { "hidden \(widths), \(activation), direct \(isDirect), seed \(seed)" }

        func make() -> (model: DensityModel, rows: [Float]) {
            var generator = PhiloxGenerator(seed: seed)
            let model = RandomModel.binary(
                variableCount: 7, hiddenWidths: widths, activation: activation, direct: isDirect,
                encoding: .plusMinusOne, using: &generator)
            return (model, (0..<5 * 7).map { _ in Float(generator.next() & 1) })
        }
    }

    static let cases: [Case] = Activation.allCases.flatMap { activation in
        [[], [9], [6, 11], [5, 8, 100]].flatMap { widths in
            [true, false].map { isDirect in
                Case(widths: widths, activation: activation, isDirect: isDirect, seed: UInt64(widths.count) + 20)
            }
        }
    }

    private func passes(_ model: DensityModel, _ rows: [Float]) -> Backpropagation {
        let plan = ParameterPlan(
            degrees: model.degrees(of: model.members[0]), isDirect: model.networks[0].direct != nil)
        let passes = Backpropagation(
            plan: plan, activation: model.activation,
            encodings: [AffineEncoding](repeating: .plusMinusOne, count: 7), rowsMax: 8)
        passes.parameters.set(plan.parameters(of: model.networks[0]))
        passes.load(Array(0..<rows.count / 7)[...], of: rows)
        return passes
    }

    /// Mean negative log-likelihood of the rows by the reference.
    private func meanNats(_ model: DensityModel, _ rows: [Float]) -> Double {
        let oracle = Oracle(model)
        let count = rows.count / 7
        return (0..<count).reduce(0) { sum, row in
            sum - oracle.logLikelihood(of: rows[row * 7..<row * 7 + 7].map(Double.init))
        } / Double(count)
    }

    @Test(arguments: cases) func lossIsTheReferences(_ test: Case) {
        let (model, rows) = test.make()
        let passes = passes(model, rows)
        passes.forward()
        let expected = meanNats(model, rows)
        #expect(abs(passes.loss() / 5 - expected) < 1e-5 * max(1, expected))
    }

    @Test(arguments: cases) func gradientIsTheReferencesFiniteDifference(_ test: Case) {
        let (model, rows) = test.make()
        let passes = passes(model, rows)
        passes.forward()
        _ = passes.loss()
        passes.backward()
        let masked = zip(passes.gradient.elements, passes.plan.mask).map { $0 * $1 }
        let gradient = passes.plan.network(from: masked)

        func check(_ name: String, _ analytic: Float, _ change: (inout MaskedNetwork, Float) -> Void) {
            var above = model
            var below = model
            // A power of two near the weights' last bits keeps the step exact in single precision.
            let step: Float = 0x1p-12
            change(&above.networks[0], step)
            change(&below.networks[0], -step)
            let slope = (meanNats(above, rows) - meanNats(below, rows)) / Double(2 * step)
            #expect(abs(Double(analytic) - slope) < 2e-3 * max(0.1, abs(slope)), "\(name): \(analytic), not \(slope)")
        }
        var generator = PhiloxGenerator(seed: test.seed, stream: 1)
        for layer in gradient.layers.indices {
            let weight = gradient.layers[layer].weight
            for _ in 0..<12 {
                let place = Int.random(in: weight.elements.indices, using: &generator)
                check("layer \(layer) weight \(place)", weight.elements[place]) {
                    $0.layers[layer].weight.elements[place] += $1
                }
            }
            for unit in gradient.layers[layer].bias.indices.prefix(4) {
                check("layer \(layer) bias \(unit)", gradient.layers[layer].bias[unit]) {
                    $0.layers[layer].bias[unit] += $1
                }
            }
        }
        for place in gradient.direct?.elements.indices ?? 0..<0 {
            check("direct \(place)", gradient.direct?.elements[place] ?? 0) { $0.direct?.elements[place] += $1 }
        }
    }

    @Test func maskedEntriesOfTheParametersHaveNoEffect() {
        let (model, rows) = Case(widths: [100, 60], activation: .relu, isDirect: true, seed: 3).make()
        var masked = model
        masked.applyMasks()
        let plain = passes(masked, rows)
        let planted = passes(model, rows)
        plain.forward()
        planted.forward()
        #expect(plain.loss() == planted.loss())
        #expect(planted.plan.network(from: planted.parameters.elements) == masked.networks[0])
    }

    @Test func droppedUnitsPassNothingOn() {
        let units = HiddenUnits(rowsMax: 64, unitCount: 100)
        for place in 0..<6400 { units.values.pointer[place] = 1 }
        units.activate(.relu, rowCount: 64)
        var dropout = Dropout(share: 0.25, generator: PhiloxGenerator(seed: 9))
        units.drop(&dropout, rowCount: 64)
        let values = units.values.elements
        #expect(Set(values) == [0, 1 / 0.75])
        #expect(values == units.slopes.elements)
        let dropped = values.count { $0 == 0 }
        // 1600 expected, standard deviation 35.
        #expect(abs(dropped - 1600) < 175)
    }
}
