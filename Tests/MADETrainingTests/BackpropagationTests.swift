import MADE
import Oracle
import Testing

@testable import MADETraining

/// Gradients of the fast passes against the double-precision reference.
@Suite struct BackpropagationTests {
    /// A network under test, one member, with rows to differentiate at.
    struct Case: CustomStringConvertible, Sendable {
        static let rowCount = 5

        let widths: [Int]
        var activation = Activation.relu
        var isDirect = true
        var isResidual = false
        /// Whether variables are of all kinds, some with outcomes, and some cells unknown; else all are binary.
        var isMixed = false
        let seed: UInt64

        var description: String {
            "hidden \(widths), \(activation), direct \(isDirect), residual \(isResidual), mixed \(isMixed), seed \(seed)"
        }

        func make() -> (model: DensityModel, rows: [Float]) {
            var generator = PhiloxGenerator(seed: seed)
            let variables =
                isMixed
                ? RandomModel.variables(count: 7, withOutcomes: seed >= 34, using: &generator)
                : (0..<7).map { Variable(name: "v\($0)", kind: .binary(.plusMinusOne)) }
            var model = RandomModel.mixed(
                variables, hiddenWidths: widths, activation: activation, direct: isDirect, isResidual: isResidual,
                using: &generator)
            let isReached = VariablePlaces.directOutputs(of: variables)
            if var direct = model.networks[0].direct {
                for place in direct.elements.indices where !isReached[place / direct.columns] {
                    direct.elements[place] = 0
                }
                model.networks[0].direct = direct
            }
            let rows = (0..<Self.rowCount).flatMap { _ in
                RandomModel.row(of: variables, using: &generator).map { value in
                    isMixed && Int.random(in: 0..<6, using: &generator) == 0 ? .nan : value
                }
            }
            return (model, rows)
        }
    }

    static let cases: [Case] =
        Activation.allCases.flatMap { activation in
            [[], [9], [6, 11], [5, 8, 100]].flatMap { widths in
                [true, false].map { isDirect in
                    Case(widths: widths, activation: activation, isDirect: isDirect, seed: UInt64(widths.count) + 20)
                }
            }
        }
        + (30..<42).map { seed in
            Case(
                widths: seed % 2 == 0 ? [12, 12, 12] : [10, 10, 7], activation: seed % 3 == 0 ? .tanh : .elu,
                isDirect: seed % 4 != 0, isResidual: seed % 5 != 0, isMixed: seed < 40, seed: seed)
        }

    private func passes(_ model: DensityModel, _ rows: [Float]) -> Backpropagation {
        let plan = ParameterPlan(
            degrees: model.degrees(of: model.members[0]),
            directOutputs: model.networks[0].direct == nil ? nil : VariablePlaces.directOutputs(of: model.variables))
        let passes = Backpropagation(
            plan: plan, places: VariablePlaces(model.variables, ordering: model.members[0].ordering),
            activation: model.activation, isResidual: model.isResidual, rowsMax: 8)
        passes.parameters.set(plan.parameters(of: model.networks[0]))
        passes.load(Array(0..<rows.count / 7)[...], of: rows)
        return passes
    }

    /// Mean negative log-likelihood of the rows' encoded values by the reference.
    private func meanNats(_ model: DensityModel, _ rows: [Float]) -> Double {
        let oracle = Oracle(model)
        let count = rows.count / 7
        return (0..<count).reduce(0) { sum, row in
            let row = rows[row * 7..<row * 7 + 7].map(Double.init)
            return sum - oracle.logLikelihood(of: row) - oracle.logVolume(of: row)
        } / Double(count)
    }

    @Test(arguments: cases) func lossIsTheReferences(_ test: Case) {
        let (model, rows) = test.make()
        let passes = passes(model, rows)
        passes.forward()
        let expected = meanNats(model, rows)
        #expect(abs(passes.loss() / 5 - expected) < 1e-5 * max(1, abs(expected)))
    }

