import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// How values are encoded, and in which order.
@Suite struct EncodingChoiceTests {
    @Test func heapedColumnsComeBeforeTheNumbersThatWouldTellThem() throws {
        var generator = PhiloxGenerator(seed: 6)
        let columns = ["measured", "label", "few", "fewer", "counted"]
        var rows: [Double] = []
        for row in 0..<10_000 {
            rows += [Double(generator.uniform())] + [row % 3, row % 8, row % 4, row].map { Double($0) }
        }
        let table = Table(columns: columns, rows: rows)
        let labels = Categories(labels: ["x", "y", "z"])
        let kinds: [TableSchema.Kind] = [
            .real(step: nil), .categorical(labels), .real(step: 1), .real(step: 1), .real(step: 1),
        ]
        let schema = TableSchema(columns: zip(columns, kinds).map { .init(name: $0, kind: $1) })
        let encoder = TableEncoder(schema, rows: table, options: TrainingOptions())
        let variables = encoder.variables
        let (all, few) = (encoder.encode(table), encoder.encode(table.rows(0..<9999)))
        for seed: UInt64 in 0..<20 {
            var generator = PhiloxGenerator(seed: seed)
            let drawn = Ordering.random(count: 5, using: &generator)
            let arranged = drawn.heapedFirst(variables, all)
            // Labels stay where they are; whole numbers that are never seen twice are no heaps.
            #expect(arranged.positions[1] == drawn.positions[1], "seed \(seed)")
            #expect(arranged.variables.filter { $0 != 1 }.prefix(2) == [3, 2], "seed \(seed)")
            #expect((arranged.positions[0] < arranged.positions[4]) == (drawn.positions[0] < drawn.positions[4]))
            #expect(drawn.heapedFirst(variables, few) == drawn, "of few rows")
        }
    }

    @Test func numbersOfManyDecadesAreEncodedByTheirLogarithm() {
        var generator = PhiloxGenerator(seed: 3)
        func normals(_ count: Int) -> [Double] {
            (0..<count).map { _ in
                let radius = (-2 * log(1 - Double(generator.uniform()))).squareRoot()
                return radius * cos(2 * .pi * Double(generator.uniform()))
            }
        }
        func width(_ numbers: [Double]) -> Double? { EncodingChoice.transform(for: numbers).linearWidth }
        let logarithms = normals(400)
        let amounts = logarithms.map { 40 * exp(1.5 * $0) }
        #expect(width(amounts) != nil)
        // Whatever the unit, and the side of 0.
        #expect(width(amounts.map { 1024 * $0 }) == width(amounts).map { 1024 * $0 })
        #expect(width(amounts.map(-)) == width(amounts))
        // Of very many numbers some stand for all.
        let many = (0..<1000).flatMap { _ in amounts }
        #expect(width(many) != nil && width(many) == width((0..<100_000).map { many[4 * $0] }))
        // Heavy tails on both sides.
        #expect(width((0..<400).map { tan(.pi * (Double($0 * 173 % 400) + 0.5 - 200) / 400) }) != nil)
        let plain = normals(400)
        #expect(width(plain) == nil && width(plain.map { 1e9 + $0 }) == nil && width(plain.map { 50 + 10 * $0 }) == nil)
        #expect(width((0..<400).map { Double($0) }) == nil)
        // A single remote number is no reason.
        #expect(width(plain.map { 50 + 10 * $0 } + [1e6]) == nil)
        #expect(width([Double](repeating: 7, count: 400)) == nil && width([]) == nil)
        #expect(width([Double](repeating: 0, count: 399) + [5]) == nil)
        #expect(width(Array(amounts.prefix(19))) == nil, "too few to tell")
        #expect(width([0, 0, 0] + (0..<17).map { _ in 1 }) == nil)
    }

    @Test func theEncodingIsChosenFromTheRowsOfTheGradientAndSharedByFolds() throws {
        func encoding(_ encoder: TableEncoder) throws -> RealEncoding {
            try #require(encoder.variables[0].kind.real)
        }
        let column = (0..<300).map { exp(Double($0 % 30) / 4) + Double($0) / 1000 }
        let schema = TableSchema(columns: [.init(name: "a", kind: .real(step: nil))])
        let table = Table(columns: ["a"], rows: column)
        let encoder = TableEncoder(schema, rows: table, options: TrainingOptions())
        let found = try encoding(encoder)
        #expect(found.linearWidth != nil && found.minimum == column.min() && found.maximum == column.max())
        // The median becomes 0 whatever the transform.
        let values = encoder.encode(table).values.sorted()
        #expect(abs(values[149] + values[150]) < 1e-5)
        let even = Table(columns: ["a"], rows: (0..<300).map { Double($0) })
        let fold = try encoding(TableEncoder(schema, rows: even, options: TrainingOptions(), like: encoder))
        #expect(fold.linearWidth == found.linearWidth && fold.maximum == 299)
        var options = TrainingOptions()
        options.choosesEncodings = false
        #expect(try encoding(TableEncoder(schema, rows: table, options: options)).linearWidth == nil)
    }

