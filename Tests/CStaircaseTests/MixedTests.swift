import CStaircase
import Foundation
import Testing

/// Rows of variables of all kinds, with outputs of any size.
private struct MixedRows {
    var count: Int
    var variables: [staircase_variable] = []
    var values: [Float] = []
    let valueStride: Int
    let outputStride: Int
    var z: [Float]
    var direct: [Float]

    /// Outputs and real values within ±scale.
    init(scale: Float, rows: Int? = nil, using generator: inout Generator) {
        count = rows ?? Int.random(in: 1...40, using: &generator)
        var width = 0
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            var variable = staircase_variable()
            variable.first_output = width
            variable.kind = staircase_kind(rawValue: UInt32.random(in: 0...2, using: &generator))
            switch variable.kind {
            case STAIRCASE_CATEGORICAL:
                variable.count = UInt32(
                    Int.random(in: 1...(Bool.random(using: &generator) ? 5 : 50), using: &generator))
                width += Int(variable.count)
                if Bool.random(using: &generator) {
                    variable.surprisal_offset = Float.random(in: 0...2, using: &generator)
                }
            case STAIRCASE_REAL:
                let isLarge = Int.random(in: 0..<8, using: &generator) == 0
                variable.count = isLarge ? UInt32(STAIRCASE_GAUSSIANS_MAX) : UInt32.random(in: 1...7, using: &generator)
                width += 3 * Int(variable.count)
                variable.scale_floor = pow(10, -Float(Int.random(in: 0...4, using: &generator)))
                variable.input_bound = 5
                variable.surprisal_offset = Float(log(2 * Double.pi) / 2)
            default:
                variable.count = 1
                width += 1
            }
            variables.append(variable)
        }
        valueStride = variables.count + Int.random(in: 0...3, using: &generator)
        outputStride = width + Int.random(in: 0...3, using: &generator)
        values = [Float](repeating: .nan, count: count * valueStride)
        for row in 0..<count {
            for (index, variable) in variables.enumerated() {
                let value: Float
                switch variable.kind {
                case STAIRCASE_REAL: value = Float.random(in: -scale...scale, using: &generator)
                case STAIRCASE_CATEGORICAL: value = Float(UInt32.random(in: 0..<variable.count, using: &generator))
                default: value = Bool.random(using: &generator) ? 1 : 0
                }
                values[row * valueStride + index] = value
            }
        }
        z = generator.floats(count * outputStride + 15, in: -scale...scale)
        direct = generator.floats(count * outputStride + 15, in: -scale...scale)
    }

    private func withStaircase(_ body: (UnsafePointer<staircase_variables>) -> Void) {
        let order = variables.indices.sorted {
            (variables[$0].kind.rawValue, variables[$0].count, $0) < (
                variables[$1].kind.rawValue, variables[$1].count, $1
            )
        }
        variables.withUnsafeBufferPointer { variables in
            order.withUnsafeBufferPointer { order in
                var all = staircase_variables(
                    count: variables.count, variables: variables.baseAddress, order: order.baseAddress)
                body(&all)
            }
        }
    }

    /// Log-likelihoods [rows] and surprisals [rows × variables] of rows first ..< first + rowCount.
    func evaluate(
        _ functions: staircase_kernels, first: Int = 0, rowCount: Int? = nil, direct withDirect: Bool
    ) -> (sums: [Double], surprisals: [Float]) {
        let rowCount = rowCount ?? count
        var sums = [Double](repeating: .nan, count: rowCount)
        var surprisals = [Float](repeating: .nan, count: rowCount * variables.count)
        let values = Array(values[(first * valueStride)...])
        let z = Array(z[(first * outputStride)...])
        let direct = withDirect ? Array(direct[(first * outputStride)...]) : nil
        withStaircase { all in
            functions.mixed_log_likelihood(all, rowCount, values, valueStride, z, direct, outputStride, &sums)
            functions.mixed_surprisals(all, rowCount, values, valueStride, z, direct, outputStride, &surprisals)
        }
        return (sums, surprisals)
    }

    /// −log p, and the sum of the sizes of what was added up for it: what rounding errors are relative to.
    func exact(_ row: Int, _ index: Int, direct withDirect: Bool) -> (surprisal: Double, size: Double) {
        let variable = variables[index]
        let value = Double(values[row * valueStride + index])
        func output(_ unit: Int) -> Double {
            let place = row * outputStride + Int(variable.first_output) + unit
            return Double(withDirect ? z[place] + direct[place] : z[place])
        }
        func logSumExp(_ values: [Double]) -> Double {
            let peak = values.max() ?? 0
            return peak + log(values.reduce(0) { $0 + exp($1 - peak) })
        }
        let count = Int(variable.count)
        switch variable.kind {
        case STAIRCASE_CATEGORICAL:
            // Without the greatest term, whose logarithm is 0: log1p keeps what the sum of all would lose.
            let logits = (0..<count).map(output)
            let greatest = logits.indices.max { logits[$0] < logits[$1] } ?? 0
            let gaps = logits.indices.filter { $0 != greatest }.map { logits[greatest] - logits[$0] }
            let others = gaps.reduce(0) { $0 + exp(-$1) }
            let surprisal = logits[greatest] - logits[Int(value)] + log1p(others) + Double(variable.surprisal_offset)
            // Each difference is rounded to a float, and its exponential is off by that times itself.
            return (surprisal, surprisal + gaps.reduce(0) { $0 + $1 * exp(-$1) })
        case STAIRCASE_REAL:
            let total = logSumExp((0..<count).map(output))
            let terms = (0..<count).map { k in
                let spread = output(2 * count + k)
                let sigma = Double(variable.scale_floor) + max(spread, 0) + log1p(exp(-abs(spread)))
                let distance = (value - output(count + k)) / sigma
                return output(k) - total - distance * distance / 2 - log(sigma)
            }
            let surprisal = log(2 * Double.pi) / 2 - logSumExp(terms)
            return (surprisal, max(abs(surprisal), 10))
        default:
            let logit = value == 1 ? output(0) : -output(0)
            let surprisal = max(-logit, 0) + log1p(exp(-abs(logit)))
            return (surprisal, surprisal)
        }
    }
}

