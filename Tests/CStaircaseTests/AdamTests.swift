import CStaircase
import Testing

/// Steps of Adam against double precision.
@Suite struct AdamTests {
    private static let constants = staircase_adam(
        gradient_scale: 0.5, mean_share: 0.1, variance_share: 0.001, rate: 0.02, variance_correction: 20, epsilon: 1e-8,
        kept: 0.99, threshold: 0.02, average_share: 0.3)

    /// Parameters, gradient, moments and averages [5 × count] before a step.
    private func start(_ count: Int) -> [[Float]] {
        var generator = Generator(state: UInt64(count))
        // The last step may read, and write back, what lies behind the last parameter.
        let padded = count + 15
        return [
            generator.floats(padded), generator.floats(padded), generator.floats(padded),
            generator.floats(padded, in: 0...1), generator.floats(padded),
        ]
    }

    /// Parameters, moments and averages [4 × count] after a step of the first `count` of `values`.
    private func stepped(_ path: Path, _ values: [[Float]], count: Int) -> [[Float]] {
        var parameters = values[0]
        var means = values[2]
        var variances = values[3]
        var averages = values[4]
        var constants = Self.constants
        path.functions.adam_step(&constants, count, &parameters, values[1], &means, &variances, &averages)
        return [parameters, means, variances, averages]
    }

    @Test(arguments: Path.all) func aStepIsThePapers(path: Path) {
        let before = start(500)
        let after = stepped(path, before, count: 500)
        var shrunkCount = 0
        for index in 0..<500 {
            var values = before.map { Double($0[index]) }
            values[1] *= 0.5
            let mean = 0.9 * values[2] + 0.1 * values[1]
            let variance = 0.999 * values[3] + 0.001 * values[1] * values[1]
            let moved = values[0] * 0.99 - 0.02 * mean / ((variance * 20).squareRoot() + 1e-8)
            let size = max(abs(moved) - 0.02, 0)
            let parameter = moved < 0 ? -size : size
            if size == 0 { shrunkCount += 1 }
            #expect(abs(Double(after[0][index]) - parameter) < 1e-6)
            #expect(abs(Double(after[1][index]) - mean) < 1e-6)
            #expect(abs(Double(after[2][index]) - variance) < 1e-6)
            #expect(abs(Double(after[3][index]) - (0.7 * values[4] + 0.3 * parameter)) < 1e-6)
        }
        #expect(shrunkCount > 0)
    }

    @Test(arguments: Path.all) func onlyTheNamedParametersChange(path: Path) {
        for count in 0...40 {
            let before = start(48)
            let after = stepped(path, before, count: count)
            let whole = stepped(path, before, count: 48)
            for (place, values) in [0, 2, 3, 4].enumerated() {
                #expect(after[place].prefix(count) == whole[place].prefix(count), "\(count) parameters")
                #expect(after[place].dropFirst(count) == before[values].dropFirst(count), "\(count) parameters")
            }
        }
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        let before = start(333)
        let bits = Path.fused.map { path in
            stepped(path, before, count: 333).map { values in values.map(\.bitPattern) }
        }
        #expect(bits.allSatisfy { $0 == bits.first })
    }
}
