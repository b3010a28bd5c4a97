import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// Columns that follow from each other as products do.
@Suite struct RelatedLogarithmTests {
    /// A table of columns of numbers, and how its encoder transforms each.
    private func widths(
        _ columns: [[Double]], options: TrainingOptions = TrainingOptions(), like other: TableEncoder? = nil
    ) -> [Double?] {
        let encoder = TableEncoder(Self.schema(columns.count), rows: Self.table(columns), options: options, like: other)
        return encoder.variables.map { if case .real(let encoding) = $0.kind { encoding.linearWidth } else { nil } }
    }

    private static func schema(_ count: Int) -> TableSchema {
        TableSchema(columns: (0..<count).map { .init(name: "c\($0)", kind: .real(step: nil)) })
    }

    private static func table(_ columns: [[Double]]) -> Table {
        Table(columns: columns.indices.map { "c\($0)" }, values: columns)
    }

    /// Numbers that are even between two others, so that none is a logarithm for its own sake.
    private func numbers(_ count: Int, _ range: ClosedRange<Double>, _ generator: inout PhiloxGenerator) -> [Double] {
        (0..<count).map { _ in
            range.lowerBound + (range.upperBound - range.lowerBound) * Double(generator.uniform())
        }
    }

    /// Two factors, their product up to one part in a hundred, and what has nothing to do with them.
    private func products(_ count: Int = 1500, seed: UInt64) -> [[Double]] {
        var generator = PhiloxGenerator(seed: seed)
        let (a, b) = (numbers(count, 1...9, &generator), numbers(count, 20...90, &generator))
        let errors = numbers(count, 0.99...1.01, &generator)
        return [a, b, zip(zip(a, b), errors).map { $0.0 * $0.1 * $1 }, numbers(count, 1...9, &generator)]
    }

    @Test func factorsAndTheirProductAreLogarithms() {
        for seed in UInt64(0)..<4 {
            let columns = products(seed: seed)
            let found = widths(columns)
            #expect(found.prefix(3).allSatisfy { $0 != nil } && found[3] == nil, "seed \(seed): \(found)")
            for (column, width) in zip(columns, found) {
                // Nearly all numbers are above ten widths.
                if let width { #expect(column.count { $0 < 10 * width } <= column.count / 50) }
            }
            // A ratio is the same relation; so are other units, and a share of wrong rows.
            let ratio = [columns[2], columns[0], zip(columns[2], columns[0]).map { $0 / $1 }, columns[3]]
            #expect(widths(ratio).map { $0 != nil } == [true, true, true, false], "seed \(seed)")
            let scaled = columns.enumerated().map { index, column in column.map { $0 * [1024, 1, 0.25, 1][index] } }
            #expect(widths(scaled) == zip(found, [1024, 1, 0.25, 1]).map { width, unit in width.map { $0 * unit } })
            var wrong = columns
            for row in stride(from: 0, to: 1500, by: 40) { wrong[2][row] *= 3 }
            #expect(widths(wrong).map { $0 != nil } == [true, true, true, false], "seed \(seed)")
        }
    }

    /// Of four factors, each of which says less than it would of two, the product alone is better off.
    @Test func aProductOfManyIsALogarithmAlone() {
        for seed in UInt64(0)..<4 {
            var generator = PhiloxGenerator(seed: seed)
            let factors = (0..<4).map { _ in numbers(1500, 5...9, &generator) }
            let errors = numbers(1500, 0.99...1.01, &generator)
            let product = errors.indices.map { row in factors.reduce(errors[row]) { $0 * $1[row] } }
            let found = widths(factors + [product]).map { $0 != nil }
            #expect(found == [false, false, false, false, true], "seed \(seed)")
        }
    }

    @Test func whatFollowsAsASumOrNotAtAllStaysANumber() {
        var generator = PhiloxGenerator(seed: 9)
        let (a, b) = (numbers(1500, 1...9, &generator), numbers(1500, 20...90, &generator))
        #expect(widths([a, b, zip(a, b).map { $0 + $1 }]) == [nil, nil, nil])
        #expect(widths([a, b]) == [nil, nil])
        // A factor that is a part of a sum as well, which would follow no more.
        let parts = numbers(1500, 0...8, &generator)
        let product = zip(zip(a, b), numbers(1500, 0.97...1.03, &generator)).map { $0.0 * $0.1 * $1 }
        #expect(widths([a, b, product]).allSatisfy { $0 != nil })
        #expect(widths([a, b, product, parts, zip(a, parts).map { $0 + $1 }]) == [nil, nil, nil, nil, nil])
        // A loose relation: half of the product's deviation is its own.
        let loose = zip(zip(a, b), numbers(1500, 0.4...1.6, &generator)).map { $0.0 * $0.1 * $1 }
        #expect(widths([a, b, loose]) == [nil, nil, nil])
        // The logarithm of numbers below 0 is none of a product.
        let below = a.map { $0 - 5 }
        #expect(widths([below, b, zip(below, b).map { $0 * $1 }]) == [nil, nil, nil])
        // Too few rows for a regression, and columns that nothing is known of.
        #expect(widths(products(99, seed: 3)) == [nil, nil, nil, nil])
        #expect(widths([a, b, a.map { _ in .nan }, a.map { _ in 7 }]) == [nil, nil, nil, nil])
        // Numbers between which no double lies apart.
        let far = a.map { 1e-300 * pow(1e75, $0 - 1) }
        #expect(widths([far, b, zip(far, b).map { $0 * $1 }]).count == 3)
    }

    @Test func theChoiceIsThatOfTheTableAndOfItsOptions() {
        let columns = products(seed: 5)
        let whole = TableEncoder(Self.schema(4), rows: Self.table(columns), options: TrainingOptions())
        // A fold's rows may show it less clearly.
        #expect(widths(columns.map { Array($0.prefix(60)) }, like: whole) == widths(columns))
        var plain = TrainingOptions()
        plain.choosesEncodings = false
        #expect(widths(columns, options: plain) == [nil, nil, nil, nil])
        // Holes and zeros do not hide it.
        var holes = columns
        for row in stride(from: 0, to: 1500, by: 7) { holes[row % 3][row] = row % 2 == 0 ? .nan : 0 }
        #expect(widths(holes).map { $0 != nil } == [true, true, true, false])
    }

    @Test func aRelationNamesTheColumnsThatItTakes() throws {
        let columns = products(seed: 6)
        let table = Self.table(columns)
        let encoder = TableEncoder(Self.schema(4), rows: table, options: TrainingOptions())
        let rows = RegressionRows(encoder.variables, encoder.encode(table), deviationMin: 0.002)
        for column in 0..<3 {
            let relation = try #require(rows.relation(of: column))
            #expect(relation.deviation < 0.05 && Set(relation.sources) == Set(0..<3).subtracting([column]))
        }
        #expect(rows.relation(of: 3) == nil)
    }

    /// A density is per the scale of t as it is where the median lies, in the data's own units.
    @Test func theUnitOfALogarithmIsItsScaleAtTheMedian() throws {
        let columns = products(seed: 8)
        let encoder = TableEncoder(Self.schema(4), rows: Self.table(columns), options: TrainingOptions())
        for (variable, column) in zip(encoder.variables, columns) {
            guard case .real(let encoding) = variable.kind else { continue }
            #expect(abs(encoding.logVolume(at: 0)) < 1e-12)
            let median = column.sorted()[column.count / 2]
            let slope = encoding.linearWidth.map { 1 + median / $0 } ?? 1
            #expect(abs(encoding.unit - encoding.scale * slope) < 1e-2 * encoding.unit)
        }
    }
}
