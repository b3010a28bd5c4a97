internal import CStaircase

/// Where the candidates of one position of a member's ordering go on from: what all of them see of a row.
///
/// Sums over the inputs of degree ≤ p, for a variable at position p, are computed once and taken on from there by each of
/// the candidates: the chains of a whole pass, cut in two. The first layer and the direct connections have sums of the row
/// without the variable.
final class Continuation {
    private unowned let pass: MemberPass
    /// Of each layer but the first: its sums over the inputs of degree ≤ `degree`, in panels that hold units of greater degree,
    /// and the layer with these for its biases.
    private let running: [RowBlock]
    private let continued: [AlignedBuffer<staircase_layer>]
    private var degree = -1
    /// The sums of the first layer and of the direct connections without the variable at `clearedPosition`.
    private let clearedSums: (first: RowBlock, direct: RowBlock)
    private var clearedPosition = -1
    private let memory: AlignedBuffer<Float>

    private var member: CompiledMember { pass.member }

    init(of pass: MemberPass) {
        let widths = pass.member.layers.map(\.outputCount)
        let (memory, blocks) = RowBlock.rows(of: [widths[0], widths[widths.count - 1]] + widths.dropFirst())
        clearedSums = (blocks[0], blocks[1])
        running = Array(blocks[2...])
        continued = zip(pass.member.layers.dropFirst(), running).map { layer, sums in
            var view = layer.staircase.pointee
            view.bias = UnsafePointer(sums.base)
            return AlignedBuffer(copying: [view])
        }
        self.pass = pass
        self.memory = memory
    }

    /// Bytes of one for `member`.
    static func byteCount(_ member: CompiledMember) -> Int {
        member.layers.reduce(member.layers[member.layers.count - 1].outputCount) { $0 + $1.outputCount }
            * MemoryLayout<Float>.stride
    }

    /// Forgets the row.
    func reset() { (degree, clearedPosition) = (-1, -1) }

    /// Layer `index` > 0 with the sums over all inputs of degree ≤ `position` for biases, and the piece of the product that
    /// variables from `position` on reach: panels from that of `firstColumn` on, inputs of greater degree.
    func continued(
        _ index: Int, from position: Int
    ) -> (layer: UnsafePointer<staircase_layer>, span: staircase_span) {
        advance(to: position)
        let layer = member.layers[index]
        var span = layer.wholeSpan()
        span.first_panel = min(pass.firstColumn(of: index, from: position) / PackedLayer.panelWidth, layer.panelCount)
        span.first_input = member.unitEnds[index].base[position]
        return (UnsafePointer(continued[index - 1].base), span)
    }

    /// The sums of the first layer and of the direct connections with zeros for the units of the variable at `position`, from
    /// the first panels on that the variable reaches.
    func cleared(_ position: Int, _ buffers: CandidateBuffers) -> (first: RowBlock, direct: RowBlock) {
        if position == clearedPosition { return clearedSums }
        clearedPosition = position
        let variable = pass.model.card.variables[member.ordering.variables[position]]
        let first = member.variables[position].pointee.first_input
        let lit = (first..<first + variable.inputUnitCount).filter { pass.units.base[$0] != 0 }
        var start = (first: pass.firstSums, direct: pass.directSums)
        // One by one, as a value never seen may have all units.
        for unit in lit.isEmpty ? [first] : lit {
            buffers.reset()
            buffers.add(-pass.units.base[unit], to: unit)
            buffers.endRow()
            buffers.shift(
                member.layers[0], firstPanel: pass.firstColumn(of: 0, from: position) / PackedLayer.panelWidth,
                from: start.first, to: clearedSums.first, isRelu: false, pass.model.kernels)
            if let direct = member.direct {
                let panel = member.variables[position].pointee.first_output / PackedLayer.panelWidth
                buffers.shift(
                    direct, firstPanel: panel, from: start.direct, to: clearedSums.direct, isRelu: false,
                    pass.model.kernels)
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
            span.first_panel = min(pass.firstColumn(of: index, from: target) / PackedLayer.panelWidth, layer.panelCount)
            span.from_bias = isFresh
            span.first_input = isFresh ? 0 : member.unitEnds[index].base[degree]
            span.end_input = member.unitEnds[index].base[target]
            pass.multiply(layer.staircase, span, from: pass.layers[index - 1], to: running[index - 1])
        }
        degree = target
    }
}
