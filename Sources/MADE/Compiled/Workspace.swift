extension CompiledModel {
    /// Scratch memory of one thread, for the model that made it.
    public final class Workspace {
        /// Rows that go through all layers together.
        public let chunkRowCount: Int
        let sums: AlignedBuffer<Double>
        /// Of one row's surprisals [D].
        let averages: AlignedBuffer<Double>
        private let memory: AlignedBuffer<Float>
        private let inputStride: Int
        private let hiddenStride: Int
        private let outputStride: Int
        private let valuesStride: Int

        /// What sampling, explaining and candidates need beyond scoring, made by the first call of each.
        var sampling: SamplingBuffers?
        var explaining: AlignedBuffer<Float>?
        var candidates: CandidateBuffers?
        /// Passes of rows that are done with, for the next ones.
        var rowPasses: [[MemberPass]] = []

        init(for model: CompiledModel) {
            inputStride = RowBlock.stride(width: model.layout.inputUnitCount)
            outputStride = RowBlock.stride(width: model.layout.outputUnitCount)
            hiddenStride = RowBlock.stride(
                width: model.members.flatMap { $0.layers.dropLast().map(\.outputCount) }.max() ?? 0)
            valuesStride = model.isBinary ? 0 : RowBlock.stride(width: model.variableCount)
            let rowSize = inputStride + 2 * hiddenStride + 2 * outputStride + valuesStride
            chunkRowCount = Self.chunkRowCount(floatsPerRow: rowSize)
            memory = AlignedBuffer(count: chunkRowCount * rowSize + PackedLayer.panelWidth)
            sums = AlignedBuffer(count: chunkRowCount * model.members.count)
            averages = AlignedBuffer(count: model.variableCount)
        }

        /// As many rows as keep a chunk in the second-level cache beside the weights in use, and no fewer than use the
        /// weights well: 96 to 192, whole tiles; fewer only where those would take more than 256 MiB.
        private static func chunkRowCount(floatsPerRow: Int) -> Int {
            let rowBytes = floatsPerRow * MemoryLayout<Float>.stride
            let rows = min(max(512 * 1024 / rowBytes / 48 * 48, 96), 192)
            return min(rows, max(256 << 20 / rowBytes / 12 * 12, 12))
        }

        /// The chunk's input units in a member's order [inputs].
        var inputs: RowBlock { RowBlock(base: memory.base, stride: inputStride) }
        /// The outputs of hidden layer `layer`, in one of two places that the layers take in turn [units].
        func hidden(_ layer: Int) -> RowBlock {
            let start = inputStride + layer % 2 * hiddenStride
            return RowBlock(base: memory.base + chunkRowCount * start, stride: hiddenStride)
        }
        /// The output layer [outputs].
        var outputs: RowBlock {
            RowBlock(base: memory.base + chunkRowCount * (inputStride + 2 * hiddenStride), stride: outputStride)
        }
        /// What the direct connections add to it [outputs].
        var direct: RowBlock {
            RowBlock(
                base: memory.base + chunkRowCount * (inputStride + 2 * hiddenStride + outputStride),
                stride: outputStride)
        }
        /// The chunk's values in a member's order [D], where they are not the input units.
        var values: RowBlock {
            RowBlock(
                base: memory.base + chunkRowCount * (inputStride + 2 * hiddenStride + 2 * outputStride),
                stride: valuesStride)
        }
    }
}
