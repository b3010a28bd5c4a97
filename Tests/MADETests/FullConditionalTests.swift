import Foundation
import Oracle
import Testing

@testable import MADE

/// Full conditionals and gains, held against the oracle's likelihood of every candidate.
struct FullConditionalTests {
    /// A random model and rows for it, values never seen and rare labels among them.
    struct Case {
        let seed: UInt64
        let model: DensityModel
        let compiled: CompiledModel
        let oracle: Oracle
        let rows: [[Float]]

        init(seed: UInt64, rowCount: Int = 3, kernels: Kernels = .best, smooth: Bool = false) {
            self.seed = seed
            var generator = PhiloxGenerator(seed: seed)
            let count = Int.random(in: 1...9, using: &generator)
            var variables = RandomModel.variables(
                count: count, withUnseen: seed % 2 == 0, withOutcomes: seed % 3 == 0, using: &generator)
            if smooth { variables = RandomModel.smooth(["r", "rcb", "brcr", "rrr"][Int(seed % 4)], using: &generator) }
            let depth = Int(seed % 4)
            let width = Int.random(in: 3...40, using: &generator)
            model = RandomModel.mixed(
                variables, hiddenWidths: [Int](repeating: width, count: depth),
                activation: Activation.allCases[Int(seed / 4 % 4)], direct: Bool.random(using: &generator),
                isResidual: Bool.random(using: &generator), memberCount: Int(seed % 3) + 1, using: &generator)
            rows = (0..<rowCount).map { index in
                index % 2 == 0
                    ? RandomModel.unusualRow(of: variables, using: &generator)
                    : RandomModel.row(of: variables, using: &generator)
            }
            compiled = CompiledModel(model, kernels: kernels)
            oracle = Oracle(model)
        }

        /// log p of the row with `value` for variable j; of a number the density of its encoded value.
        func score(_ row: [Float], _ variable: Int, _ value: Double) -> Double {
            var row = row.map(Double.init)
            row[variable] = value
            return oracle.logLikelihood(of: row) + model.variables[variable].logVolume(at: value)
        }
    }

    private func error(_ found: Double, _ exact: Double) -> Double { abs(found - exact) / max(exact, 1e-30) }

