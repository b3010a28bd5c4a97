import CStaircase
import Testing

/// A processor's functions, by the instruction set's name.
///
/// `@unchecked Sendable`: pointers to functions and to constant text.
struct Path: CustomTestStringConvertible, @unchecked Sendable {
    let functions: staircase_kernels
    var testDescription: String { String(cString: functions.name) }

    /// All that this processor has.
    static let all = [STAIRCASE_PORTABLE, STAIRCASE_AVX2, STAIRCASE_AVX512].compactMap { set in
        staircase_kernels_for(set).map { Path(functions: $0.pointee) }
    }

    /// Those with fused multiply-add, which must agree to the bit.
    static let fused = all.filter { $0.testDescription != "portable" }
}

/// A small seeded generator (SplitMix64; Steele et al. 2014), so that failures can be repeated.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// A staircase of random weights.
struct Staircase {
    var inputCount: Int
    var outputCount: Int
    /// Inputs that each output sees, ascending.
    var depths: [Int]
    /// [outputs × inputs], zero where an output does not see.
    var weight: [[Float]]
    var bias: [Float]

    init(inputCount: Int, outputCount: Int, using generator: inout Generator) {
        self.inputCount = inputCount
        self.outputCount = outputCount
        depths = (0..<outputCount).map { _ in Int.random(in: 0...inputCount, using: &generator) }.sorted()
        weight = depths.map { depth in
            generator.floats(depth) + [Float](repeating: 0, count: inputCount - depth)
        }
        bias = generator.floats(outputCount)
    }

    var panelCount: Int { (outputCount + 15) / 16 }
    var panelDepths: [Int] { (0..<panelCount).map { depths[min($0 * 16 + 16, outputCount) - 1] } }

    func withLayer<R>(_ body: (UnsafePointer<staircase_layer>) -> R) -> R {
        var weights: [Float] = []
        var starts: [Int] = []
        for (panel, depth) in panelDepths.enumerated() {
            starts.append(weights.count)
            for input in 0..<depth {
                for output in panel * 16..<panel * 16 + 16 {
                    weights.append(output < outputCount ? weight[output][input] : 0)
                }
            }
        }
        let bias = bias + [Float](repeating: 0, count: panelCount * 16 - outputCount)
        return weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { bias in
                starts.withUnsafeBufferPointer { starts in
                    panelDepths.withUnsafeBufferPointer { depths in
                        var layer = staircase_layer(
                            panels: panelCount, bias: bias.baseAddress, weights: weights.baseAddress,
                            starts: starts.baseAddress, depths: depths.baseAddress)
                        return body(&layer)
                    }
                }
            }
        }
    }

    /// The whole span, from the bias.
    func span(floor: Float = -.infinity, ceiling: Float = .infinity) -> staircase_span {
        staircase_span(
            first_panel: 0, end_panel: panelCount, first_input: 0, end_input: inputCount, from_bias: true, floor: floor,
            ceiling: ceiling)
    }

    /// [rows × panels * 16] by `functions`.
    func multiply(
        _ functions: staircase_kernels, rows: Int, x: [Float], spans: [staircase_span]
    ) -> [Float] {
        var y = [Float](repeating: .nan, count: rows * panelCount * 16)
        withLayer { layer in
            for var span in spans {
                functions.multiply(layer, &span, rows, x, inputCount, &y, panelCount * 16)
            }
        }
        return y
    }
}
