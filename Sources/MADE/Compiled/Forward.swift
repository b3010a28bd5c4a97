internal import CStaircase

/// A chunk of rows after the output layer of one member, in the member's order.
struct ForwardResult {
    let rowCount: Int
    /// Values in the member's order.
    let inputs: RowBlock
    let outputs: RowBlock
    /// To be added to the outputs; has their stride. Nil without direct connections.
    let direct: UnsafeMutablePointer<Float>?
}

extension CompiledModel {
    /// Carries at most a chunk of rows [rowCount × D] through all layers of `member`.
    func forward(
        _ rows: UnsafePointer<Float>, rowCount: Int, member: CompiledMember, using workspace: Workspace
    ) -> ForwardResult {
        let inputs = sortedInputs(rows, rowCount: rowCount, member: member, using: workspace)
        var previous = inputs
        for (index, layer) in member.layers.enumerated() {
            let isOutput = index == member.layers.count - 1
            let next = isOutput ? workspace.outputs : workspace.hidden(index)
            multiply(layer, rowCount: rowCount, from: previous, to: next, activation: isOutput ? nil : activation)
            previous = next
        }
        if let direct = member.direct {
            multiply(direct, rowCount: rowCount, from: inputs, to: workspace.direct, activation: nil)
        }
        return ForwardResult(
            rowCount: rowCount, inputs: inputs, outputs: previous,
            direct: member.direct == nil ? nil : workspace.direct.base)
    }

    /// The rows' input units in the order of `member`: the rows themselves where that is their own order.
    private func sortedInputs(
        _ rows: UnsafePointer<Float>, rowCount: Int, member: CompiledMember, using workspace: Workspace
    ) -> RowBlock {
        if member.isNatural { return RowBlock(base: UnsafeMutablePointer(mutating: rows), stride: variableCount) }
        let inputs = workspace.inputs
        member.inputUnits.withUnsafeBufferPointer { units in
            for row in 0..<rowCount {
                let from = rows + row * units.count
                let to = inputs.base + row * inputs.stride
                for (place, unit) in units.enumerated() { to[place] = from[unit] }
            }
        }
        return inputs
    }

    private func multiply(
        _ layer: PackedLayer, rowCount: Int, from x: RowBlock, to y: RowBlock, activation: Activation?
    ) {
        // ReLU is two comparisons at the end of the sums; the others take a pass of their own.
        let isRelu = activation == .relu
        var span = staircase_span(
            first_panel: 0, end_panel: layer.panelCount, first_input: 0, end_input: layer.inputCount, from_bias: true,
            floor: isRelu ? 0 : -.infinity, ceiling: isRelu ? .greatestFiniteMagnitude : .infinity)
        let functions = kernels.functions
        functions.multiply(layer.staircase, &span, rowCount, x.base, x.stride, y.base, y.stride)
        if let activation, !isRelu {
            functions.activate(activation.kernel, rowCount, y.base, y.stride, 0, layer.outputCount)
        }
    }
}
