import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// What networks give before the first step.
@Suite struct StartTests {
    @Test func trainingStartsAtTheMarginals() {
        let table = Table(columns: ["a", "b", "c"], rows: [0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0])
        let variables = table.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) }
        var generator = PhiloxGenerator(seed: 4)
        let ordering = Ordering.random(count: 3, using: &generator)
        let degrees = Degrees(ordering: ordering, hidden: [[1, 2]], layout: UnitLayout(variables))
        let plan = ParameterPlan(degrees: degrees, directOutputs: [true, true, true])
        let places = VariablePlaces(variables, ordering: ordering)
        let passes = Backpropagation(plan: plan, places: places, activation: .relu, isResidual: false, rowsMax: 4)
        passes.parameters.set(
            InitialParameters.draw(
                plan: plan, coverage: plan.mask, places: places, activation: .relu, table: table.encoded,
                using: &generator))
        passes.load([0, 1, 2, 3][...], of: table.encoded.values)
        passes.forward()
        // Half a row is added to each side: a column of zeros keeps a finite logit.
        let expected = 4 * -log(4.5 / 5) - 4 * log(4.5 / 5) - 3 * log(3.5 / 5) - log(1.5 / 5)
        #expect(abs(passes.loss() - expected) < 1e-5)
        let network = plan.network(from: passes.parameters.elements)
        #expect(network.layers[0].weight.elements.contains { $0 != 0 })
    }

    @Test func mixturesAndLabelsStartAtTheMarginalsToo() {
        let table = EncodedTable(columnCount: 2, values: [0, 5, 2, 6, 2, .nan, .nan, 8])
        let variables = [
            Variable(name: "a", kind: .categorical(Categories(labels: ["x", "y", "z"]))),
            Variable(name: "b", kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 3, scaleFloor: 0.1))),
        ]
        let start = biases(of: table, variables, hidden: [[1]])
        // Half a row is added to each label; the missing cell is no label.
        let expected = [1.5, 0.5, 2.5].map { Float(log($0 / 4.5)) } + [0, 0, 0, -1.5, 0, 1.5, 0, 0, 0]
        for (bias, value) in zip(start, expected) {
            #expect(abs(bias - value) < 1e-6)
        }
    }

    @Test func gaussiansOfManyRowsStartAtTheQuantilesAsWideAsTheyAreApart() {
        // One absurd value among 12,000 that are uniform in 0…3: no Gaussian starts anywhere near.
        let values: [Float] = (0..<12_000).map { $0 == 7000 ? 1e6 : Float($0) / 4000 }
        let start = biases(
            of: EncodedTable(columnCount: 1, values: values),
            RealEncoding(centre: 0, scale: 1, componentCount: 3, scaleFloor: 0.1))
        let spread = Float(log(expm1(0.9)))
        let expected: [Float] = [0, 0, 0, 0.5, 1.5, 2.5, spread, spread, spread]
        for (bias, value) in zip(start, expected) { #expect(abs(bias - value) < 1e-2) }
    }

    /// What a table of the one column starts with.
    private func biases(of table: EncodedTable, _ encoding: RealEncoding) -> [Float] {
        biases(of: table, [Variable(name: "a", kind: .real(encoding))], hidden: [[0]])
    }

    /// What the outputs of a table's columns start with; `hidden` are the degrees of the hidden units.
    private func biases(of table: EncodedTable, _ variables: [Variable], hidden: [[Int]]) -> [Float] {
        let ordering = Ordering.natural(count: variables.count)
        let plan = ParameterPlan(
            degrees: Degrees(ordering: ordering, hidden: hidden, layout: UnitLayout(variables)), directOutputs: nil)
        var generator = PhiloxGenerator(seed: 5)
        let start = InitialParameters.draw(
            plan: plan, coverage: plan.mask, places: VariablePlaces(variables, ordering: ordering), activation: .relu,
            table: table, using: &generator)
        return plan.network(from: start).layers[1].bias
    }

    /// Two Gaussians of one place would have the same gradients for ever.
    @Test func gaussiansOfOneHeapStartApart() {
        let encoding = RealEncoding(centre: 3, scale: 0.5, componentCount: 5, scaleFloor: 0.01, step: 1)
        let numbers = [Double](repeating: 3, count: 9000) + [Double](repeating: 4, count: 1000)
        let table = EncodedTable(columnCount: 1, values: numbers.map(encoding.encode))
        let means = biases(of: table, encoding)[5..<10]
        #expect(Set(means).count == 5 && means.sorted() == Array(means))
        // The step is 2 wide in encoded units; the heap at 4 begins where the one at 3 ends.
        #expect(means.dropLast().allSatisfy { $0 > -1 && $0 < 1 } && means[9] >= 1)
    }
}
