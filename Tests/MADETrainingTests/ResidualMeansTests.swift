import Foundation
import MADE
import MADERows
import Oracle
import Testing

@testable import MADETraining

/// Columns that nearly follow from others.
@Suite struct ResidualMeansTests {
    /// Rows of a, b and c = a + b, but for rounding and for a share of wrong ones.
    private func sums(_ rowCount: Int, wrongShare: Float = 0, seed: UInt64) -> [[Double]] {
        var generator = PhiloxGenerator(seed: seed)
        func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + Double(generator.uniform()) } }
        return (0..<rowCount).map { _ in
            let (a, b) = (normal(), 2 * normal())
            let error = generator.uniform() < wrongShare ? 20 * Double(generator.uniform()) - 10 : 0
            return [a, b, ((a + b + error) * 100).rounded() / 100]
        }
    }

    /// The variables of such rows with K Gaussians, and the rows as they take them.
    private func encoded(_ rows: [[Double]], componentCount: Int = 4) -> (variables: [Variable], table: EncodedTable) {
        let variables = zip(["a", "b", "c"], [1, 2.0, 2.24]).map { name, scale in
            Variable(
                name: name,
                kind: .real(
                    RealEncoding(centre: 0, scale: scale, componentCount: componentCount, scaleFloor: 0.005)))
        }
        let values = rows.flatMap { row in zip(variables, row).map { $0.encode($1) } }
        return (variables, EncodedTable(columnCount: 3, values: values))
    }

    @Test func regressionsPassOverTheRowsThatAreWrong() throws {
        let rows = sums(600, wrongShare: 0.2, seed: 1)
        let regression = RobustRegression(
            inputs: rows.flatMap { $0.prefix(2) }, inputCount: 2, targets: rows.map { $0[2] })
        let weights = try #require(regression.weights(from: Array(rows.indices)))
        for (weight, expected) in zip(weights, [1.0, 1, 0]) { #expect(abs(weight - expected) < 1e-3) }
        let deviation = try #require(regression.heldOutDeviation(atMost: 0.5))
        // Rounding is uniform in ±0.005, and a fifth of the sizes are larger.
        #expect(deviation > 0.003 && deviation < 0.007)
        let unrelated = RobustRegression(
            inputs: rows.map { $0[0] }, inputCount: 1, targets: rows.map { $0[1] })
        #expect(unrelated.heldOutDeviation(atMost: 1.9) == nil)
        #expect(try #require(unrelated.heldOutDeviation(atMost: 2.3)) > 1.7)
    }

    @Test func eachVariableIsRegressedOnThoseBeforeItAlone() {
        let (variables, table) = encoded(sums(400, seed: 2))
        let rows = RegressionRows(variables, table, deviationMin: 0.002)
        #expect(rows.deviations.allSatisfy { $0.map { $0 < 0.02 } ?? false })
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let places = VariablePlaces(variables, ordering: Ordering(variables: order) ?? .natural(count: 3))
            let regressions = ResidualMeans(places, rows).regressions
            // Of the second a third or more is left; the last follows.
            let last = places.places[2]
            #expect(regressions.last.map { $0.deviation < 0.02 } == true)
            for (regression, place) in zip(regressions.reversed(), [last, places.places[1]]) {
                #expect(regression.units.allSatisfy { $0 < place.inputs.lowerBound })
                let means = place.outputs.lowerBound + 4
                #expect(regression.means == means..<means + 2 && regression.spreads == means + 4..<means + 6)
            }
        }
        let (few, fewRows) = encoded(sums(RegressionRows.rowsMin - 1, seed: 2))
        #expect(RegressionRows(few, fewRows, deviationMin: 0.002).deviations == [nil, nil, nil])
        let (single, singleRows) = encoded(sums(400, seed: 2), componentCount: 1)
        #expect(RegressionRows(single, singleRows, deviationMin: 0.002).deviations == [nil, nil, nil])
    }

    /// Passes over such rows, all parameters drawn.
    private func passes(seed: UInt64) -> (passes: Backpropagation, means: ResidualMeans, table: EncodedTable) {
        var generator = PhiloxGenerator(seed: seed)
        let (variables, table) = encoded(sums(300, seed: seed))
        let ordering = Ordering.random(count: 3, using: &generator)
        let places = VariablePlaces(variables, ordering: ordering)
        let means = ResidualMeans(places, RegressionRows(variables, table, deviationMin: 0.002))
        let passes = passes(variables, ordering, means)
        passes.parameters.set(passes.plan.mask.map { $0 * (generator.uniform() - 0.5) })
        passes.load(Array(0..<8)[...], of: table.values)
        return (passes, means, table)
    }

    private func passes(_ variables: [Variable], _ ordering: Ordering, _ means: ResidualMeans) -> Backpropagation {
        let degrees = Degrees(ordering: ordering, hidden: [[0, 1, 1, 1]], layout: UnitLayout(variables))
        return Backpropagation(
            plan: ParameterPlan(degrees: degrees, directOutputs: VariablePlaces.directOutputs(of: variables)),
            places: VariablePlaces(variables, ordering: ordering), residualMeans: means, activation: .tanh,
            isResidual: false, rowsMax: 8)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func aPlainNetworkHasTheSameMeans(seed: UInt64) {
        let (passes, means, table) = passes(seed: seed)
        var generator = PhiloxGenerator(seed: seed)
        let (variables, _) = encoded([])
        let plain = self.passes(variables, .random(count: 3, using: &generator), .none)
        plain.parameters.set(means.folded(into: passes.parameters.elements, passes.plan))
        plain.load(Array(0..<8)[...], of: table.values)
        passes.forward()
        plain.forward()
        let loss = plain.loss()
        #expect(!means.isEmpty)
        #expect(abs(passes.loss() - loss) < 1e-4 * max(1, abs(loss)), "seed \(seed)")
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func theirGradientIsTheFiniteDifference(seed: UInt64) {
        let (passes, _, _) = passes(seed: seed)
        passes.forward()
        _ = passes.loss()
        passes.backward()
        let gradient = passes.gradient.elements
        func loss(_ place: Int, _ change: Float) -> Double {
            let value = passes.parameters.pointer[place]
            defer { passes.parameters.pointer[place] = value }
            passes.parameters.pointer[place] = value + change
            passes.forward()
            return passes.loss() / 8
        }
        let step: Float = 0x1p-9
        for place in passes.plan.mask.indices where passes.plan.mask[place] != 0 {
            let slope = (loss(place, step) - loss(place, -step)) / Double(2 * step)
            #expect(
                abs(Double(gradient[place]) - slope) < 1e-2 * max(1, abs(slope)),
                "seed \(seed), parameter \(place): \(gradient[place]), not \(slope)")
        }
    }

    @Test func noiseOnTheInputsIsNoneOnTheRegressions() {
        let (passes, _, table) = passes(seed: 3)
        passes.parameters.clear(0..<passes.parameters.count)
        passes.forward()
        let loss = passes.loss()
        var noise: Corruption? = Corruption(noise: 1, dropout: 0, strays: 0, generator: PhiloxGenerator(seed: 1))
        passes.load(Array(0..<8)[...], of: table.values, corruption: &noise)
        passes.forward()
        #expect(passes.loss() == loss)
        // A stray value is one that the relation does not hold for, to the regressions as well.
        var strays: Corruption? = Corruption(noise: 0, dropout: 0, strays: 1, generator: PhiloxGenerator(seed: 1))
        passes.load(Array(0..<8)[...], of: table.values, corruption: &strays)
        passes.forward()
        #expect(passes.loss() > loss + 10)
    }

    @Test func aModelKnowsASumAndSoDoItsSamples() throws {
        let rows = zip(sums(600, wrongShare: 0.03, seed: 4), sums(600, seed: 6)).map { $0 + $1.prefix(1) }
        let names = ["a", "b", "c", "other"]
        let schema = TableSchema(columns: names.map { .init(name: $0, kind: .real(step: nil)) })
        var options = TrainingOptions.recommended(for: schema)
        options.memberCount = 2
        options.stepCount = 300
        options.foldCount = 0
        let model = try Trainer(options).train(
            TrainingTables(train: Table(columns: names, rows: rows.flatMap(\.self)), schema: schema), name: "sums")
        #expect(model.training?.nearDeterministic == ["a", "b", "c"])
        let oracle = Oracle(model)
        func nats(_ row: [Double]) -> Double {
            -oracle.logLikelihood(of: zip(model.variables, row + [0]).map { Double($0.encode($1)) })
        }
        for row in sums(20, seed: 5) {
            // An error of a fifth of the deviation; and one of four, of which training had some: by the sum alone it would cost 16,000.
            #expect(nats([row[0], row[1], row[2] + 0.45]) > nats(row) + 2)
            #expect(nats([row[0], row[1], row[2] + 9]) < nats(row) + 1000)
        }
        let compiled = CompiledModel(model)
        let samples = compiled.sample(SamplingRequest(count: 1000, seed: 1), using: compiled.makeWorkspace())
        let values = samples.rows.indices.map { model.variables[$0 % 4].decode(samples.rows[$0]) }
        var errors: [Double] = []
        for row in 0..<1000 {
            let error: Double = values[4 * row] + values[4 * row + 1] - values[4 * row + 2]
            errors.append(abs(error))
        }
        errors.sort()
        #expect(errors[500] < 0.1 && errors[800] < 0.3, "\(errors[500]) and \(errors[800])")
    }
}
