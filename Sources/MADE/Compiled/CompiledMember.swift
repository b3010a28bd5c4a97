/// One member as it serves: sorted units, packed layers.
///
/// `@unchecked Sendable`: what its buffers hold is written in `init` and only read from then on.
final class CompiledMember: @unchecked Sendable {
    let ordering: Ordering
    /// The variables in the ordering's order.
    let variables: PackedVariables
    /// Input unit of each place of the sorted inputs, and output unit of each place of the sorted outputs.
    let inputUnits: [Int]
    let outputUnits: [Int]
    /// Whether rows in the table's order are in the ordering's already.
    let isNatural: Bool
    /// The hidden layers, then the output layer.
    let layers: [PackedLayer]
    /// For each of `layers`, whether what feeds it is added to its outputs, place by place: both have the same degrees, so
    /// that the same unit stands at the same place.
    let isResidual: [Bool]
    /// Input→output connections, without bias. Their sums are chains of their own, added to the output layer's at the end:
    /// so both can grow while a row is being sampled, and keep the bits that they have in scoring.
    let direct: PackedLayer?
    /// `unitEnds[l][p]`: number of units of degree ≤ p that feed weight layer l, p in 0…D.
    let unitEnds: [AlignedBuffer<Int>]
    /// The same of the input units, which feed the direct connections too.
    let inputEnds: AlignedBuffer<Int>

    /// Packs `member` of `model`; the affine encodings of binary variables become part of the weights, so that raw values
    /// go in.
    init(_ member: Member, of model: DensityModel, weights: WeightFormat) {
        let layout = model.layout
        let network = model.networks[member.network]
        let degrees = model.degrees(of: member)
        let encoding = InputEncoding(model.variables)
        ordering = member.ordering
        variables = PackedVariables(model.variables, ordering: member.ordering)
        isNatural = member.ordering.variables == Array(model.variables.indices)
        inputUnits = member.ordering.variables.flatMap { layout.inputs[$0] }
        outputUnits = member.ordering.variables.flatMap { layout.outputs[$0] }
        let variableCount = model.variables.count
        let feeding = (0..<degrees.layerCount).map { Self.ends(of: degrees.degreesInto(layer: $0), variableCount) }
        unitEnds = feeding.map(AlignedBuffer.init(copying:))
        let inputEnds = Self.ends(of: degrees.inputs, variableCount)
        self.inputEnds = AlignedBuffer(copying: inputEnds)

        var inputs = inputUnits
        var packed: [PackedLayer] = []
        for (index, layer) in network.layers.enumerated() {
            let isOutput = index == degrees.hidden.count
            let outputs = isOutput ? outputUnits : Self.sorted(degrees.hidden[index])
            let depths = outputs.map { output in
                isOutput ? feeding[index][degrees.outputs[output] - 1] : feeding[index][degrees.hidden[index][output]]
            }
            packed.append(
                PackedLayer(
                    outputs: outputs, inputs: inputs, depths: depths, weight: layer.weight, bias: layer.bias,
                    encoding: index == 0 ? encoding : nil, format: weights))
            inputs = outputs
        }
        layers = packed
        isResidual = degrees.residualLayers(of: model)
        direct = network.direct.map { [outputUnits, inputUnits] direct in
            PackedLayer(
                outputs: outputUnits, inputs: inputUnits,
                depths: outputUnits.map { inputEnds[degrees.outputs[$0] - 1] },
                weight: direct, bias: [Float](repeating: 0, count: direct.rows), encoding: encoding,
                format: weights)
        }
    }

    /// Multiplications that the masks leave, a row.
    var multiplicationCount: Int {
        layers.reduce(direct?.multiplicationCount ?? 0) { $0 + $1.multiplicationCount }
    }

    /// Bytes of the packed weights and biases.
    var weightBytes: Int { layers.reduce(direct?.weightBytes ?? 0) { $0 + $1.weightBytes } }

    /// Panels of all layers.
    var panelCount: Int { layers.reduce(direct?.panelCount ?? 0) { $0 + $1.panelCount } }

    private static func sorted(_ degrees: [Int]) -> [Int] {
        degrees.indices.sorted { (degrees[$0], $0) < (degrees[$1], $1) }
    }

    private static func ends(of degrees: [Int], _ variableCount: Int) -> [Int] {
        var ends = [Int](repeating: 0, count: variableCount + 1)
        for degree in degrees { ends[degree] += 1 }
        for degree in ends.indices.dropFirst() { ends[degree] += ends[degree - 1] }
        return ends
    }
}