struct MixedTests {
    @Test(arguments: Path.all) func surprisalsAgreeWithDoublePrecision(path: Path) {
        let relative = 1e-6
        var worst = 0.0
        for seed in UInt64(0)..<200 {
            var generator = Generator(state: seed)
            let rows = MixedRows(scale: [1e-3, 1, 8, 60, 1e4][Int(seed % 5)], using: &generator)
            for withDirect in [false, true] {
                let (sums, surprisals) = rows.evaluate(path.functions, direct: withDirect)
                for row in 0..<rows.count {
                    var sum = 0.0
                    var size = 0.0
                    for index in rows.variables.indices {
                        let exact = rows.exact(row, index, direct: withDirect)
                        let found = Double(surprisals[row * rows.variables.count + index])
                        // What has underflowed counts as the smallest normal number, a term.
                        let error = abs(found - exact.surprisal) / (exact.size + 1e-30)
                        worst = max(worst, found.isNaN ? .infinity : error)
                        sum += exact.surprisal
                        size += exact.size
                    }
                    #expect(abs(sums[row] + sum) <= relative * (size + 1e-30), "seed \(seed), row \(row)")
                }
            }
        }
        #expect(worst < relative)
    }

    @Test(arguments: Path.all) func aRowHasTheSameBitsWhateverIsBesideIt(path: Path) {
        for seed in UInt64(0)..<40 {
            var generator = Generator(state: 300 + seed)
            let rows = MixedRows(scale: 5, rows: 40, using: &generator)
            let together = rows.evaluate(path.functions, direct: true)
            let width = rows.variables.count
            for (first, count) in (0..<40).map({ ($0, 1) }) + [(0, 2), (3, 7), (5, 15), (7, 16), (1, 17), (2, 33)] {
                let some = rows.evaluate(path.functions, first: first, rowCount: count, direct: true)
                #expect(some.sums.map(\.bitPattern) == together.sums[first..<first + count].map(\.bitPattern))
                #expect(
                    some.surprisals.map(\.bitPattern)
                        == together.surprisals[first * width..<(first + count) * width].map(\.bitPattern))
            }
        }
    }

    @Test func theBitsAreThoseOfEveryFusedInstructionSet() {
        for seed in UInt64(0)..<40 {
            var generator = Generator(state: 600 + seed)
            let rows = MixedRows(scale: 5, using: &generator)
            let results = Path.fused.map { rows.evaluate($0.functions, direct: true) }
            #expect(results.allSatisfy { $0.sums == results[0].sums && $0.surprisals == results[0].surprisals })
        }
    }

    /// Any output, any value, any constants: finite, and within the bound that the header tells.
    @Test(arguments: Path.all) func anythingGivesBoundedSurprisals(path: Path) {
        let extremes: [Float] = [
            0, 1, -1, 1e-38, 87, -88, 1e15, -1e15, 1e30, -1e30, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .infinity, -.infinity, .nan,
        ]
        for seed in UInt64(0)..<120 {
            var generator = Generator(state: 900 + seed)
            var rows = MixedRows(scale: 5, using: &generator)
            for index in rows.z.indices {
                if Bool.random(using: &generator) { rows.z[index] = extremes.randomElement(using: &generator) ?? 0 }
                if Bool.random(using: &generator) {
                    rows.direct[index] = extremes.randomElement(using: &generator) ?? 0
                }
            }
            for index in rows.values.indices where Bool.random(using: &generator) {
                rows.values[index] = extremes.randomElement(using: &generator) ?? 0
            }
            for index in rows.variables.indices where Bool.random(using: &generator) {
                rows.variables[index].scale_floor = [1e-38, 1e38].randomElement(using: &generator) ?? 1
            }
            let (sums, surprisals) = rows.evaluate(path.functions, direct: seed % 2 == 0)
            #expect(surprisals.allSatisfy { $0 >= -1e3 && $0 <= 1e30 }, "seed \(seed)")
            #expect(sums.allSatisfy { abs($0) <= 1.01e30 * Double(rows.variables.count) }, "seed \(seed)")
        }
    }

    @Test(arguments: Path.all) func aConfidentLabelKeepsItsSmallSurprisal(path: Path) {
        var variable = staircase_variable()
        variable.kind = STAIRCASE_CATEGORICAL
        variable.count = 3
        var surprisal = Float.nan
        var order = 0
        var all = staircase_variables(count: 1, variables: nil, order: nil)
        let z: [Float] = [20, 0, -1] + [Float](repeating: .nan, count: 13)
        withUnsafePointer(to: &variable) { variable in
            withUnsafePointer(to: &order) { order in
                all.variables = variable
                all.order = order
                path.functions.mixed_surprisals(&all, 1, [0], 1, z, nil, 3, &surprisal)
            }
        }
        let exact = log1p(exp(-20.0) + exp(-21.0))
        #expect(abs(Double(surprisal) / exact - 1) < 5e-7)
    }

    @Test(arguments: Path.all) func valuesBecomeInputUnits(path: Path) {
        var variables = [staircase_variable](repeating: staircase_variable(), count: 3)
        variables[0].kind = STAIRCASE_CATEGORICAL
        variables[0].count = 21
        variables[1].kind = STAIRCASE_REAL
        variables[1].count = 2
        variables[1].first_input = 21
        variables[1].input_bound = 5
        variables[2].kind = STAIRCASE_BINARY
        variables[2].count = 1
        variables[2].first_input = 22
        let values: [Float] = [
            20, 2, 1, .nan, 0, -3, 0, .nan, 3, -.infinity, 1, .nan, .nan, .nan, 0.5, .nan, -1, 3e38, 1, 0,
        ]
        // A label below 0 is all labels alike.
        let expected: [(label: Int?, others: Float, unit: Float)] = [
            (20, 0, 2), (0, 0, -3), (3, 0, -5), (nil, 0, -5), (nil, 1 / 21, 5),
        ]
        var units = [Float](repeating: 7, count: 5 * 25)
        path.functions.encode(variables, 3, 5, values, 4, &units, 25)
        for (row, expected) in expected.enumerated() {
            let found = Array(units[row * 25..<row * 25 + 25])
            #expect(Array(found[..<21]) == (0..<21).map { $0 == expected.label ? 1 : expected.others }, "row \(row)")
            #expect(found[21] == expected.unit && found[22] == values[row * 4 + 2] && found[23...] == [7, 7])
        }
    }

    @Test(arguments: Path.all) func aSumStaysFiniteAndKeepsToItsColumns(path: Path) {
        let most = Float.greatestFiniteMagnitude
        for first in 0..<20 {
            for end in first..<40 {
                let x = (0..<2 * 64).map { $0 % 3 == 0 ? most : $0 % 3 == 1 ? -most : 0.5 }
                var y = x
                path.functions.add(2, x, 64, &y, 64, first, end)
                for index in y.indices {
                    let isAdded = index % 64 >= first && index % 64 < end
                    let sum = max(min(x[index] + x[index], most), -most)
                    #expect(y[index] == (isAdded ? sum : x[index]))
                }
            }
        }
    }
}
