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
    private let weights: AlignedBuffer<Float>?
    private let halves: AlignedBuffer<UInt16>?
    private let bias: AlignedBuffer<Float>
    private let starts: AlignedBuffer<Int>
    private let depths: AlignedBuffer<Int>
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
        let numberBytes = format == .fp32 ? MemoryLayout<Float>.size : MemoryLayout<UInt16>.size
        // Numbers from one input's weights to the next one's.
        let stride = Int(STAIRCASE_INPUT_BYTES) / numberBytes
        var size = 0
        for panel in 0..<panelCount {
            starts.base[panel] = size + panel * width % stride
            depths.base[panel] = outputDepths[min((panel + 1) * width, outputs.count) - 1]
            if (panel + 1) * width % stride == 0 || panel == panelCount - 1 { size += depths.base[panel] * stride }
        }
        weights = format == .fp32 ? AlignedBuffer(count: size) : nil
        halves = format == .fp16 ? AlignedBuffer(count: size) : nil
        for (index, output) in outputs.enumerated() {
            let start = starts.base[index / width] + index % width
            var sum = Double(outputBias[output])
            for depth in 0..<outputDepths[index] {
                let input = inputs[depth]
                var value = weight[output, input]
                if let encoding {
                    let folded =
                        format == .fp32
                        ? encoding.folded(value, input: input) : encoding.foldedHalf(value, input: input)
                    value = folded.weight
                    sum += folded.bias
                }
                weights?.base[start + depth * stride] = value
                // No negative zero, as in `InputEncoding.finite`.
                halves?.base[start + depth * stride] = (Float16(value) + 0).bitPattern
            }
            bias.base[index] = InputEncoding.finite(sum)
        }
        view = AlignedBuffer(count: 1)
        view.base[0] = staircase_layer(
            panels: panelCount, bias: bias.base, weights: weights.map { UnsafePointer($0.base) },
            halves: halves.map { UnsafePointer($0.base) },
            starts: UnsafePointer(starts.base), depths: UnsafePointer(depths.base))
    }

    var panelCount: Int { starts.count }

    /// Bytes of the packed weights and biases, padding included.
    var weightBytes: Int { (weights?.byteCount ?? 0) + (halves?.byteCount ?? 0) + bias.byteCount }

    /// The kernels' view of this layer, valid as long as the layer is.
    var staircase: UnsafePointer<staircase_layer> { UnsafePointer(view.base) }
}
