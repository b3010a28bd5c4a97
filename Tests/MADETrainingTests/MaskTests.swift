import Foundation
import MADE
import MADERows
import Oracle
import Testing

@testable import MADETraining

/// One network under several masks that share its weights.
@Suite struct MaskTests {
    private let source = MarkovTable(count: 8, lag: 2, flips: 0.1)

    // MARK: - Gradients

    /// Three members of one network, of all kinds of variables, with rows some cells of which are missing.
    private func shared(seed: UInt64) -> (model: DensityModel, rows: [Float]) {
        var generator = PhiloxGenerator(seed: seed)
        let variables = RandomModel.variables(count: 7, using: &generator)
        var model = RandomModel.mixed(
            variables, hiddenWidths: seed % 2 == 0 ? [52, 52] : [9, 14, 14], activation: seed % 3 == 0 ? .tanh : .elu,
            direct: seed % 4 != 1, isResidual: seed % 5 < 2, memberCount: 3, using: &generator)
        model.networks = [model.networks[0]]
        model.members = model.members.map { member in
            var degrees = member.hiddenDegrees
            if model.isResidual { degrees[degrees.count - 2].shuffle(using: &generator) }
            if model.isResidual { degrees[degrees.count - 1] = degrees[degrees.count - 2] }
            return Member(network: 0, ordering: member.ordering, hiddenDegrees: degrees)
        }
        let isReached = VariablePlaces.directOutputs(of: variables)
        if var direct = model.networks[0].direct {
            for place in direct.elements.indices where !isReached[place / direct.columns] { direct.elements[place] = 0 }
            model.networks[0].direct = direct
        }
        let rows = (0..<5).flatMap { _ in
            RandomModel.row(of: variables, using: &generator).map { value in
                Int.random(in: 0..<6, using: &generator) == 0 ? Float.nan : value
            }
        }
        return (model, rows)
    }

    private func passes(_ model: DensityModel) -> NetworkPasses {
        var options = TrainingOptions()
        options.activation = model.activation
        options.isResidual = model.isResidual
        options.isDirect = model.networks[0].direct != nil
        let passes = NetworkPasses(
            model.members.map { .init(ordering: $0.ordering, hiddenDegrees: $0.hiddenDegrees) },
            variables: model.variables, options: options, rowsMax: 8)
        passes.parameters.set(all(model.networks[0], passes.plan))
        return passes
    }

    /// All parameters of `network` as `plan` lays them out, those too that its own mask takes away.
    private func all(_ network: MaskedNetwork, _ plan: ParameterPlan) -> [Float] {
        var parameters = [Float](repeating: 0, count: plan.count)
        func put(_ weight: Matrix, _ product: ParameterPlan.Product) {
            for (row, output) in product.outputUnits.enumerated() {
                for (column, input) in product.inputUnits.enumerated() {
                    parameters[product.weight.lowerBound + row * product.inputCount + column] = weight[output, input]
                }
            }
        }
        for (index, layer) in network.layers.enumerated() {
            put(layer.weight, plan.layers[index])
            for (place, unit) in zip(plan.biases[index], plan.layers[index].outputUnits) {
                parameters[place] = layer.bias[unit]
            }
        }
        if let direct = network.direct, let product = plan.direct { put(direct, product) }
        return parameters
    }

    /// Mean negative log-likelihood of the rows under one member, by the reference.
    private func meanNats(_ model: DensityModel, member: Int, _ rows: [Float]) -> Double {
        let oracle = Oracle(model)
        return (0..<5).reduce(0) { sum, row in
            let row = rows[row * 7..<row * 7 + 7].map(Double.init)
            return sum - (oracle.logLikelihood(of: row, member: member) + oracle.logVolume(of: row)) / 5
        }
    }

