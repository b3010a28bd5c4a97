internal import CStaircase

/// What one member computed of one row of plain values, kept so that rows that differ from it in one variable need only what
/// that variable reaches.
///
/// Units are sorted by degree. A variable at position p (0-based) reaches units of degree above p and no others, and what
/// those see of the rest of the row, the inputs of degree ≤ p, is the same for all of the variable's values: see
/// `Continuation`.
final class MemberPass {
    let member: CompiledMember
    /// The row's values in the member's order [D].
    let values: RowBlock
    /// Its input units [inputs]; the values where all variables are binary.
    let units: RowBlock
    /// Of the first layer and the direct connections, before any activation [units], [outputs].
    let firstSums: RowBlock
    let directSums: RowBlock
    /// What each layer gives, the output layer's last.
    let layers: [RowBlock]
    /// −log p_s(x_d | x_<d) in the member's order [D], and what those before each position add up to [D + 1]; nats.
    private(set) var surprisals: [Float]
    private(set) var sumsBefore: [Double]

    private let memory: AlignedBuffer<Float>
    let model: CompiledModel
    private var continuations: [Continuation] = []

    init(_ member: CompiledMember, of model: CompiledModel) {
        let layerWidths = member.layers.map(\.outputCount)
        let outputCount = layerWidths[layerWidths.count - 1]
        let widths =
            [model.variableCount, member.inputUnits.count, layerWidths[0], outputCount] + layerWidths
        let (memory, blocks) = RowBlock.rows(of: widths)
        values = blocks[0]
        units = model.isBinary ? blocks[0] : blocks[1]
        (firstSums, directSums) = (blocks[2], blocks[3])
        layers = Array(blocks[4...])
        surprisals = [Float](repeating: 0, count: model.variableCount)
        sumsBefore = [Double](repeating: 0, count: model.variableCount + 1)
        self.member = member
        self.model = model
        self.memory = memory
    }

    /// Passes the row of `substitution` [D], in the table's order and without unknown values, through the member.
    func run(_ substitution: Substitution) {
        for (place, variable) in member.ordering.variables.enumerated() {
            values.base[place] = substitution.row[variable]
        }
        let functions = model.kernels.functions
        if !model.isBinary {
            functions.encode(
                member.variables[0], model.variableCount, 1, values.base, values.stride, units.base, units.stride)
        }
        for (index, layer) in member.layers.enumerated() {
            let isOutput = index == member.layers.count - 1
            if index == 0 {
                multiply(layer.staircase, layer.wholeSpan(), from: units, to: firstSums)
                layers[0].base.update(from: firstSums.base, count: layer.panelCount * PackedLayer.panelWidth)
            } else {
                multiply(layer.staircase, layer.wholeSpan(), from: layers[index - 1], to: layers[index])
            }
            if isOutput { break }
            functions.activate(
                model.activation.kernel, 1, layers[index].base, layers[index].stride, 0, layer.outputCount)
            if member.isResidual[index] {
                let previous = layers[index - 1]
                functions.add(
                    1, previous.base, previous.stride, layers[index].base, layers[index].stride, 0, layer.outputCount)
            }
        }
        if let direct = member.direct { multiply(direct.staircase, direct.wholeSpan(), from: units, to: directSums) }
        for continuation in continuations { continuation.reset() }
        weigh(substitution)
    }

    /// What the member makes of the row, as `CompiledModel.forward` gives it.
    var result: ForwardResult {
        ForwardResult(
            rowCount: 1, values: values, outputs: layers[layers.count - 1],
            direct: member.direct == nil ? nil : directSums.base,
            variables: model.isBinary ? nil : member.variables.staircase)
    }

    private func weigh(_ substitution: Substitution) {
        model.surprisals(of: result, into: &surprisals)
        substitution.correct(&surprisals, of: result, member: member, model.card.variables)
        for (place, surprisal) in surprisals.enumerated() {
            sumsBefore[place + 1] = sumsBefore[place] + Double(surprisal)
        }
    }

    /// log p_s(x), nats.
    var logLikelihood: Double { -sumsBefore[sumsBefore.count - 1] }

    /// The place `slot`, of those that stay side by side, where a continuation waits.
    func continuation(_ slot: Int) -> Continuation {
        while continuations.count <= slot { continuations.append(Continuation(of: self)) }
        return continuations[slot]
    }

    /// The first place of layer `index` that a variable at `position` or behind it reaches; of the output layer the first
    /// that says anything of such a variable.
    func firstColumn(of index: Int, from position: Int) -> Int {
        index == member.layers.count - 1
            ? member.variables[position].pointee.first_output : member.unitEnds[index + 1].base[position]
    }

    func multiply(
        _ layer: UnsafePointer<staircase_layer>, _ span: staircase_span, from x: RowBlock, to y: RowBlock
    ) {
        if span.first_panel >= span.end_panel { return }
        var span = span
        model.kernels.functions.multiply(layer, &span, 1, x.base, x.stride, y.base, y.stride)
    }
}

extension RowBlock {
    /// Blocks of one row each, of these widths, and the memory that they lie in.
    static func rows(of widths: [Int]) -> (memory: AlignedBuffer<Float>, blocks: [RowBlock]) {
        let strides = widths.map(stride(width:))
        let memory = AlignedBuffer<Float>(count: strides.reduce(PackedLayer.panelWidth, +))
        var start = 0
        let blocks = strides.map { stride in
            defer { start += stride }
            return RowBlock(base: memory.base + start, stride: stride)
        }
        return (memory, blocks)
    }
}

extension PackedLayer {
    /// The whole product, unclamped.
    func wholeSpan() -> staircase_span {
        staircase_span(
            first_panel: 0, end_panel: panelCount, first_input: 0, end_input: inputCount, from_bias: true,
            floor: -.infinity, ceiling: .infinity)
    }
}
