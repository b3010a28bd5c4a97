import CStaircase
import Foundation
import Testing

struct BernoulliTests {
    private struct Rows {
        var count: Int
        var variables: Int
        var stride: Int
        var x: [Float]
        var z: [Float]
        var direct: [Float]

        init(scale: Float, using generator: inout Generator) {
            count = Int.random(in: 1...9, using: &generator)
            variables = Int.random(in: 1...100, using: &generator)
            // Once over the number of factors of one logarithm.
            if Int.random(in: 0..<10, using: &generator) == 0 { variables += 1100 }
            stride = variables + Int.random(in: 0...3, using: &generator)
            x = (0..<count * stride).map { _ in Bool.random(using: &generator) ? 1 : 0 }
            z = generator.floats(count * stride, in: -scale...scale)
            direct = generator.floats(count * stride, in: -scale...scale)
        }

        func surprisal(_ row: Int, _ variable: Int, direct withDirect: Bool) -> Double {
            let index = row * stride + variable
            // The sum is taken in floats: that is part of the contract, its rounding no error.
            let logit = Double(withDirect ? z[index] + direct[index] : z[index])
            let signed = x[index] == 1 ? logit : -logit
            return max(-signed, 0) + log1p(exp(-abs(signed)))
        }
    }

    @Test(arguments: Path.all) func logLikelihoodsAndSurprisalsAgreeWithDoublePrecision(path: Path) {
        for seed in UInt64(0)..<120 {
            var generator = Generator(state: seed)
            let rows = Rows(scale: [1e-3, 1, 10, 60, 1e4][Int(seed % 5)], using: &generator)
            for withDirect in [false, true] {
                var sums = [Double](repeating: .nan, count: rows.count)
                var surprisals = [Float](repeating: .nan, count: rows.count * rows.variables)
                rows.direct.withUnsafeBufferPointer { direct in
                    let direct = withDirect ? direct.baseAddress : nil
                    path.functions.log_likelihood(
                        rows.count, rows.variables, rows.x, rows.stride, rows.z, direct, rows.stride, &sums)
                    path.functions.surprisals(
                        rows.count, rows.variables, rows.x, rows.stride, rows.z, direct, rows.stride, &surprisals)
                }
                for row in 0..<rows.count {
                    let exact = (0..<rows.variables).map { rows.surprisal(row, $0, direct: withDirect) }
                    let sum = exact.reduce(0, +)
                    #expect(
                        abs(sums[row] + sum) <= 1e-6 * sum + 1.3e-38 * Double(rows.variables + 16),
                        "seed \(seed): \(sums[row]) for \(-sum)")
                    for variable in 0..<rows.variables {
                        let surprisal = Double(surprisals[row * rows.variables + variable])
                        #expect(abs(surprisal - exact[variable]) <= 5e-7 * exact[variable] + 1.3e-38, "seed \(seed)")
                    }
                }
            }
        }
    }

    @Test(arguments: Path.all) func confidentVariablesKeepTheirSmallSurprisals(path: Path) {
        // Each of these is below what 1 + e^-z can show in a float.
        let count = 784
        var sum = 0.0
        path.functions.log_likelihood(
            1, count, [Float](repeating: 1, count: count), count, [Float](repeating: 20, count: count), nil, count, &sum
        )
        #expect(abs(sum / (-784 * log1p(exp(-20))) - 1) < 1e-6)
    }

    @Test(arguments: Path.all) func extremeLogitsGiveFiniteLogLikelihoods(path: Path) {
        let logits: [Float] = [1e30, -1e30, .infinity, -.infinity, .greatestFiniteMagnitude, 0, .nan, 88, -88]
        for value in [Float(0), 1] {
            var sum = Double.nan
            var surprisals = [Float](repeating: .nan, count: logits.count)
            let x = [Float](repeating: value, count: logits.count)
            path.functions.log_likelihood(1, logits.count, x, 9, logits, nil, 9, &sum)
            path.functions.surprisals(1, logits.count, x, 9, logits, nil, 9, &surprisals)
            #expect(sum.isFinite && sum < -1e30)
            #expect(surprisals.allSatisfy { $0.isFinite && $0 >= 0 })
        }
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        var generator = Generator(state: 21)
        for _ in 0..<40 {
            let rows = Rows(scale: 10, using: &generator)
            let bits = Path.fused.map { path in
                var sums = [Double](repeating: .nan, count: rows.count)
                path.functions.log_likelihood(
                    rows.count, rows.variables, rows.x, rows.stride, rows.z, rows.direct, rows.stride, &sums)
                return sums.map(\.bitPattern)
            }
            #expect(bits.allSatisfy { $0 == bits.first })
        }
    }
}
