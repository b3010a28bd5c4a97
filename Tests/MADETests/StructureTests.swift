import Oracle
import Testing

@testable import MADE

/// The structural proof, against sets of positions that are followed path by path.
@Suite struct StructureTests {
    private func model(seed: UInt64, using generator: inout PhiloxGenerator) -> DensityModel {
        let count = Int.random(in: 1...45, using: &generator)
        let isBinary = seed % 2 == 0
        let variables =
            isBinary
            ? (0..<count).map { Variable(name: "v\($0)", kind: .binary(.plusMinusOne)) }
            : RandomModel.variables(count: count, using: &generator)
        let width = Int.random(in: 1...40, using: &generator)
        return RandomModel.mixed(
            variables, hiddenWidths: [[], [width], [width, width], [width, 7]][Int(seed / 2) % 4], activation: .elu,
            direct: seed % 3 != 0, isResidual: seed % 5 == 0, memberCount: 2, using: &generator)
    }

    @Test(arguments: UInt64(1)...24)
    func masksReachAsFarAsTheirPathsDo(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let model = model(seed: seed, using: &generator)
        for member in model.members {
            // Positions that are not those of the ordering too: whatever the masks connect must be found.
            let other = Ordering.random(count: model.variables.count, using: &generator)
            for ordering in [member.ordering, other] {
                checkMasks(of: member, positions: ordering.positions, in: model)
            }
        }
    }

    private func checkMasks(of member: Member, positions: [Int], in model: DensityModel) {
        let degrees = model.degrees(of: member)
        let inputs = zip(model.layout.inputs, positions).flatMap { units, position in units.map { _ in position } }
        let sources = inputs.map { Set([$0]) }
        let isDirect = model.networks[member.network].direct != nil
        let isResidual = degrees.residualLayers(of: model)
        var reached = sources
        for layer in 0..<degrees.layerCount {
            let next = follow(reached, through: degrees.mask(layer: layer))
            reached = isResidual[layer] ? zip(next, reached).map { $0.union($1) } : next
        }
        if isDirect {
            reached = zip(reached, follow(sources, through: degrees.directMask())).map { $0.union($1) }
        }
        let lasts = degrees.lastPositions(ofInputs: inputs, isResidual: isResidual, isDirect: isDirect)
        #expect(lasts == reached.map { $0.max() ?? -1 })
    }

    private func follow(_ reached: [Set<Int>], through mask: Matrix) -> [Set<Int>] {
        (0..<mask.rows).map { output in
            reached.indices.reduce(into: Set<Int>()) { if mask[output, $1] != 0 { $0.formUnion(reached[$1]) } }
        }
    }

    /// Weights of any kind, many of them 0, seen from inputs in any order.
    @Test(arguments: UInt64(1)...30) func packedWeightsReachAsFarAsTheyAreNotZero(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let outputCount = Int.random(in: 1...70, using: &generator)
        let inputCount = Int.random(in: 1...70, using: &generator)
        let share = generator.uniform()
        let weight = Matrix(rows: outputCount, columns: inputCount) { _, _ in
            generator.uniform() < share * share ? generator.uniform() - 2 : 0
        }
        let inputs = (0..<inputCount).shuffled(using: &generator)
        let outputs = (0..<outputCount).shuffled(using: &generator)
        let depths = outputs.map { _ in Int.random(in: 0...inputCount, using: &generator) }.sorted()
        let lasts = (0..<inputCount).map { _ in Int32.random(in: -1...90, using: &generator) }
        let expected = zip(outputs, depths).map { output, depth in
            (0..<depth).reduce(Int32(-1)) { weight[output, inputs[$1]] == 0 ? $0 : max($0, lasts[$1]) }
        }
        for format in WeightFormat.allCases {
            let layer = PackedLayer(
                outputs: outputs, inputs: inputs, depths: depths, weight: weight,
                bias: [Float](repeating: 0, count: outputCount), encoding: nil, format: format)
            #expect(layer.greatest(of: lasts) == expected, "seed \(seed), \(format)")
            #expect(layer.greatest(of: lasts.sorted()).count == outputCount)
        }
    }

    @Test(arguments: UInt64(1)...24) func theWeightsOfASoundModelReachWhatIsBeforeAlone(seed: UInt64) throws {
        var generator = PhiloxGenerator(seed: seed)
        let model = model(seed: seed, using: &generator)
        for format in WeightFormat.allCases {
            let compiled = try CompiledModel(model, weights: format)
            for member in compiled.members {
                try AutoregressiveCheck.verifyWeights(of: member, variables: model.variables)
                let reached = pathByPath(member, model.variables)
                #expect(member.lastPositions() == reached.map { $0.max() ?? -1 }, "seed \(seed), \(format)")
            }
        }
    }

    /// A weight that a kernel reads where the mask has none.
    private struct Plant: Equatable {
        /// Index of the weight layer; nil: the direct connections.
        let layer: Int?
        let output: Int
        let input: Int
    }