    @Test(arguments: Kernels.all.indices) func ofValuesTheyAreSharesOfAllRowsThatDifferThere(path: Int) {
        var count = 0
        for seed in UInt64(0)..<60 {
            let test = Case(seed: seed, kernels: Kernels.all[path])
            let workspace = test.compiled.makeWorkspace()
            for row in test.rows {
                for (index, variable) in test.model.variables.enumerated() where !variable.isReal {
                    let found = test.compiled.fullConditional(of: index, in: row, using: workspace)
                    let values = variable.knownValues
                    let scores = values.map { test.score(row, index, $0) }
                    let total = logSumExp(scores)
                    let probabilities =
                        found.outcomes.map(\.probability) + (found.missingProbability.map { [$0] } ?? [])
                    #expect(probabilities.count == values.count)
                    for (probability, score) in zip(probabilities, scores) {
                        // Sums of 32-bit floats err by what they are large, and probabilities with them.
                        let bound = 1e-5 * max(1, abs(score) / 8)
                        #expect(
                            error(probability, exp(score - total)) < bound || exp(score - total) < 1e-12,
                            "seed \(seed), variable \(index) of \(row): \(probability), \(exp(score - total))")
                        count += 1
                    }
                    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12 && found.quadratureError == 0)
                }
            }
        }
        #expect(count > 1000)
    }

    @Test func ofNumbersTheyAreTheDensitysIntegral() {
        for seed in UInt64(0)..<8 {
            let test = Case(seed: seed, rowCount: 2)
            let workspace = test.compiled.makeWorkspace()
            for row in test.rows {
                for (index, variable) in test.model.variables.enumerated() {
                    guard case .real(let encoding) = variable.kind else { continue }
                    let found = test.compiled.fullConditional(of: index, in: row, using: workspace)
                    let exact = DenseConditional(test, row, index)
                    let outcomes =
                        (found.missingProbability.map { [$0] } ?? []) + found.outcomes.map(\.probability)
                    let mass = found.density?.mass ?? 0
                    let which: Comment = "seed \(seed), variable \(index) of \(row)"
                    #expect(abs(mass - exact.mass) <= 1e-3 * exact.mass + found.quadratureError + 1e-5, which)
                    #expect(abs(mass + outcomes.reduce(0, +) - 1) < 1e-6, which)
                    #expect(found.quadratureError < 1e-3, which)
                    for (one, other) in zip(outcomes, exact.outcomes) {
                        #expect(abs(one - other) <= 1e-3 * other + found.quadratureError + 1e-5, which)
                    }
                    for share in [0.05, 0.5, 0.95] {
                        let u = exact.u(atMass: share)
                        let x = encoding.number(u)
                        let below = (found.density?.cdf(x) ?? 0) / mass
                        let expected = encoding.scale > 0 ? share : 1 - share
                        #expect(abs(below - expected) < 2e-3, "\(which): \(below) at \(share)")
                    }
                }
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func gainsAreTheBestThatOneValueCanDo(path: Int) {
        for seed in UInt64(0)..<60 {
            let test = Case(seed: seed, kernels: Kernels.all[path])
            let workspace = test.compiled.makeWorkspace()
            for row in test.rows {
                let logLikelihood = test.oracle.logLikelihood(of: row.map(Double.init))
                for gain in test.compiled.gains(of: row, using: workspace) {
                    let variable = test.model.variables[gain.variable]
                    let own = logLikelihood + variable.logVolume(at: Double(row[gain.variable]))
                    let tolerance = 2e-5 * max(1, abs(own))
                    let which: Comment = "seed \(seed), variable \(gain.variable) of \(row): \(gain)"
                    #expect(gain.gain >= 0, which)
                    // What is expected gains that much.
                    let encoded = Double(variable.encode(gain.expected))
                    if gain.gain > 0 || variable.isPlain(row[gain.variable]) {
                        let gained = test.score(row, gain.variable, encoded) - own
                        #expect(abs(max(gained, 0) - gain.gain) < tolerance + 1e-3, which)
                    }
                    // Nothing gains more.
                    let values = variable.knownValues.filter { $0 != 0x1p101 }
                    let best = values.reduce(-.infinity) { max($0, test.score(row, gain.variable, $1)) }
                    #expect(best - own <= gain.gain + tolerance, which)
                }
            }
        }
    }

    @Test func gainsOfNumbersReachTheHighestDensity() {
        for seed in UInt64(0)..<40 {
            let test = Case(seed: seed, rowCount: 2, smooth: true)
            let workspace = test.compiled.makeWorkspace()
            for row in test.rows {
                for gain in test.compiled.gains(of: row, using: workspace)
                where test.model.variables[gain.variable].isReal {
                    let own = test.score(row, gain.variable, Double(row[gain.variable]))
                    let best = stride(from: -3.0, through: 3, by: 1.0 / 32).reduce(-.infinity) {
                        max($0, test.score(row, gain.variable, $1))
                    }
                    #expect(best - own <= gain.gain + 1e-3, "seed \(seed), variable \(gain.variable): \(gain)")
                }
            }
        }
    }

    /// Of a column with a support, what is expected, and what gains, are numbers of it; off it lies only the row's own.
    @Test func gainsOfAListAreTheBestThatItsNumbersCanDo() {
        for seed in UInt64(0)..<40 {
            var generator = PhiloxGenerator(seed: seed)
            let variables = RandomModel.smooth(["rr", "rcb", "brr", "r"][Int(seed % 4)], using: &generator).map {
                RandomModel.withSupport($0, using: &generator)
            }
            let model = RandomModel.mixed(
                variables, hiddenWidths: [12], memberCount: Int(seed % 3) + 1, using: &generator)
            let (compiled, oracle) = (CompiledModel(model), Oracle(model))
            let workspace = compiled.makeWorkspace()
            for _ in 0..<4 {
                let row = RandomModel.row(of: variables, using: &generator)
                for gain in compiled.gains(of: row, using: workspace) {
                    guard case .real(let encoding) = variables[gain.variable].kind else { continue }
                    func score(_ value: Double) -> Double {
                        var row = row.map(Double.init)
                        row[gain.variable] = value
                        return oracle.logLikelihood(of: row) + variables[gain.variable].logVolume(at: value)
                    }
                    let own = score(Double(row[gain.variable]))
                    let best = encoding.support.reduce(own) { max($0, score(Double(encoding.encode($1)))) }
                    let which: Comment = "seed \(seed): \(gain)"
                    #expect(abs(gain.gain - (best - own)) < 1e-3, which)
                    #expect(gain.gain == 0 || encoding.support.contains(gain.expected), which)
                    let conditional = compiled.fullConditional(of: gain.variable, in: row, using: workspace)
                    #expect(encoding.support.contains(conditional.best(of: variables[gain.variable])), which)
                }
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func bitsDependOnTheRowAlone(path: Int) {
        for seed in UInt64(0)..<24 {
            let test = Case(seed: seed, rowCount: 4, kernels: Kernels.all[path])
            let workspace = test.compiled.makeWorkspace()
            let together = test.rows.map { test.compiled.gains(of: $0, using: workspace) }
            for (row, gains) in zip(test.rows, together).reversed() {
                #expect(test.compiled.gains(of: row, using: test.compiled.makeWorkspace()) == gains, "seed \(seed)")
                for gain in gains.reversed() {
                    let alone = test.compiled.gains(of: row, variables: [gain.variable], using: workspace)
                    #expect(alone == [gain], "seed \(seed), variable \(gain.variable)")
                    // A variable's own value is none of its conditional's.
                    var other = row
                    other[gain.variable] = .nan
                    let conditional = test.compiled.fullConditional(of: gain.variable, in: row, using: workspace)
                    #expect(
                        test.compiled.fullConditional(of: gain.variable, in: other, using: workspace) == conditional,
                        "seed \(seed), variable \(gain.variable)")
                }
            }
        }
    }
}

/// The oracle's density of one real variable given all others, on a grid as fine as its narrowest component.
struct DenseConditional {
    private var points: [(u: Double, density: Double)] = []
    private let step: Double
    let mass: Double
    let outcomes: [Double]
    /// log Σ_v p(x(j→v)).
    let logTotal: Double

    init(_ test: FullConditionalTests.Case, _ row: [Float], _ index: Int) {
        let variable = test.model.variables[index]
        guard case .real(let encoding) = variable.kind else { preconditionFailure("a real variable") }
        let width = 14.0
        step = Double(encoding.scaleFloor) / 4
        var scores: [Double] = []
        for place in 0...Int(2 * width / step) {
            let u = -width + Double(place) * step
            points.append((u, 0))
            scores.append(test.score(row, index, u))
        }
        let others = variable.knownValues.map { test.score(row, index, $0) }
        let logStep = log(step)
        let total = logSumExp(scores.map { $0 + logStep } + others)
        logTotal = total
        for place in points.indices { points[place].density = exp(scores[place] - total) }
        let outcomes = others.map { exp($0 - total) }
        mass = 1 - outcomes.reduce(0, +)
        self.outcomes = outcomes
    }

    /// Mean and standard deviation of the density, encoded.
    var moments: (mean: Double, deviation: Double) {
        let mean = points.reduce(0) { $0 + $1.u * $1.density * step } / mass
        let square = points.reduce(0) { $0 + ($1.u - mean) * ($1.u - mean) * $1.density * step } / mass
        return (mean, square.squareRoot())
    }

    /// Where `share` of the density lies below.
    func u(atMass share: Double) -> Double {
        var below = 0.0
        for point in points {
            let own = point.density * step
            if below + own >= share * mass { return point.u - step / 2 + (share * mass - below) / own * step }
            below += own
        }
        return .infinity
    }
}
