import CStaircase
import Testing

struct MultiplyTests {
    @Test(arguments: Path.all) func everyShapeAgreesWithDoublePrecision(path: Path) {
        for seed in UInt64(0)..<150 {
            var generator = Generator(state: seed)
            let staircase = Staircase(
                inputCount: Int.random(in: 0...90, using: &generator),
                outputCount: Int.random(in: 1...200, using: &generator), areHalves: seed % 3 == 0, using: &generator)
            let rows = Int.random(in: 1...40, using: &generator)
            let x = generator.floats(rows * staircase.inputCount, zeros: [0, 0.3, 0.7, 1][Int(seed % 4)])
            let y = staircase.multiply(path.functions, rows: rows, x: x, spans: [staircase.span()])
            var worst = 0.0
            for row in 0..<rows {
                for output in 0..<staircase.outputCount {
                    var exact = Double(staircase.bias[output])
                    for input in 0..<staircase.depths[output] {
                        exact += Double(staircase.weight[output][input]) * Double(x[row * staircase.inputCount + input])
                    }
                    let fast = Double(y[row * staircase.panelCount * 16 + output])
                    worst = max(worst, fast.isNaN ? .infinity : abs(fast - exact))
                }
            }
            #expect(worst < 1e-5, "seed \(seed)")
        }
    }

    /// The bit contract itself: one chain of fused multiply-adds in ascending order.
    @Test(arguments: Path.fused) func everyOutputIsOneFusedChain(path: Path) {
        for seed in UInt64(0)..<60 {
            var generator = Generator(state: 1000 + seed)
            let staircase = Staircase(
                inputCount: Int.random(in: 0...70, using: &generator),
                outputCount: Int.random(in: 1...150, using: &generator), areHalves: seed % 3 == 0, using: &generator)
            let rows = Int.random(in: 1...30, using: &generator)
            let x = generator.floats(rows * staircase.inputCount, zeros: [0, 0.3, 0.7, 1][Int(seed % 4)])
            let y = staircase.multiply(path.functions, rows: rows, x: x, spans: [staircase.span()])
            var different = 0
            for row in 0..<rows {
                for output in 0..<staircase.outputCount {
                    var chain = staircase.bias[output]
                    for input in 0..<staircase.depths[output] {
                        chain.addProduct(staircase.weight[output][input], x[row * staircase.inputCount + input])
                    }
                    // Zeros are left out where rows are few: what they change is no more than the sign of a zero.
                    if y[row * staircase.panelCount * 16 + output] != chain { different += 1 }
                }
            }
            #expect(different == 0, "seed \(seed)")
        }
    }

    @Test(arguments: Path.all, [false, true]) func bitsDoNotDependOnTheRowsAround(path: Path, areHalves: Bool) {
        var generator = Generator(state: 7)
        let staircase = Staircase(inputCount: 61, outputCount: 147, areHalves: areHalves, using: &generator)
        let rowsMax = 200
        let x = generator.floats(rowsMax * 61, zeros: 0.5)
        let width = staircase.panelCount * 16
        let alone = (0..<rowsMax).flatMap { row in
            staircase.multiply(
                path.functions, rows: 1, x: Array(x[row * 61..<row * 61 + 61]), spans: [staircase.span()])
        }
        for rows in 1...rowsMax where rows < 40 || rows % 23 == 0 || rows == rowsMax {
            let together = staircase.multiply(path.functions, rows: rows, x: x, spans: [staircase.span()])
            #expect(together == Array(alone[..<(rows * width)]), "\(rows) rows")
        }
    }