    @Test(arguments: cases) func gradientIsTheReferencesFiniteDifference(_ test: Case) {
        let (model, rows) = test.make()
        let gradient = model.gradient(member: 0, rows: rows)

        func check(_ name: String, _ analytic: Float, _ change: (inout MaskedNetwork, Float) -> Void) {
            var above = model
            var below = model
            // A power of two near the weights' last bits keeps the step exact in single precision.
            let step: Float = 0x1p-12
            change(&above.networks[0], step)
            change(&below.networks[0], -step)
            let slope = (meanNats(above, rows) - meanNats(below, rows)) / Double(2 * step)
            #expect(
                abs(Double(analytic) - slope) < 2e-3 * max(0.1, abs(slope)),
                "\(test): \(name): \(analytic), not \(slope)")
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
            let output = place / model.layout.inputUnitCount
            guard VariablePlaces.directOutputs(of: model.variables)[output] else { continue }
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

    @Test func trimmedRowsNeitherCountNorPull() {
        let (model, rows) = Case(widths: [8, 8], isResidual: true, isMixed: true, seed: 33).make()
        let nats = (0..<5).map { meanNats(model, Array(rows[$0 * 7..<$0 * 7 + 7])) }
        let kept = (0..<5).sorted { nats[$0] < nats[$1] }.prefix(3).sorted()
        let trimmed = passes(model, rows)
        trimmed.forward()
        let some = passes(model, kept.flatMap { rows[$0 * 7..<$0 * 7 + 7] })
        some.forward()
        let expected = some.loss()
        #expect(abs(trimmed.loss(trimmedCount: 2) - expected) < 1e-5 * abs(expected))
        trimmed.backward()
        some.backward()
        for (one, other) in zip(trimmed.gradient.elements, some.gradient.elements) {
            #expect(abs(one - other) < 1e-5 * max(1, abs(one)))
        }
    }

    @Test func corruptionMovesInputsAndSpreadsSteppedTargetsOverTheirStep() {
        func numbers(step: Double?) -> RealEncoding {
            RealEncoding(centre: 10, scale: 2, componentCount: 1, scaleFloor: 0.1, step: step)
        }
        let variables = [
            Variable(name: "a", kind: .real(numbers(step: 1))),
            Variable(name: "b", kind: .real(numbers(step: nil))),
            Variable(name: "c", kind: .binary(.plusMinusOne)),
        ]
        let places = VariablePlaces(variables, ordering: .natural(count: 3))
        let batch = Batch(places, rowsMax: 4000)
        var corruption: Corruption? = Corruption(
            noise: 0.2, dropout: 0.25, strays: 0, generator: PhiloxGenerator(seed: 12, stream: 3))
        batch.load(
            Array(0..<4000)[...], of: (0..<4000).flatMap { _ in [Float(1), 1, 1] }, corruption: &corruption)
        let targets = batch.targets.elements
        let inputs = batch.inputs.elements
        func column(_ index: Int, _ values: [Float]) -> [Float] { (0..<4000).map { values[$0 * 3 + index] } }
        func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
        func deviation(_ values: [Float]) -> Float {
            let centre = mean(values)
            return mean(values.map { ($0 - centre) * ($0 - centre) }).squareRoot()
        }
        let stepped = column(0, targets)
        #expect(stepped.allSatisfy { $0 >= 0.75 && $0 <= 1.25 })
        // A uniform variable of width 1/2 deviates by 1 / (4 √3) = 0.1443.
        #expect(abs(deviation(stepped) - 0.1443) < 0.005 && abs(mean(stepped) - 1) < 0.01)
        #expect(Set(column(1, targets)) == [1] && Set(column(2, targets)) == [1])
        let seen = column(1, inputs).filter { $0 != 0 }
        #expect(abs(Double(seen.count) - 3000) < 110)
        #expect(abs(mean(seen) - 1 / 0.75) < 0.02 && abs(deviation(seen) - 0.2 / 0.75) < 0.015)
        #expect(Set(column(2, inputs)) == [0, 1 / 0.75])
    }

    @Test func straysAreUniformWithinTheInputsBoundAndTargetsAreNone() {
        let encoding = RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 0.1, inputBound: 3)
        let places = VariablePlaces([Variable(name: "a", kind: .real(encoding))], ordering: .natural(count: 1))
        let batch = Batch(places, rowsMax: 4000)
        var corruption: Corruption? = Corruption(
            noise: 0, dropout: 0, strays: 0.25, generator: PhiloxGenerator(seed: 13, stream: 3))
        batch.load(Array(0..<4000)[...], of: [Float](repeating: 1, count: 4000), corruption: &corruption)
        #expect(Set(batch.targets.elements) == [1])
        let strays = batch.inputs.elements.filter { $0 != 1 }
        #expect(abs(strays.count - 1000) < 110)
        #expect(strays.allSatisfy { $0 >= -3 && $0 <= 3 })
        // A quarter of them in each quarter, within four standard errors.
        for low in stride(from: Float(-3), to: 3, by: 1.5) {
            #expect(abs(strays.count { $0 >= low && $0 < low + 1.5 } - strays.count / 4) < 55)
        }
        batch.load([0], of: [.nan], corruption: &corruption)
        #expect(batch.inputs.elements[0] == 0)
    }

