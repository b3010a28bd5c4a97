internal import CStaircase

/// A chunk of rows after the output layer of one member, in the member's order.
struct ForwardResult {
    let rowCount: Int
    /// The rows' values [D].
    let values: RowBlock
    let outputs: RowBlock
    /// To be added to the outputs; has their stride. Nil without direct connections.
    let direct: UnsafeMutablePointer<Float>?
    /// The member's own, valid as long as the member is; nil where all variables are binary, which have kernels of their own.
    let variables: UnsafePointer<staircase_variables>?
}

extension CompiledModel {
    /// Carries at most a chunk of rows [rowCount × D] through all layers of `member`.
    func forward(
        _ rows: UnsafePointer<Float>, rowCount: Int, member: CompiledMember, using workspace: Workspace
    ) -> ForwardResult {
        let values = sortedValues(rows, rowCount: rowCount, member: member, using: workspace)
        let inputs = isBinary ? values : encode(values, rowCount: rowCount, member: member, into: workspace.inputs)
        var previous = inputs
        for (index, layer) in member.layers.enumerated() {
            let isOutput = index == member.layers.count - 1
            let next = isOutput ? workspace.outputs : workspace.hidden(index)
            multiply(layer, rowCount: rowCount, from: previous, to: next, activation: isOutput ? nil : activation)
            if member.isResidual[index] {
                kernels.functions.add(
                    rowCount, previous.base, previous.stride, next.base, next.stride, 0, layer.outputCount)
            }
            previous = next
        }
        if let direct = member.direct {
            multiply(direct, rowCount: rowCount, from: inputs, to: workspace.direct, activation: nil)
        }
        return ForwardResult(
            rowCount: rowCount, values: values, outputs: previous,
            direct: member.direct == nil ? nil : workspace.direct.base,
            variables: isBinary ? nil : member.variables.staircase)
    }

    /// The rows in the order of `member`: the rows themselves where that is their own order.
    private func sortedValues(
        _ rows: UnsafePointer<Float>, rowCount: Int, member: CompiledMember, using workspace: Workspace
    ) -> RowBlock {
        if member.isNatural { return RowBlock(base: UnsafeMutablePointer(mutating: rows), stride: variableCount) }
        let values = isBinary ? workspace.inputs : workspace.values
        member.ordering.variables.withUnsafeBufferPointer { variables in
            for row in 0..<rowCount {
                let from = rows + row * variables.count
                let to = values.base + row * values.stride
                for (place, variable) in variables.enumerated() { to[place] = from[variable] }
            }
        }
        return values
    }

    /// The input units of values in the order of `member`.
    private func encode(
        _ values: RowBlock, rowCount: Int, member: CompiledMember, into inputs: RowBlock
    ) -> RowBlock {
        kernels.functions.encode(
            member.variables[0], variableCount, rowCount, values.base, values.stride, inputs.base, inputs.stride)
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