    @Test(arguments: Path.all) func piecesHaveTheBitsOfTheWhole(path: Path) {
        for seed in UInt64(0)..<60 {
            var generator = Generator(state: 2000 + seed)
            let staircase = Staircase(
                inputCount: Int.random(in: 1...70, using: &generator),
                outputCount: Int.random(in: 1...150, using: &generator), areHalves: seed % 3 == 0, using: &generator)
            // A single row, as sampling has it, takes a way of its own.
            let rows = seed % 3 == 1 ? 1 : Int.random(in: 1...30, using: &generator)
            let x = generator.floats(rows * staircase.inputCount, zeros: [0, 0.3, 0.7, 1][Int(seed % 4)])
            let whole = staircase.multiply(
                path.functions, rows: rows, x: x, spans: [staircase.span(floor: 0, ceiling: 1)])
            let cut = Int.random(in: 0...staircase.panelCount, using: &generator)
            var spans: [staircase_span] = []
            for panels in [0..<cut, cut..<staircase.panelCount] {
                let first = Int.random(in: 0...staircase.inputCount, using: &generator)
                let second = Int.random(in: first...staircase.inputCount, using: &generator)
                for inputs in [0..<first, first..<second, second..<staircase.inputCount] {
                    let isLast = inputs.upperBound == staircase.inputCount && spans.count % 3 == 2
                    spans.append(
                        staircase_span(
                            first_panel: panels.lowerBound, end_panel: panels.upperBound,
                            first_input: inputs.lowerBound,
                            end_input: inputs.upperBound, from_bias: spans.count % 3 == 0,
                            floor: isLast ? 0 : -.infinity, ceiling: isLast ? 1 : .infinity))
                }
            }
            #expect(staircase.multiply(path.functions, rows: rows, x: x, spans: spans) == whole, "seed \(seed)")
        }
    }

    /// More inputs than are looked at together.
    @Test(arguments: Path.all, [false, true]) func deepSumsLeaveOutZerosAndNothingElse(path: Path, areHalves: Bool) {
        var generator = Generator(state: 11)
        let staircase = Staircase(inputCount: 2500, outputCount: 24, areHalves: areHalves, using: &generator)
        for zeros in [0, 0.5, 0.98] {
            for rows in [1, 3] {
                let x = generator.floats(rows * 2500, zeros: zeros).map { $0 * 0.01 }
                let y = staircase.multiply(
                    path.functions, rows: rows, x: x, spans: [staircase.span(floor: -0.3, ceiling: 0.3)])
                for row in 0..<rows {
                    for output in 0..<staircase.outputCount {
                        let exact = (0..<staircase.depths[output]).reduce(Double(staircase.bias[output])) {
                            $0 + Double(staircase.weight[output][$1]) * Double(x[row * 2500 + $1])
                        }
                        let error = abs(
                            Double(y[row * staircase.panelCount * 16 + output]) - min(max(exact, -0.3), 0.3))
                        #expect(error < 5e-6, "zeros \(zeros), \(rows) rows, output \(output)")
                    }
                }
            }
        }
    }

    @Test(arguments: Path.all) func everyHalfIsItsNumber(path: Path) {
        var generator = Generator(state: 5)
        let finite = (UInt16.min...UInt16.max).filter { Float16(bitPattern: $0).isFinite }
        for first in stride(from: 0, to: finite.count, by: 1024) {
            var staircase = Staircase(inputCount: 1, outputCount: 1024, areHalves: true, using: &generator)
            staircase.depths = [Int](repeating: 1, count: 1024)
            let halves = finite[first..<first + 1024].map { Float16(bitPattern: $0) }
            staircase.weight = halves.map { [Float($0)] }
            staircase.bias = [Float](repeating: 0, count: 1024)
            for rows in [1, 6] {
                let y = staircase.multiply(
                    path.functions, rows: rows, x: [Float](repeating: 1, count: rows), spans: [staircase.span()])
                #expect(Array(y.suffix(1024)) == halves.map(Float.init), "from \(halves[0]), \(rows) rows")
            }
        }
    }

    @Test(arguments: Path.all) func anOverflowingSumIsClampedToAFiniteNumber(path: Path) {
        var generator = Generator(state: 3)
        var staircase = Staircase(inputCount: 4, outputCount: 2, using: &generator)
        staircase.depths = [4, 4]
        staircase.weight = [[3e38, 3e38, 3e38, -3e38], [-3e38, -3e38, -3e38, 3e38]]
        let y = staircase.multiply(
            path.functions, rows: 1, x: [1, 1, 1, 1],
            spans: [staircase.span(floor: -.greatestFiniteMagnitude, ceiling: .greatestFiniteMagnitude)])
        #expect(y[0] == .greatestFiniteMagnitude)
        #expect(y[1] == -.greatestFiniteMagnitude)
    }
}