    /// A number left out pulls as little as one that is missing, and only where it is remote.
    @Test func remoteNumbersOfAColumnDoNotPull() {
        let (model, rows) = Case(widths: [8, 8], isMixed: true, seed: 33).make()
        let order = model.members[0].ordering.variables
        // The last number in the order is nobody's input among the numbers.
        guard let last = order.last(where: { model.variables[$0].kind.typeName == "real" }) else {
            Issue.record("no number")
            return
        }
        func changed(_ row: Int, to value: Float) -> [Float] {
            var changed = rows
            changed[row * 7 + last] = value
            return changed
        }
        func derivatives(_ rows: [Float], trimmedValueCount: Int) -> [Float] {
            let passes = passes(model, rows)
            passes.forward()
            _ = passes.loss(trimmedValueCount: trimmedValueCount)
            passes.backward()
            let bias = passes.plan.biases[passes.plan.layers.count - 1]
            let places = VariablePlaces(model.variables, ordering: model.members[0].ordering).places
            let outputs = places[order.firstIndex(of: last) ?? 0].outputs
            return outputs.map { passes.gradient.elements[bias.lowerBound + $0] }
        }
        let remote = changed(2, to: 1e6)
        #expect(derivatives(remote, trimmedValueCount: 1) == derivatives(changed(2, to: .nan), trimmedValueCount: 0))
        #expect(derivatives(remote, trimmedValueCount: 0) != derivatives(remote, trimmedValueCount: 1))
        func loss(_ rows: [Float], trimmedValueCount: Int) -> Double {
            let passes = passes(model, rows)
            passes.forward()
            return passes.loss(trimmedValueCount: trimmedValueCount)
        }
        let known = loss(changed(2, to: .nan), trimmedValueCount: 0)
        #expect(abs(loss(remote, trimmedValueCount: 1) - known - Double(OutputLoss.remoteNats)) < 1e-4 * abs(known))
        // None of these costs as much as a remote number.
        #expect(derivatives(rows, trimmedValueCount: 5) == derivatives(rows, trimmedValueCount: 0))
    }

    @Test func inputsAreClippedAndDensitiesAreNot() {
        let encoding = RealEncoding(centre: 0, scale: 1, componentCount: 2, scaleFloor: 0.1, inputBound: 3)
        let batch = Batch(
            VariablePlaces([Variable(name: "a", kind: .real(encoding))], ordering: .natural(count: 1)), rowsMax: 3)
        var none: Corruption?
        batch.load([0, 1, 2], of: [-7, 0.5, 1e20], corruption: &none)
        #expect(batch.inputs.elements == [-3, 0.5, 3])
        #expect(batch.targets.elements == [-7, 0.5, 1e20])
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
