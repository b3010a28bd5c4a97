import CStaircase
import Foundation
import Testing

struct ActivationTests {
    /// Arguments of all magnitudes, both signs, and the ends of the range.
    private static let arguments: [Float] = {
        var generator = Generator(state: 11)
        var arguments: [Float] = [0, -0.0, 1e-30, -1e-30, 80, -80, 87.2, -87.2, 87.4, -87.4, 1e30, -1e30]
        for exponent in -24...7 {
            let scale = Float(sign: .plus, exponent: exponent, significand: 1)
            arguments += generator.floats(400, in: -scale...scale)
        }
        return arguments
    }()

    private func activated(_ path: Path, _ activation: staircase_activation) -> [Float] {
        var values = Self.arguments + [Float](repeating: 7, count: 16)
        path.functions.activate(activation, 1, &values, values.count, 0, Self.arguments.count)
        #expect(values.suffix(16) == ArraySlice(repeating: 7, count: 16))
        return Array(values.prefix(Self.arguments.count))
    }

    private func worstError(
        _ path: Path, _ activation: staircase_activation, _ exact: (Double) -> Double,
        allowed: (Double) -> Double
    ) -> Double {
        zip(Self.arguments, activated(path, activation)).map { argument, value in
            let truth = exact(Double(argument))
            return value.isFinite ? abs(Double(value) - truth) / allowed(truth) : .infinity
        }.max() ?? .infinity
    }

    @Test(arguments: Path.all) func activationsAreWithinTheirErrorBounds(path: Path) {
        // 5e-7 relative; what has underflowed counts against the smallest normal number.
        let relative = { (truth: Double) in 5e-7 * abs(truth) + 1.3e-38 }
        #expect(worstError(path, STAIRCASE_RELU, { max($0, 0) }, allowed: { _ in 1e-300 }) == 0)
        #expect(worstError(path, STAIRCASE_ELU, { $0 > 0 ? $0 : expm1($0) }, allowed: relative) < 1)
        #expect(worstError(path, STAIRCASE_TANH, tanh, allowed: relative) < 1)
        #expect(worstError(path, STAIRCASE_SIGMOID, { 1 / (1 + exp(-$0)) }, allowed: relative) < 1)
    }

    @Test(arguments: Path.all) func onlyTheNamedColumnsChange(path: Path) {
        for first in 0..<20 {
            for end in first..<40 {
                var values = [Float](repeating: -1, count: 2 * 64)
                path.functions.activate(STAIRCASE_RELU, 2, &values, 64, first, end)
                for row in 0..<2 {
                    for column in 0..<64 {
                        let isActivated = column >= first && column < end
                        #expect(values[row * 64 + column] == (isActivated ? 0 : -1))
                    }
                }
            }
        }
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        for activation in [STAIRCASE_RELU, STAIRCASE_ELU, STAIRCASE_TANH, STAIRCASE_SIGMOID] {
            let bits = Path.fused.map { path in activated(path, activation).map(\.bitPattern) }
            #expect(bits.allSatisfy { $0 == bits.first })
        }
    }

    @Test(arguments: Path.all) func infinitiesAreSaturated(path: Path) {
        let expected: [(staircase_activation, [Float])] = [
            (STAIRCASE_RELU, [0, .greatestFiniteMagnitude]), (STAIRCASE_ELU, [-1, .greatestFiniteMagnitude]),
            (STAIRCASE_TANH, [-1, 1]), (STAIRCASE_SIGMOID, [0, 1]),
        ]
        for (activation, limits) in expected {
            var values: [Float] = [-.infinity, .infinity] + [Float](repeating: 0, count: 16)
            path.functions.activate(activation, 1, &values, 2, 0, 2)
            #expect(abs(values[0] - limits[0]) < 1e-37 && values[1] == limits[1])
        }
    }
}
