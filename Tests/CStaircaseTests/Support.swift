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

    /// As a ReLU leaves them: a `share` of them zeros, some of them negative ones.
    mutating func floats(_ count: Int, zeros share: Double) -> [Float] {
        floats(count).map { value in
            Double.random(in: 0..<1, using: &self) >= share ? value : value < 0 ? -0.0 : 0
        }
    }
}

/// A staircase of random weights, kept as floats or as halves.
struct Staircase {
    var inputCount: Int
    var outputCount: Int
    var areHalves: Bool
    /// Inputs that each output sees, ascending.
    var depths: [Int]
    /// [outputs × inputs], zero where an output does not see.
    var weight: [[Float]]
    var bias: [Float]

    init(inputCount: Int, outputCount: Int, areHalves: Bool = false, using generator: inout Generator) {
        self.areHalves = areHalves
        self.inputCount = inputCount
        self.outputCount = outputCount
        depths = (0..<outputCount).map { _ in Int.random(in: 0...inputCount, using: &generator) }.sorted()
        weight = depths.map { depth in
            generator.floats(depth).map { areHalves ? Float(Float16($0)) : $0 }
                + [Float](repeating: 0, count: inputCount - depth)
        }
        bias = generator.floats(outputCount)
    }

    var panelCount: Int { (outputCount + 15) / 16 }
    var panelDepths: [Int] { (0..<panelCount).map { depths[min($0 * 16 + 16, outputCount) - 1] } }

    func withLayer<R>(_ body: (UnsafePointer<staircase_layer>) -> R) -> R {
        let groupPanels = areHalves ? 4 : 2
        var weights: [Float] = []
        var starts: [Int] = []
        for first in stride(from: 0, to: panelCount, by: groupPanels) {
            let panels = first..<min(first + groupPanels, panelCount)
            starts += panels.map { weights.count + ($0 - first) * 16 }
            for input in 0..<panelDepths[panels.upperBound - 1] {
                for output in first * 16..<(first + groupPanels) * 16 {
                    // What is behind a shallow panel is not to be read.
                    let isRead = output < panels.upperBound * 16 && input < panelDepths[output / 16]
                    let seen = isRead && output < outputCount ? weight[output][input] : 0
                    weights.append(isRead ? seen : .greatestFiniteMagnitude)
                }
            }
        }
        let bias = bias + [Float](repeating: 0, count: panelCount * 16 - outputCount)
        let halves = weights.map { min(Float16($0), .greatestFiniteMagnitude).bitPattern }
        return weights.withUnsafeBufferPointer { weights in
            halves.withUnsafeBufferPointer { halves in
                bias.withUnsafeBufferPointer { bias in
                    starts.withUnsafeBufferPointer { starts in
                        panelDepths.withUnsafeBufferPointer { depths in
                            var layer = staircase_layer(
                                panels: panelCount, bias: bias.baseAddress,
                                weights: areHalves ? nil : weights.baseAddress,
                                halves: areHalves ? halves.baseAddress : nil, starts: starts.baseAddress,
                                depths: depths.baseAddress)
                            return body(&layer)
                        }
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
