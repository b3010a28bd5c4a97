internal import CStaircase

/// Scratch of a sampling pass: all layers of a block of rows at once, as each grows while variables become known.
final class SamplingBuffers {
    /// Rows of one pass.
    let rowCount: Int
    /// Values in the member's order [inputs], outputs of each hidden layer [units], the output layer and the direct
    /// connections' part of it [outputs], uniform numbers [D].
    let inputs: RowBlock
    let layers: [RowBlock]
    let direct: RowBlock
    let uniforms: RowBlock
    private let memory: AlignedBuffer<Float>

    init(for model: CompiledModel) {
        let layerCount = model.members.map(\.layers.count).max() ?? 0
        var widths = [model.layout.inputUnitCount, model.layout.outputUnitCount, model.variableCount]
        for layer in 0..<layerCount {
            widths.append(model.members.compactMap { $0.layers.dropFirst(layer).first?.outputCount }.max() ?? 0)
        }
        let strides = widths.map(RowBlock.stride(width:))
        let rowSize = strides.reduce(0, +)
        let rowCount = min(max(1024 * 1024 / (rowSize * MemoryLayout<Float>.stride) / 12 * 12, 48), 192)
        let memory = AlignedBuffer<Float>(count: rowCount * rowSize + PackedLayer.panelWidth)
        var start = 0
        let blocks = strides.map { stride in
            defer { start += rowCount * stride }
            return RowBlock(base: memory.base + start, stride: stride)
        }
        (inputs, direct, uniforms, layers) = (blocks[0], blocks[1], blocks[2], Array(blocks[3...]))
        self.rowCount = rowCount
        self.memory = memory
    }
}

/// One forward pass that draws the variables on its way: a unit is computed once, as soon as all that it sees is known.
///
/// Groups of panels are brought up to the inputs known so far when the first of their units is needed, and from then on with
/// every input that becomes known. Each sum thus stays one chain in ascending input order, and has the bits that it has in
/// scoring.
struct SamplingPass {
    let model: CompiledModel
    let member: CompiledMember
    let rowCount: Int
    let buffers: SamplingBuffers
    /// Panels that grow together: several where rows are few, so that one row's sums run side by side.
    private let groupSize: Int
    /// Inputs done of each group of each weight layer, the direct connections last; nil before its bias is in.
    private var progress: [[Int?]]

    init(model: CompiledModel, member: CompiledMember, rowCount: Int, buffers: SamplingBuffers) {
        self.model = model
        self.member = member
        self.rowCount = rowCount
        self.buffers = buffers
        let groupSize = rowCount < 4 ? 8 : 4
        self.groupSize = groupSize
        let packed = member.layers + (member.direct.map { [$0] } ?? [])
        progress = packed.map { [Int?](repeating: nil, count: ($0.panelCount + groupSize - 1) / groupSize) }
    }

    /// Fills `buffers.inputs` and the output layer, from `buffers.uniforms`; `evidence` [D] in the member's order is NaN where
    /// a variable is to be drawn.
    mutating func run(evidence: [Float], inverseTemperature: Float) {
        let functions = model.kernels.functions
        let outputs = buffers.layers[member.layers.count - 1]
        learn(degree: 0)
        for position in 0..<model.variableCount {
            advance(
                member.layers.count - 1, columns: position..<position + 1, to: member.unitEnds[outputLayer][position])
            if member.direct != nil {
                advance(member.layers.count, columns: position..<position + 1, to: position)
            }
            if evidence[position].isNaN {
                functions.draw(
                    rowCount, outputs.base + position,
                    member.direct == nil ? nil : UnsafePointer(buffers.direct.base + position),
                    outputs.stride, inverseTemperature, buffers.uniforms.base + position, buffers.uniforms.stride,
                    buffers.inputs.base + position, buffers.inputs.stride)
            } else {
                for row in 0..<rowCount {
                    buffers.inputs.base[row * buffers.inputs.stride + position] = evidence[position]
                }
            }
            learn(degree: position + 1)
        }
    }

    /// What the pass computed, as scoring would have.
    var result: ForwardResult {
        ForwardResult(
            rowCount: rowCount, inputs: buffers.inputs, outputs: buffers.layers[outputLayer],
            direct: member.direct == nil ? nil : buffers.direct.base)
    }

    private var outputLayer: Int { member.layers.count - 1 }

    /// Computes the hidden units of `degree`: all that they see is known.
    private mutating func learn(degree: Int) {
        for layer in 0..<outputLayer {
            let ends = member.unitEnds[layer + 1]
            let columns = (degree == 0 ? 0 : ends[degree - 1])..<ends[degree]
            if columns.isEmpty { continue }
            advance(layer, columns: columns, to: member.unitEnds[layer][degree])
            let block = buffers.layers[layer]
            model.kernels.functions.activate(
                model.activation.kernel, rowCount, block.base, block.stride, columns.lowerBound, columns.upperBound)
        }
    }

    /// Brings the groups that hold `columns` of weight layer `index` up to the first `end` inputs.
    private mutating func advance(_ index: Int, columns: Range<Int>, to end: Int) {
        let isDirect = index == member.layers.count
        guard let layer = isDirect ? member.direct : member.layers[index] else { return }
        let x = index == 0 || isDirect ? buffers.inputs : buffers.layers[index - 1]
        let y = isDirect ? buffers.direct : buffers.layers[index]
        let groupWidth = groupSize * PackedLayer.panelWidth
        for group in columns.lowerBound / groupWidth...(columns.upperBound - 1) / groupWidth {
            let done = progress[index][group]
            if done == end { continue }
            progress[index][group] = end
            // Columns come in ascending order: panels before the first of them are complete.
            let firstPanel = max(group * groupSize, done == nil ? 0 : columns.lowerBound / PackedLayer.panelWidth)
            let span = staircase_span(
                first_panel: firstPanel, end_panel: min((group + 1) * groupSize, layer.panelCount),
                first_input: done ?? 0,
                end_input: end, from_bias: done == nil, floor: -.infinity, ceiling: .infinity)
            layer.withStaircase {
                model.kernels.functions.multiply($0, span, rowCount, x.base, x.stride, y.base, y.stride)
            }
        }
    }
}
