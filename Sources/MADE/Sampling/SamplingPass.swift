internal import CStaircase

/// One forward pass that draws the variables on its way: a unit is computed once, as soon as all that it sees is known.
///
/// Groups of panels are brought up to the inputs known so far when the first of their units is needed, and from then on with
/// every input that becomes known. Each sum thus stays one chain in ascending input order, and has the bits that it has in
/// scoring.
struct SamplingPass {
    let member: CompiledMember
    let rowCount: Int
    let buffers: SamplingBuffers
    private let functions: staircase_kernels
    private let activation: staircase_activation
    private let variableCount: Int
    private let isBinary: Bool
    /// The hidden layers, the output layer, then the direct connections if there are any.
    private var layers: [GrowingLayer] = []

    init(model: CompiledModel, member: CompiledMember, rowCount: Int, buffers: SamplingBuffers) {
        self.member = member
        self.rowCount = rowCount
        self.buffers = buffers
        functions = model.kernels.functions
        activation = model.activation.kernel
        variableCount = model.variableCount
        isBinary = model.isBinary
        // Several panels where rows are few, so that one row's sums run side by side; else one, whose sums are longest
        // before they are first needed.
        let groupShift = rowCount == 1 ? 3 : rowCount < 4 ? 2 : rowCount < 8 ? 1 : 0
        layers.reserveCapacity(member.layers.count + 1)
        var inputs = buffers.inputs
        var progress = buffers.progress.base
        func grow(_ layer: PackedLayer, ends: AlignedBuffer<Int>, from inputs: RowBlock, to outputs: RowBlock) {
            layers.append(
                GrowingLayer(
                    layer, ends: ends.base, from: inputs, to: outputs, progress: progress, groupShift: groupShift))
            progress += layer.panelCount
        }
        for (index, layer) in member.layers.enumerated() {
            grow(layer, ends: member.unitEnds[index], from: inputs, to: buffers.layers[index])
            inputs = buffers.layers[index]
        }
        if let direct = member.direct {
            grow(direct, ends: member.inputEnds, from: buffers.inputs, to: buffers.direct)
        }
    }

    /// What the pass computed: what scoring its rows would have.
    var result: ForwardResult {
        ForwardResult(
            rowCount: rowCount, values: buffers.values, outputs: buffers.layers[member.layers.count - 1],
            direct: member.direct == nil ? nil : buffers.direct.base,
            variables: isBinary ? nil : member.variables.staircase)
    }

    /// Fills `buffers.values`, the input units and the output layer, from `buffers.uniforms` and `buffers.normals`; `evidence`
    /// [D] in the member's order is NaN where a variable is to be drawn.
    func run(evidence: [Float], inverseTemperature: Float) {
        let (rowCount, functions, activation) = (rowCount, functions, activation)
        let (values, inputs, numberStride) = (buffers.values, buffers.inputs, buffers.rowCount)
        let (uniforms, normals) = (buffers.uniforms.base, buffers.normals.count == 0 ? nil : buffers.normals.base)
        let hiddenCount = member.layers.count - 1
        layers.withUnsafeBufferPointer { layers in
            // Computes the hidden units of one degree: all that they see is known.
            func learn(degree: Int) {
                for index in 0..<hiddenCount {
                    let ends = layers[index + 1].ends
                    let columns = (degree == 0 ? 0 : ends[degree - 1])..<ends[degree]
                    if columns.isEmpty { continue }
                    layers[index].advance(columns, degree: degree, rowCount: rowCount, functions)
                    let outputs = layers[index].outputs
                    functions.activate(
                        activation, rowCount, outputs.base, outputs.stride, columns.lowerBound, columns.upperBound)
                    if member.isResidual[index] {
                        let inputs = layers[index].inputs
                        functions.add(
                            rowCount, inputs.base, inputs.stride, outputs.base, outputs.stride, columns.lowerBound,
                            columns.upperBound)
                    }
                }
            }
            learn(degree: 0)
            for position in 0..<variableCount {
                let places = outputPlaces(of: position)
                for index in hiddenCount..<layers.count {
                    layers[index].advance(places, degree: position, rowCount: rowCount, functions)
                }
                let column = values.base + position
                if evidence[position].isNaN {
                    let outputs = layers[hiddenCount].outputs
                    functions.mixed_draw(
                        member.variables[position], rowCount, outputs.base,
                        layers.count > hiddenCount + 1 ? layers[hiddenCount + 1].outputs.base : nil, outputs.stride,
                        inverseTemperature, uniforms + position * numberStride,
                        normals.map { $0 + position * numberStride }, column, values.stride)
                } else {
                    for row in 0..<rowCount { column[row * values.stride] = evidence[position] }
                }
                if !isBinary {
                    functions.encode(
                        member.variables[position], 1, rowCount, column, values.stride, inputs.base, inputs.stride)
                }
                learn(degree: position + 1)
            }
        }
    }

    /// Where the output units of the variable at `position` stand.
    private func outputPlaces(of position: Int) -> Range<Int> {
        let first = member.variables[position].pointee.first_output
        let isLast = position == variableCount - 1
        return first..<(isLast ? member.outputUnits.count : member.variables[position + 1].pointee.first_output)
    }
}

/// One weight layer on its way through a pass. Its pointers are the member's and the buffers'.
private struct GrowingLayer {
    let outputs: RowBlock
    /// Number of the layer's inputs of degree ≤ p, p in 0…D.
    let ends: UnsafePointer<Int>
    let inputs: RowBlock
    private let staircase: UnsafePointer<staircase_layer>
    /// log2 of the number of panels that grow together.
    private let groupShift: Int
    /// Inputs that each group has seen; −1 before its bias is in.
    private let progress: UnsafeMutablePointer<Int>

    init(
        _ layer: PackedLayer, ends: UnsafePointer<Int>, from inputs: RowBlock, to outputs: RowBlock,
        progress: UnsafeMutablePointer<Int>, groupShift: Int
    ) {
        staircase = layer.staircase
        progress.update(repeating: -1, count: layer.panelCount)
        self.progress = progress
        self.ends = ends
        self.inputs = inputs
        self.outputs = outputs
        self.groupShift = groupShift
    }

    /// Brings the groups that hold `columns` up to the inputs of degree ≤ `degree`. Columns come in ascending order.
    func advance(_ columns: Range<Int>, degree: Int, rowCount: Int, _ functions: staircase_kernels) {
        let end = ends[degree]
        let firstPanel = columns.lowerBound / PackedLayer.panelWidth
        let lastPanel = (columns.upperBound - 1) / PackedLayer.panelWidth
        for group in firstPanel >> groupShift...lastPanel >> groupShift where progress[group] != end {
            let done = progress[group]
            progress[group] = end
            // Of a group begun, the panels before the first column are complete.
            var span = staircase_span(
                first_panel: max(group << groupShift, done < 0 ? 0 : firstPanel),
                end_panel: min((group + 1) << groupShift, staircase.pointee.panels), first_input: max(done, 0),
                end_input: end, from_bias: done < 0, floor: -.infinity, ceiling: .infinity)
            functions.multiply(staircase, &span, rowCount, inputs.base, inputs.stride, outputs.base, outputs.stride)
        }
    }
}