    @Test func manyRowsAreJudgedValueByValue() {
        let schema = TableSchema(columns: [.init(name: "a", kind: .real(step: nil))])
        let few = TrainingOptions.recommended(for: schema, rowCount: 9_999)
        let many = TrainingOptions.recommended(for: schema, rowCount: 30_000)
        #expect(few == TrainingOptions.recommended(for: schema))
        #expect(few.trimmedShare > 0 && few.trimmedValueShare == 0 && few.strayShare == 0)
        #expect(many.trimmedShare == 0 && many.trimmedValueShare > 0 && many.strayShare > 0)
        #expect(many.inputNoise == 0.009 && many.steps(rowCount: 21_000) == 10_000)
        let binary = TableSchema(binary: ["a"])
        #expect(TrainingOptions.recommended(for: binary, rowCount: 30_000) == TrainingOptions())
        #expect(
            TrainingOptions.recommended(for: schema, isContaminated: true, rowCount: 30_000)
                == TrainingOptions.recommended(for: schema, isContaminated: true))
    }

    @Test func encodingsAreRobustAndKnowOnlyWhatIsThere() {
        let columns = (0..<5).map { "c\($0)" }
        let schema = TableSchema(
            columns: zip(columns, [nil, nil, 1, 0.5, nil]).map { .init(name: $0, kind: .real(step: $1)) })
        // 0…8 with one far outlier and one missing; 0 but once; constant; the same in halves; never known.
        let rows: [[Double]] = (0..<9).map { row in
            let row = Double(row)
            return [row == 8 ? 1e6 : row, row == 0 ? 9 : 0, 7, row == 4 ? .nan : row / 2, .nan]
        }
        let table = Table(columns: columns, rows: rows.flatMap(\.self))
        let encodings = TableEncoder(schema, rows: table, options: TrainingOptions()).variables.map { variable in
            guard case .real(let encoding) = variable.kind else { fatalError("all are real") }
            return encoding
        }
        #expect(encodings[0].centre == 4 && abs(encodings[0].scale - 4 / 1.349) < 1e-12)
        #expect(encodings[0].minimum == 0 && encodings[0].maximum == 1e6)
        // The deviation of one 9 among nine: 9 √(1/9 · 8/9) = 2.8284.
        #expect(encodings[1].centre == 0 && abs(encodings[1].scale - 8.0.squareRoot()) < 1e-12)
        #expect(encodings[2].centre == 7 && encodings[2].scale == 1 && encodings[2].step == 1)
        #expect(encodings[3].centre == 2 && encodings[3].step == 0.5)
        #expect(encodings[4].centre == 0 && encodings[4].scale == 1 && encodings[4].minimum == nil)
        var options = TrainingOptions()
        options.isRobust = false
        let plain = TableEncoder(schema, rows: table, options: options).variables
        guard case .real(let encoding) = plain[1].kind else { return }
        #expect(encoding.centre == 1 && abs(encoding.scale - 8.0.squareRoot()) < 1e-12)
    }

    @Test func moreRowsGiveNarrowerAndMoreGaussians() {
        func encoding(_ values: [Double], step: Double? = nil, _ change: (inout TrainingOptions) -> Void = { _ in })
            -> RealEncoding?
        {
            var options = TrainingOptions()
            change(&options)
            let schema = TableSchema(columns: [.init(name: "x", kind: .real(step: step))])
            let rows = Table(columns: ["x"], values: [values])
            let variables = TableEncoder(schema, rows: rows, options: options).variables
            guard case .real(let encoding)? = variables.first?.kind else { return nil }
            return encoding
        }
        let few = encoding((0..<100).map(Double.init))
        let many = encoding((0..<27_000).map(Double.init))
        #expect(few?.scaleFloor == 0.5 && few?.componentCount == 5)
        // 200 / 27000, and √27000 / 8.
        #expect(abs((many?.scaleFloor ?? 0) - 200 / 27_000) < 1e-6 && many?.componentCount == 20)
        let some = encoding((0..<400).map(Double.init))
        #expect(abs((some?.scaleFloor ?? 0) - 8 / 20) < 1e-6)
        // Ten values, 200 rows each: the IQR is 5 or so, a quarter of a step less than the histogram's bins.
        let counts = encoding((0..<2000).map { Double($0 % 10) }, step: 1)
        #expect(counts.map { abs(Double($0.scaleFloor) - 0.25 / $0.scale) < 1e-6 } == true)
        let rare = encoding((0..<900).map { Double($0 % 10) }, step: 1)
        #expect(rare.map { Double($0.scaleFloor) > 0.25 / $0.scale } == true)
        let given = encoding((0..<5000).map { Double($0 % 10) }, step: 1) {
            $0.scaleFloor = 0.3
            $0.componentCount = 2
        }
        #expect(given?.scaleFloor == 0.3 && given?.componentCount == 2)
    }
}

extension Variable.Kind {
    fileprivate var real: RealEncoding? { if case .real(let encoding) = self { encoding } else { nil } }
}
