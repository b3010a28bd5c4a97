import Oracle
import Testing

@testable import MADE

/// Weights that no member's masks let through, against `Degrees.passes` asked for each of them.
@Suite struct HiddenWeightTests {
    /// Networks 0 and 1 of a member each, and a second member of network 0 under an ordering of its own.
    private func model(seed: UInt64, using generator: inout PhiloxGenerator) -> DensityModel {
        let variables = RandomModel.variables(count: Int.random(in: 1...9, using: &generator), using: &generator)
        let widths = [[], [7], [6, 5]][Int(seed % 3)]
        var model = RandomModel.mixed(
            variables, hiddenWidths: widths, direct: seed % 2 == 0, memberCount: 2, using: &generator)
        model.members.append(
            Member(
                network: 0, ordering: .random(count: variables.count, using: &generator),
                hiddenDegrees: Degrees.spread(widths: widths, variableCount: variables.count)))
        return model
    }

    /// Whether some member lets the weight through; nil is the layer of the direct connections.
    private func passes(_ model: DensityModel, network: Int, layer: Int?, output: Int, input: Int) -> Bool {
        model.members.contains { member in
            guard member.network == network else { return false }
            let degrees = model.degrees(of: member)
            return layer.map { degrees.passes(layer: $0, output: output, input: input) }
                ?? degrees.passesDirect(output: output, input: input)
        }
    }

    @Test(arguments: UInt64(1)...12) func everyOneIsFoundAndNoOther(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        var model = model(seed: seed, using: &generator)
        let before = model.networks
        model.applyMasks()
        #expect(model.firstHiddenWeight() == nil)
        for (index, network) in model.networks.enumerated() {
            for (layer, parameters) in network.layers.enumerated() {
                let name = "networks.\(index).layers.\(layer).weight"
                for output in 0..<parameters.weight.rows {
                    for input in 0..<parameters.weight.columns {
                        let passes = passes(model, network: index, layer: layer, output: output, input: input)
                        let kept = passes ? before[index].layers[layer].weight[output, input] : 0
                        #expect(parameters.weight[output, input] == kept)
                        var planted = model
                        planted.networks[index].layers[layer].weight[output, input] = -Float.leastNonzeroMagnitude
                        let expected = DensityModel.HiddenWeight(tensor: name, output: output, input: input)
                        #expect(planted.firstHiddenWeight() == (passes ? nil : expected))
                    }
                }
            }
            guard let direct = network.direct else { continue }
            for place in direct.elements.indices {
                let (output, input) = place.quotientAndRemainder(dividingBy: direct.columns)
                let passes = passes(model, network: index, layer: nil, output: output, input: input)
                #expect(direct.elements[place] == (passes ? before[index].direct?.elements[place] : 0))
                var planted = model
                planted.networks[index].direct?.elements[place] = 1
                let expected = DensityModel.HiddenWeight(
                    tensor: "networks.\(index).direct.weight", output: output, input: input)
                #expect(planted.firstHiddenWeight() == (passes ? nil : expected))
            }
        }
    }
}
