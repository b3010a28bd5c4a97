import CStaircase
import Foundation
import Testing

/// The loss of Gaussian mixtures and its derivatives against double precision.
@Suite struct MixtureGradientTests {
    private static let floor: Float = 0.07
    private static let share: Float = 0.25
    /// Floats between two rows' outputs, more than they need.
    private static let stride = 40

    /// Values [rows] and outputs [rows × stride], `components` of each kind; the last value is far out.
    private func rows(_ count: Int, components: Int) -> (values: [Float], outputs: [Float]) {
        var generator = Generator(state: UInt64(count * 100 + components))
        var values = generator.floats(count, in: -3...3)
        values[count - 1] = 1e4
        return (values, generator.floats(count * Self.stride, in: -4...4))
    }

    private func replaced(
        _ path: Path, _ values: [Float], _ outputs: [Float], components: Int
    ) -> (nats: [Float], slopes: [Float]) {
        var slopes = outputs
        var nats = [Float](repeating: .nan, count: values.count)
        slopes.withUnsafeMutableBufferPointer { slopes in
            path.functions.mixture_gradient(
                values.count, components, Self.floor, Self.share, values, 1, slopes.baseAddress, Self.stride, &nats)
        }
        return (nats, slopes)
    }

    /// −log p(value) from one row's outputs.
    private func loss(_ value: Double, _ outputs: [Double], components: Int) -> Double {
        let logits = outputs[..<components]
        let peak = logits.max() ?? 0
        let total = peak + log(logits.reduce(0) { $0 + exp($1 - peak) })
        let terms = (0..<components).map { k in
            let deviation = Double(Self.floor) + log1p(exp(outputs[2 * components + k]))
            let distance = (value - outputs[components + k]) / deviation
            return outputs[k] - total - distance * distance / 2 - log(deviation) - log(2 * Double.pi) / 2
        }
        let largest = terms.max() ?? 0
        return -(largest + log(terms.reduce(0) { $0 + exp($1 - largest) }))
    }

    @Test(arguments: Path.all, [1, 2, 5, 13]) func lossAndSlopesAreTheReferences(path: Path, components: Int) {
        for count in [1, 15, 16, 37] {
            let (values, outputs) = rows(count, components: components)
            let (nats, slopes) = replaced(path, values, outputs, components: components)
            for row in 0..<count {
                let line = outputs[row * Self.stride..<(row + 1) * Self.stride].map(Double.init)
                let value = Double(values[row])
                let expected = loss(value, line, components: components)
                #expect(abs(Double(nats[row]) - expected) < 4e-6 * max(1, abs(expected)), "row \(row) of \(count)")
                for place in 0..<3 * components {
                    var above = line
                    var below = line
                    above[place] += 1e-5
                    below[place] -= 1e-5
                    let difference =
                        loss(value, above, components: components) - loss(value, below, components: components)
                    let slope = Double(Self.share) * difference / 2e-5
                    let found = Double(slopes[row * Self.stride + place])
                    // Far out the loss is so large that its differences lose digits.
                    let error = max(2e-5 * max(1, abs(slope)), 2e-9 * abs(expected))
                    #expect(abs(found - slope) < error, "row \(row) of \(count), output \(place)")
                }
                let rest = row * Self.stride + 3 * components..<(row + 1) * Self.stride
                #expect(slopes[rest] == outputs[rest])
            }
        }
    }

    @Test(arguments: Path.all) func whatIsNotKnownCostsNothing(path: Path) {
        let (known, outputs) = rows(20, components: 3)
        var values = known
        values[4] = .nan
        values[19] = .nan
        let (nats, slopes) = replaced(path, values, outputs, components: 3)
        for row in [4, 19] {
            #expect(nats[row] == 0)
            #expect(slopes[row * Self.stride..<row * Self.stride + 9].allSatisfy { $0 == 0 })
        }
        #expect(nats.enumerated().allSatisfy { $0.offset == 4 || $0.offset == 19 || $0.element != 0 })
    }

    @Test(arguments: Path.all) func everythingStaysFinite(path: Path) {
        let values: [Float] = [3e38, -3e38, 0, 1e20]
        var outputs = [Float](repeating: 0, count: 4 * Self.stride)
        for row in 0..<4 {
            outputs[row * Self.stride] = 1e30
            outputs[row * Self.stride + 4] = -100
            outputs[row * Self.stride + 5] = 80
        }
        let (nats, slopes) = replaced(path, values, outputs, components: 2)
        #expect(nats.allSatisfy(\.isFinite) && slopes.allSatisfy(\.isFinite), "\(nats) \(slopes)")
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        let (values, outputs) = rows(50, components: 5)
        let bits = Path.fused.map { path in
            let (nats, slopes) = replaced(path, values, outputs, components: 5)
            return (nats + slopes).map(\.bitPattern)
        }
        #expect(bits.allSatisfy { $0 == bits.first })
    }
}