    @Test(arguments: 50..<55 as Range<UInt64>)
    func lossAndGradientUnderEachMaskAreTheReferences(_ seed: UInt64) {
        let (model, rows) = shared(seed: seed)
        let passes = passes(model)
        var generator = PhiloxGenerator(seed: seed, stream: 1)
        // Back to the first: what one mask leaves behind must not be seen by the next.
        for member in Array(model.members.indices) + [0] {
            let masked = passes.select(member)
            masked.load([0, 1, 2, 3, 4], of: rows)
            masked.forward()
            let expected = meanNats(model, member: member, rows)
            #expect(abs(masked.loss() / 5 - expected) < 1e-5 * max(1, abs(expected)), "seed \(seed), mask \(member)")
            passes.backward()
            let gradient = passes.plan.network(from: passes.gradient.elements)
            func check(_ analytic: Float, _ name: String, _ change: (inout MaskedNetwork, Float) -> Void) {
                var (above, below) = (model, model)
                change(&above.networks[0], 0x1p-12)
                change(&below.networks[0], -0x1p-12)
                let slope =
                    (meanNats(above, member: member, rows) - meanNats(below, member: member, rows)) / 0x1p-11
                #expect(
                    abs(Double(analytic) - slope) < 2e-3 * max(0.1, abs(slope)),
                    "seed \(seed), mask \(member), \(name): \(analytic), not \(slope)")
            }
            for layer in gradient.layers.indices {
                for _ in 0..<6 {
                    let place = Int.random(in: gradient.layers[layer].weight.elements.indices, using: &generator)
                    check(gradient.layers[layer].weight.elements[place], "layer \(layer) weight \(place)") {
                        $0.layers[layer].weight.elements[place] += $1
                    }
                    let unit = Int.random(in: gradient.layers[layer].bias.indices, using: &generator)
                    check(gradient.layers[layer].bias[unit], "layer \(layer) bias \(unit)") {
                        $0.layers[layer].bias[unit] += $1
                    }
                }
            }
            let isReached = VariablePlaces.directOutputs(of: model.variables)
            let reached = (gradient.direct?.elements.indices ?? 0..<0).filter {
                isReached[$0 / model.layout.inputUnitCount]
            }
            for place in reached.shuffled(using: &generator).prefix(20) {
                check(gradient.direct?.elements[place] ?? 0, "direct \(place)") { $0.direct?.elements[place] += $1 }
            }
        }
    }

    @Test func coverageIsTheShareOfTheMasksThatLetAParameterThrough() {
        let (model, _) = shared(seed: 52)
        let passes = passes(model)
        let coverage = passes.plan.network(from: passes.coverage)
        for (layer, found) in coverage.layers.enumerated() {
            let masks = model.members.map { model.degrees(of: $0).mask(layer: layer) }
            for place in found.weight.elements.indices {
                let count = masks.count { $0.elements[place] == 1 }
                #expect(found.weight.elements[place] == Float(count) / 3)
            }
            #expect(found.bias.allSatisfy { $0 == 1 })
        }
    }

    // MARK: - Trainings

    private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.hiddenWidths = [24, 24]
        options.memberCount = 1
        options.maskCount = 4
        options.epochsMax = 30
        options.learningRate = 0.01
        options.l1 = 0
        options.directL1 = 0
        change(&options)
        return options
    }

    @Test(arguments: [false, true]) func oneNetworkUnderMasksLearnsADistribution(isResidual: Bool) throws {
        let tables = TrainingTables(train: source.rows(3000, seed: 2))
        let model = try Trainer(options { $0.isResidual = isResidual }).train(tables, name: "m")
        #expect(model.networks.count == 1 && model.members.map(\.network) == [0, 0, 0, 0])
        #expect(Set(model.members.map(\.ordering.variables)).count == 4)
        #expect(Set(model.members.map(\.hiddenDegrees)).count == 4)
        #expect(model.members.allSatisfy { $0.hiddenDegrees[0].sorted() == $0.hiddenDegrees[1].sorted() })
        let oracle = Oracle(model)
        let compiled = CompiledModel(model)
        #expect(try AutoregressiveCheck.verify(model, compiled: compiled).memberCount == 4)
        var (divergence, total) = (0.0, 0.0)
        var totals = [Double](repeating: 0, count: 4)
        for row in source.allRows {
            let logLikelihood = oracle.logLikelihood(of: row)
            let logProbability = source.logProbability(row)
            divergence += exp(logProbability) * (logProbability - logLikelihood)
            total += exp(logLikelihood)
            for member in 0..<4 { totals[member] += exp(oracle.logLikelihood(of: row, member: member)) }
        }
        #expect(abs(total - 1) < 1e-9 && totals.allSatisfy { abs($0 - 1) < 1e-9 })
        #expect(divergence < 0.05, "Kullback-Leibler divergence from the source, nats")
        let jacobian = oracle.jacobian(at: [0, 1, 1, 0, 1, 0, 0, 1], member: 3)
        let positions = model.members[3].ordering.positions
        for output in 0..<8 {
            for input in 0..<8 where positions[input] >= positions[output] { #expect(jacobian[output][input] == 0) }
        }
        // Calibrated by the average over the masks.
        #expect(model.calibration?.logLikelihoods.count == 600)
        let sampled = compiled.sample(SamplingRequest(count: 500, seed: 3), using: compiled.makeWorkspace())
        let nats = sampled.logLikelihoods.reduce(0, -) / 500
        #expect(abs(nats - source.entropy) < 0.4, "\(nats) nats, entropy \(source.entropy)")
    }

    @Test func theCheckpointHoldsSharedWeightsOnce() throws {
        let tables = TrainingTables(train: source.rows(300, seed: 5))
        let model = try Trainer(
            options {
                $0.epochsMax = 2; $0.foldCount = 0; $0.memberCount = 2
            }
        ).train(
            tables, name: "m")
        let path = FileManager.default.temporaryDirectory.path + "/made-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Checkpoint.write(model, to: path)
        let read = try Checkpoint.read(path)
        #expect(read.networks == model.networks && read.networks.count == 2)
        #expect(read.members == model.members && read.members.map(\.network) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(read.card.parameterCount == model.networks[0].parameterCount * 2)
        #expect(try Checkpoint.load(path).verdict.memberCount == 8)
    }

    @Test func everyKindOfColumnLearnsUnderMasksWhateverTheThreads() throws {
        var generator = PhiloxGenerator(seed: 17)
        var values: [Double] = []
        for _ in 0..<1500 {
            let label = Int.random(in: 0..<3, using: &generator)
            let number = [-30, 5, 40][label] + 10 * generator.uniform()
            let row = [Float(label), number, number > 0 ? 1 : 0]
            values += row.map { generator.uniform() < 0.1 ? .nan : Double($0) }
        }
        let schema = TableSchema(columns: [
            .init(name: "label", kind: .categorical(Categories(labels: ["x", "y", "z"]))),
            .init(name: "number", kind: .real(step: nil)), .init(name: "flag", kind: .binary),
        ])
        let tables = TrainingTables(
            train: Table(columns: ["label", "number", "flag"], rows: values), schema: schema)
        let models = try [1, 2].map { threads in
            var options = TrainingOptions.recommended(for: schema)
            options.hiddenWidths = [24, 24]
            options.memberCount = 2
            options.maskCount = 3
            options.stepCount = 400
            options.dropout = 0.1
            options.threadCount = threads
            return try Trainer(options).train(tables, name: "m")
        }
        #expect(models[0].networks == models[1].networks && models[0].members == models[1].members)
        let curve = try #require(models[0].training?.curve)
        #expect(curve.validationNats[0] > curve.validationNats[curve.validationNats.count - 1] + 0.3)
        #expect(models[0].members.count == 6 && models[0].networks.count == 2)
    }

    @Test func masksWithoutSenseAreRefused() throws {
        for (masks, members) in [(0, 1), (257, 1), (65, 4), (Int.max, 2)] {
            let error = #expect(throws: TrainingError.self) {
                try Trainer(
                    options {
                        $0.maskCount = masks; $0.memberCount = members
                    })
            }
            guard case .option("maskCount", _) = error else {
                Issue.record("\(masks) masks of \(members) members: \(String(describing: error))")
                continue
            }
        }
        let column = Table(columns: ["a"], rows: (0..<20).map { Double($0 % 2) })
        let error = #expect(throws: TrainingError.self) {
            try Trainer(options()).train(TrainingTables(train: column), name: "m")
        }
        #expect(error?.description == "maskCount must be 1 for a table of one column, which has one ordering")
    }
}
