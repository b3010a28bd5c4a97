internal import CStaircase

/// What one member computed of one row of plain values, kept so that rows that differ from it in one variable need only what
/// that variable reaches.
///
/// Units are sorted by degree. A variable at position p (0-based) reaches units of degree above p and no others, and what
/// those see of the rest of the row, the inputs of degree ≤ p, is the same for all of the variable's values: these sums
/// (`running`) are computed once and taken on from there by each of the rows. All sums but the first layer's are the chains
/// of a whole pass, cut in two.
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

    /// Of each layer but the first: its sums over the inputs of degree ≤ `degree`, in panels that hold units of greater degree,
    /// and the layer with these for its biases.
    private let running: [RowBlock]
    /// `firstSums` and `directSums` of the row without the variable at `clearedPosition`.
    private let clearedSums: (first: RowBlock, direct: RowBlock)
    private var clearedPosition = -1
    private let continued: [AlignedBuffer<staircase_layer>]
    private var degree = -1
    private let memory: AlignedBuffer<Float>
    private let model: CompiledModel

    init(_ member: CompiledMember, of model: CompiledModel) {
        let layerWidths = member.layers.map(\.outputCount)
        let outputCount = layerWidths[layerWidths.count - 1]
        let widths =
            [model.variableCount, member.inputUnits.count] + [layerWidths[0], outputCount, layerWidths[0], outputCount]
            + layerWidths + layerWidths.dropFirst()
        let strides = widths.map(RowBlock.stride(width:))
        let memory = AlignedBuffer<Float>(count: strides.reduce(PackedLayer.panelWidth, +))
        var start = 0
        let blocks = strides.map { stride in
            defer { start += stride }
            return RowBlock(base: memory.base + start, stride: stride)
        }
        values = blocks[0]
        units = model.isBinary ? blocks[0] : blocks[1]
        (firstSums, directSums) = (blocks[2], blocks[3])
        clearedSums = (blocks[4], blocks[5])
        layers = Array(blocks[6..<6 + layerWidths.count])
        running = Array(blocks[(6 + layerWidths.count)...])
        continued = zip(member.layers.dropFirst(), running).map { layer, sums in
            var view = layer.staircase.pointee
            view.bias = UnsafePointer(sums.base)
            return AlignedBuffer(copying: [view])
        }
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
        (degree, clearedPosition) = (-1, -1)
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

    /// Layer `index` > 0 with the sums over all inputs of degree ≤ `position` for biases, and the piece of the product that
    /// variables from `position` on reach: panels from that of `firstColumn` on, inputs of greater degree.
    func continued(
        _ index: Int, from position: Int
    ) -> (layer: UnsafePointer<staircase_layer>, span: staircase_span) {
        advance(to: position)
        let layer = member.layers[index]
        var span = layer.wholeSpan()
        span.first_panel = min(firstColumn(of: index, from: position) / PackedLayer.panelWidth, layer.panelCount)
        span.first_input = member.unitEnds[index].base[position]
        return (UnsafePointer(continued[index - 1].base), span)
    }

    /// The first place of layer `index` that a variable at `position` or behind it reaches; of the output layer the first
    /// that says anything of such a variable.
    func firstColumn(of index: Int, from position: Int) -> Int {
        index == member.layers.count - 1
            ? member.variables[position].pointee.first_output : member.unitEnds[index + 1].base[position]
    }

    /// The sums of the first layer and of the direct connections with zeros for the units of the variable at `position`, from
    /// the first panels on that the variable reaches.
    func cleared(_ position: Int, _ buffers: CandidateBuffers) -> (first: RowBlock, direct: RowBlock) {
        if position == clearedPosition { return clearedSums }
        clearedPosition = position
        let variable = model.card.variables[member.ordering.variables[position]]
        let first = member.variables[position].pointee.first_input
        let lit = (first..<first + variable.inputUnitCount).filter { units.base[$0] != 0 }
        var start = (first: firstSums, direct: directSums)
        // One by one, as a value never seen may have all units.
        for unit in lit.isEmpty ? [first] : lit {
            buffers.reset()
            buffers.add(-units.base[unit], to: unit)
            buffers.endRow()
            buffers.shift(
                member.layers[0], firstPanel: firstColumn(of: 0, from: position) / PackedLayer.panelWidth,
                from: start.first, to: clearedSums.first, isRelu: false, model.kernels)
            if let direct = member.direct {
                let panel = member.variables[position].pointee.first_output / PackedLayer.panelWidth
                buffers.shift(
                    direct, firstPanel: panel, from: start.direct, to: clearedSums.direct, isRelu: false,
                    model.kernels)
            }
            start = clearedSums
        }
        return clearedSums
    }

    /// Brings the running sums up to all inputs of degree ≤ `target`: from where they are, or from the start again.
    private func advance(to target: Int) {
        if target == degree { return }
        let isFresh = target < degree || degree < 0
        for index in member.layers.indices.dropFirst() {
            let layer = member.layers[index]
            var span = layer.wholeSpan()
            span.first_panel = min(firstColumn(of: index, from: target) / PackedLayer.panelWidth, layer.panelCount)
            span.from_bias = isFresh
            span.first_input = isFresh ? 0 : member.unitEnds[index].base[degree]
            span.end_input = member.unitEnds[index].base[target]
            multiply(layer.staircase, span, from: layers[index - 1], to: running[index - 1])
        }
        degree = target
    }

    private func multiply(
        _ layer: UnsafePointer<staircase_layer>, _ span: staircase_span, from x: RowBlock, to y: RowBlock
    ) {
        if span.first_panel >= span.end_panel { return }
        var span = span
        model.kernels.functions.multiply(layer, &span, 1, x.base, x.stride, y.base, y.stride)
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
