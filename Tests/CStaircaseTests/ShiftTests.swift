import CStaircase
import Testing

struct ShiftTests {
    /// A row's sums, and those of rows that differ from it in a few inputs.
    private struct Case {
        let staircase: Staircase
        var ends: [Int] = []
        var inputs: [UInt32] = []
        var amounts: [Float] = []
        let from: [Float]

        init(seed: UInt64, rows: Int) {
            var generator = Generator(state: seed)
            staircase = Staircase(
                inputCount: Int.random(in: 1...90, using: &generator),
                outputCount: Int.random(in: 1...200, using: &generator), areHalves: seed % 3 == 0, using: &generator)
            from = generator.floats(staircase.panelCount * 16)
            for _ in 0..<rows {
                let count = Int.random(in: 0...3, using: &generator)
                let chosen = (0..<staircase.inputCount).shuffled(using: &generator).prefix(count).sorted()
                inputs += chosen.map(UInt32.init)
                amounts += generator.floats(chosen.count)
                ends.append(inputs.count)
            }
        }

        func run(_ path: Path, rows: Range<Int>, floor: Float = -.infinity) -> [Float] {
            let width = staircase.panelCount * 16
            let start = rows.lowerBound > 0 ? ends[rows.lowerBound - 1] : 0
            let own = ends[rows].map { $0 - start }
            let (inputs, amounts) = (Array(inputs[start...]), Array(amounts[start...]))
            var y = [Float](repeating: .nan, count: rows.count * width)
            own.withUnsafeBufferPointer { ends in
                inputs.withUnsafeBufferPointer { inputs in
                    amounts.withUnsafeBufferPointer { amounts in
                        var changes = staircase_changes(
                            first_panel: 0, end_panel: staircase.panelCount, floor: floor, ceiling: .infinity,
                            ends: ends.baseAddress, inputs: inputs.baseAddress, amounts: amounts.baseAddress)
                        staircase.withLayer { path.functions.shift($0, &changes, rows.count, from, &y, width) }
                    }
                }
            }
            return y
        }
    }

    @Test(arguments: Path.all) func sumsMoveByWhatTheInputsDo(path: Path) {
        for seed in UInt64(0)..<60 {
            let rows = Int(seed % 9) + 1
            let test = Case(seed: seed, rows: rows)
            let floor: Float = seed % 2 == 0 ? 0 : -.infinity
            let y = test.run(path, rows: 0..<rows, floor: floor)
            let width = test.staircase.panelCount * 16
            var worst = 0.0
            for row in 0..<rows {
                for output in 0..<test.staircase.outputCount {
                    var exact = Double(test.from[output])
                    for change in (row > 0 ? test.ends[row - 1] : 0)..<test.ends[row] {
                        let weight = test.staircase.weight[output][Int(test.inputs[change])]
                        exact += Double(weight) * Double(test.amounts[change])
                    }
                    worst = max(worst, abs(Double(y[row * width + output]) - max(exact, Double(floor))))
                }
            }
            #expect(worst < 1e-6, "seed \(seed)")
        }
    }

    @Test(arguments: Path.all) func bitsDoNotDependOnTheRowsAround(path: Path) {
        for seed in UInt64(0)..<6 {
            let test = Case(seed: seed, rows: 20)
            let together = test.run(path, rows: 0..<20)
            let alone = (0..<20).flatMap { test.run(path, rows: $0..<$0 + 1) }
            #expect(together.map(\.bitPattern) == alone.map(\.bitPattern), "seed \(seed)")
        }
    }
}
