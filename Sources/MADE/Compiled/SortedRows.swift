/// The rows of a weight matrix with their inputs sorted, on their way into a panel.
///
/// A panel has the weights of its outputs side by side, an input after the other. Each row is first sorted for itself, and
/// then all of them are written together, some inputs at a time: so every access is either to neighbours or within one row,
/// which a cache holds, however wide the table is.
struct SortedRows {
    private let weight: Matrix
    private let inputs: [Int]
    /// Of the sorted inputs.
    private let encoding: InputEncoding?
    private let format: WeightFormat
    /// [lanes of a panel × inputs].
    private let rows: AlignedBuffer<Float>
    /// One row as it is [inputs]: it comes from memory from front to back, and is then sorted within the cache.
    private let unsorted: AlignedBuffer<Float>

    /// Rows of `weight` [out × in]; `inputs` is the unit of each sorted input.
    init(_ weight: Matrix, inputs: [Int], encoding: InputEncoding?, format: WeightFormat) {
        self.weight = weight
        self.inputs = inputs
        self.encoding = encoding?.sorted(by: inputs)
        self.format = format
        rows = AlignedBuffer(count: PackedLayer.panelWidth * inputs.count)
        unsorted = AlignedBuffer(count: weight.columns)
    }

    /// Sorts the first `depth` inputs of row `output` into `lane`; what their encoding adds to the bias is added to `bias`.
    func take(_ output: Int, depth: Int, lane: Int, addingTo bias: inout Double) {
        let row = UnsafeMutableBufferPointer(start: rows.base + lane * inputs.count, count: depth)
        weight.elements.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            unsorted.base.update(from: weights + output * weight.columns, count: weight.columns)
        }
        inputs.withUnsafeBufferPointer { inputs in
            for place in row.indices { row[place] = unsorted.base[inputs[place]] }
        }
        encoding?.fold(row, as: format, addingTo: &bias)
    }

    /// Writes all lanes side by side, `stride` numbers from an input to the next; `depths` ascend, a lane each.
    func write<Number>(
        to target: UnsafeMutablePointer<Number>, stride: Int, depths: [Int], _ number: (Float) -> Number
    ) {
        let blockSize = 64
        for start in Swift.stride(from: 0, to: depths.last ?? 0, by: blockSize) {
            for (lane, depth) in depths.enumerated() where depth > start {
                let row = rows.base + lane * inputs.count
                for place in start..<min(start + blockSize, depth) {
                    target[place * stride + lane] = number(row[place])
                }
            }
        }
    }
}
