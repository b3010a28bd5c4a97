internal import CStaircase

/// One layer of weights as the kernels take it: outputs and inputs sorted by degree, in panels of 16 outputs that stop where
/// the mask does.
///
/// `@unchecked Sendable`: the memory is written in `init` and only read from then on.
final class PackedLayer: @unchecked Sendable {
    static let panelWidth = Int(STAIRCASE_PANEL)

    let inputCount: Int
    let outputCount: Int
    /// Multiplications that the masks leave, a row.
    let multiplicationCount: Int
    /// All groups of panels, as floats or as halves.
    let weights: AlignedBuffer<Float>?
    let halves: AlignedBuffer<UInt16>?
    private let bias: AlignedBuffer<Float>
    /// Where each panel's weights start, and how many inputs it sees.
    let starts: AlignedBuffer<Int>
    let depths: AlignedBuffer<Int>
    private let view: AlignedBuffer<staircase_layer>

    /// Packs the weights that the masks let through.
    ///
    /// - Parameters:
    ///   - outputs: unit of each sorted output.
    ///   - inputs: unit of each sorted input.
    ///   - outputDepths: number of sorted inputs that each sorted output sees, ascending.
    ///   - weight: [out × in] by units.
    ///   - outputBias: [out] by units.
    ///   - encoding: of the inputs, to be folded into weights and biases; nil for a layer that sees no raw values.
    ///   - format: of the weights, all of which it can hold.
    init(
        outputs: [Int], inputs: [Int], depths outputDepths: [Int], weight: Matrix, bias outputBias: [Float],
        encoding: InputEncoding?, format: WeightFormat
    ) {
        let width = Self.panelWidth
        let panelCount = (outputs.count + width - 1) / width
        inputCount = inputs.count
        outputCount = outputs.count
        multiplicationCount = outputDepths.reduce(0, +)
        starts = AlignedBuffer(count: panelCount)
        depths = AlignedBuffer(count: panelCount)
        bias = AlignedBuffer(count: panelCount * width)
        let stride = Self.inputStride(format)
        var size = 0
        for panel in 0..<panelCount {
            starts.base[panel] = size + panel * width % stride
            depths.base[panel] = outputDepths[min((panel + 1) * width, outputs.count) - 1]
            if (panel + 1) * width % stride == 0 || panel == panelCount - 1 { size += depths.base[panel] * stride }
        }
        weights = format == .fp32 ? AlignedBuffer(count: size) : nil
        halves = format == .fp16 ? AlignedBuffer(count: size) : nil
        view = AlignedBuffer(count: 1)
        view.base[0] = staircase_layer(
            panels: panelCount, bias: bias.base, weights: weights.map { UnsafePointer($0.base) },
            halves: halves.map { UnsafePointer($0.base) },
            starts: UnsafePointer(starts.base), depths: UnsafePointer(depths.base))
        let rows = SortedRows(weight, inputs: inputs, encoding: encoding, format: format)
        for panel in 0..<panelCount {
            let places = panel * width..<min((panel + 1) * width, outputs.count)
            pack(rows, panel: panel, outputs: outputs[places], depths: outputDepths[places], bias: outputBias)
        }
    }

    /// Numbers from one input's weights to the next one's.
    static func inputStride(_ format: WeightFormat) -> Int {
        let numberBytes = format == .fp32 ? MemoryLayout<Float>.size : MemoryLayout<UInt16>.size
        return Int(STAIRCASE_INPUT_BYTES) / numberBytes
    }

    /// Writes the weights and biases of one panel.
    private func pack(
        _ rows: SortedRows, panel: Int, outputs: ArraySlice<Int>, depths: ArraySlice<Int>, bias outputBias: [Float]
    ) {
        for (lane, (output, depth)) in zip(outputs, depths).enumerated() {
            var sum = Double(outputBias[output])
            rows.take(output, depth: depth, lane: lane, addingTo: &sum)
            bias.base[panel * Self.panelWidth + lane] = InputEncoding.finite(sum)
        }
        let laneDepths = Array(depths)
        if let weights {
            let start = weights.base + starts.base[panel]
            rows.write(to: start, stride: Self.inputStride(.fp32), depths: laneDepths) { $0 }
        }
        if let halves {
            // No negative zero, as in `InputEncoding.finite`.
            let start = halves.base + starts.base[panel]
            rows.write(to: start, stride: Self.inputStride(.fp16), depths: laneDepths) {
                (Float16($0) + 0).bitPattern
            }
        }
    }

    /// Most bytes that the weights of `network` may take: whole groups of panels that see every input.
    static func bytesMax(_ network: MaskedNetwork) -> Int {
        let matrices = network.layers.map(\.weight) + (network.direct.map { [$0] } ?? [])
        let group = inputStride(.fp32)
        return matrices.reduce(0) { bytes, matrix in
            bytes + (matrix.rows + group - 1) / group * Int(STAIRCASE_INPUT_BYTES) * matrix.columns
        }
    }

    var panelCount: Int { starts.count }

    /// Bytes of the packed weights and biases, padding included.
    var weightBytes: Int { (weights?.byteCount ?? 0) + (halves?.byteCount ?? 0) + bias.byteCount }

    /// The kernels' view of this layer, valid as long as the layer is.
    var staircase: UnsafePointer<staircase_layer> { UnsafePointer(view.base) }
}
