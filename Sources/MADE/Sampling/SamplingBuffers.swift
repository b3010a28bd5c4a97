/// Scratch of a sampling pass: all layers of a block of rows at once, as each grows while variables become known.
final class SamplingBuffers {
    /// Rows of one pass.
    let rowCount: Int
    /// Values in the member's order [D]; where all variables are binary, the input units themselves.
    let values: RowBlock
    /// Input units in the member's order [inputs], outputs of each hidden layer [units], the output layer and the direct
    /// connections' part of it [outputs].
    let inputs: RowBlock
    let layers: [RowBlock]
    let direct: RowBlock
    /// Uniform numbers [D × rows of the pass]: those of one variable side by side.
    let uniforms: AlignedBuffer<Float>
    /// A second uniform number of each variable [D × rows of the pass], whence real ones get their normal; empty without any.
    let normals: AlignedBuffer<Float>
    /// The drawn rows in variable order, without gaps [rowCount × D].
    let rows: AlignedBuffer<Float>
    /// No evidence: NaN for every variable [D].
    let noEvidence: [Float]
    /// A number for each panel of all layers.
    let progress: AlignedBuffer<Int>
    private let memory: AlignedBuffer<Float>

    init(for model: CompiledModel, rowCountMax: Int) {
        let layerCount = model.members.map(\.layers.count).max() ?? 0
        var widths = [model.layout.inputUnitCount, model.layout.outputUnitCount]
        for layer in 0..<layerCount {
            widths.append(model.members.compactMap { $0.layers.dropFirst(layer).first?.outputCount }.max() ?? 0)
        }
        if !model.isBinary { widths.append(model.variableCount) }
        let strides = widths.map(RowBlock.stride(width:))
        let rowSize = strides.reduce(0, +)
        // All layers are in use all the time: a block should not be far larger than the second-level cache.
        let fitting = 1024 * 1024 / (rowSize * MemoryLayout<Float>.stride)
        let rowCount = min(max(fitting / 12 * 12, 48), rowCountMax)
        let memory = AlignedBuffer<Float>(count: rowCount * rowSize + PackedLayer.panelWidth)
        var start = 0
        let blocks = strides.map { stride in
            defer { start += rowCount * stride }
            return RowBlock(base: memory.base + start, stride: stride)
        }
        (inputs, direct, layers) = (blocks[0], blocks[1], Array(blocks[2..<2 + layerCount]))
        values = model.isBinary ? blocks[0] : blocks[2 + layerCount]
        uniforms = AlignedBuffer(count: rowCount * model.variableCount + PackedLayer.panelWidth)
        let hasReals = model.card.variables.contains(where: \.isReal)
        normals = AlignedBuffer(count: hasReals ? rowCount * model.variableCount : 0)
        noEvidence = [Float](repeating: .nan, count: model.variableCount)
        progress = AlignedBuffer(count: model.members.map(\.panelCount).max() ?? 0)
        rows = AlignedBuffer(count: rowCount * model.variableCount)
        self.rowCount = rowCount
        self.memory = memory
    }
}