    /// All places behind an output's own depth and within its panel's: what lies farther no kernel reads.
    private func plants(in packed: PackedLayer, layer: Int?) -> [Plant] {
        let width = PackedLayer.panelWidth
        return (0..<packed.outputCount).flatMap { output in
            (0..<packed.depths.base[output / width]).compactMap { input in
                Self.isZero(packed, output, input) ? Plant(layer: layer, output: output, input: input) : nil
            }
        }
    }

    private static func place(_ packed: PackedLayer, _ output: Int, _ input: Int) -> Int {
        let width = PackedLayer.panelWidth
        let stride = PackedLayer.inputStride(packed.weights == nil ? .fp16 : .fp32)
        return packed.starts.base[output / width] + input * stride + output % width
    }

    private static func isZero(_ packed: PackedLayer, _ output: Int, _ input: Int) -> Bool {
        let place = place(packed, output, input)
        return packed.weights.map { $0.base[place] == 0 } ?? packed.halves.map { $0.base[place] == 0 } ?? true
    }

    private func set(_ plant: Plant, of member: CompiledMember, to value: Float) throws {
        let packed = try #require(plant.layer.map { member.layers[$0] } ?? member.direct)
        let place = Self.place(packed, plant.output, plant.input)
        packed.weights?.base[place] = value
        packed.halves?.base[place] = Float16(value).bitPattern
    }

    /// The positions that reach each output place, by the weights in memory.
    private func pathByPath(_ member: CompiledMember, _ variables: [Variable]) -> [Set<Int32>] {
        func follow(_ reached: [Set<Int32>], through packed: PackedLayer) -> [Set<Int32>] {
            (0..<packed.outputCount).map { output in
                (0..<packed.depths.base[output / PackedLayer.panelWidth]).reduce(into: []) { all, input in
                    if !Self.isZero(packed, output, input) { all.formUnion(reached[input]) }
                }
            }
        }
        let inputs = member.ordering.variables.enumerated().flatMap { position, variable in
            [Set<Int32>](repeating: [Int32(position)], count: variables[variable].inputUnitCount)
        }
        var reached = inputs
        for (index, layer) in member.layers.enumerated() {
            let next = follow(reached, through: layer)
            reached = member.isResidual[index] ? zip(next, reached).map { $0.union($1) } : next
        }
        guard let direct = member.direct else { return reached }
        return zip(reached, follow(inputs, through: direct)).map { $0.union($1) }
    }

    /// One weight planted in memory at any place that a kernel reads: found exactly where a path leads from an input to an
    /// output that must not see it, and such a pair is named.
    @Test(arguments: UInt64(1)...16) func aPlantedWeightIsFoundAndNamed(seed: UInt64) throws {
        var generator = PhiloxGenerator(seed: seed)
        let model = model(seed: seed, using: &generator)
        let compiled = try CompiledModel(model, weights: seed % 4 < 2 ? .fp32 : .fp16)
        let names = model.variables.map(\.name)
        for member in compiled.members {
            let all =
                member.layers.enumerated().flatMap { plants(in: $1, layer: $0) }
                + (member.direct.map { plants(in: $0, layer: nil) } ?? [])
            for plant in all.shuffled(using: &generator).prefix(40) {
                try set(plant, of: member, to: 0.75)
                defer { try? set(plant, of: member, to: 0) }
                let ordered = member.ordering.variables
                let reached = pathByPath(member, model.variables)
                let pairs = zip(reached, member.outputPositions()).flatMap { reached, position in
                    reached.filter { $0 >= position }.map { (names[ordered[Int(position)]], names[ordered[Int($0)]]) }
                }
                do {
                    try AutoregressiveCheck.verifyWeights(of: member, variables: model.variables)
                    #expect(pairs.isEmpty, "seed \(seed), \(plant)")
                } catch {
                    #expect(error.evidence == .weights)
                    #expect(pairs.contains { $0 == (error.output, error.input) }, "seed \(seed), \(plant), \(error)")
                }
            }
        }
    }

    /// The same places of the direct connections of binary variables, all of whose values are tried, found by trying alone.
    @Test(arguments: [UInt64(2), 4, 8, 10]) func aPlantedDirectWeightIsFoundByTrying(seed: UInt64) throws {
        var generator = PhiloxGenerator(seed: seed)
        let model = model(seed: seed, using: &generator)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        let plan = ProbePlan(variableCount: model.variables.count, multiplicationsPerRow: 1)
        for (index, member) in compiled.members.enumerated() {
            let direct = try #require(member.direct)
            let positions = member.outputPositions()
            for plant in plants(in: direct, layer: nil).shuffled(using: &generator).prefix(6) {
                try set(plant, of: member, to: 0.75)
                defer { try? set(plant, of: member, to: 0) }
                let violation = #expect(throws: AutoregressiveViolation.self, "seed \(seed), \(plant)") {
                    try AutoregressiveCheck.probe(compiled.card, plan) { rows, member in
                        compiled.outputs(of: rows, member: member, using: workspace)
                    }
                }
                let output = model.variables[member.ordering.variables[Int(positions[plant.output])]].name
                #expect(violation?.output == output && violation?.evidence == .probe, "member \(index)")
                #expect(throws: AutoregressiveViolation.self) {
                    try AutoregressiveCheck.verify(model, compiled: compiled)
                }
            }
        }
    }
}
