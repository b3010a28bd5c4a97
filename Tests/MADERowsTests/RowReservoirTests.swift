import MADE
import Testing

@testable import MADERows

/// Which rows of a table are kept where there are more than may be.
@Suite struct RowReservoirTests {
    /// The rows 0 ..< `count` of a column that numbers them, in blocks of several sizes.
    private static func sample(_ limit: RowLimit, of count: Int, seed: UInt64, block: Int = 7) -> RowReservoir {
        var reservoir = RowReservoir(limit, seed: seed)
        for start in stride(from: 0, to: count, by: block) {
            let rows = (start..<min(start + block, count)).map(Double.init)
            rows.withUnsafeBufferPointer { reservoir.add($0, rowCount: rows.count) }
        }
        reservoir.sort()
        return reservoir
    }

    /// Pearson's statistic of counts that are all expected to be `expected`.
    private static func chiSquare(_ counts: [Int], expected: Double) -> Double {
        counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }

    @Test func everyRowIsKeptEquallyOften() {
        let (rowCount, keptCount, seedCount) = (40, 10, 8000)
        var counts = [Int](repeating: 0, count: rowCount)
        // Neighbours, which a sample with a pattern would keep together.
        var pairs = [Int](repeating: 0, count: rowCount / 2)
        for seed in 0..<UInt64(seedCount) {
            let kept = Self.sample(.rows(keptCount), of: rowCount, seed: seed).columns[0]
            #expect(kept.count == keptCount && Set(kept).count == keptCount && kept == kept.sorted())
            for row in kept { counts[Int(row)] += 1 }
            for row in stride(from: 0, to: rowCount, by: 2)
            where kept.contains(Double(row)) && kept.contains(Double(row + 1)) { pairs[row / 2] += 1 }
        }
        let share = Double(keptCount) / Double(rowCount)
        // Drawing without replacement shrinks the variance by (1 − share) · n / (n − 1); 99.9 % of 39 degrees are below 72.1.
        let statistic =
            Self.chiSquare(counts, expected: Double(seedCount) * share) * Double(rowCount - 1) / Double(rowCount)
            / (1 - share)
        #expect(statistic < 72.1, "\(counts)")
        // The share of samples with both; 99.9 % of 20 degrees are below 45.3.
        let both = share * Double(keptCount - 1) / Double(rowCount - 1)
        #expect(Self.chiSquare(pairs, expected: Double(seedCount) * both) / (1 - both) < 45.3, "\(pairs)")
    }

    @Test func rowsThatBecomeWiderAreASampleOfASample() {
        let (rowCount, seedCount) = (30, 6000)
        var counts = [Int](repeating: 0, count: rowCount)
        for seed in 0..<UInt64(seedCount) {
            // Twenty rows of one column fit, then ten of two.
            var reservoir = RowReservoir(.bytes(20 * RowLimit.cellBytes), seed: seed)
            for row in 0..<rowCount {
                let cells = row < 24 ? [Double(row)] : [Double(row), 1]
                cells.withUnsafeBufferPointer { reservoir.add($0, rowCount: 1) }
            }
            reservoir.sort()
            #expect(reservoir.keptCount == 10 && reservoir.columns.map(\.count) == [10, 10])
            #expect(zip(reservoir.columns[0], reservoir.columns[1]).allSatisfy { $0 < 24 ? $1.isNaN : $1 == 1 })
            for row in reservoir.columns[0] { counts[Int(row)] += 1 }
        }
        let statistic = Self.chiSquare(counts, expected: Double(seedCount) / 3) * 29 / 30 / (1 - 1.0 / 3)
        // 99.9 % of 29 degrees.
        #expect(statistic < 58.3, "\(counts)")
    }

    @Test func theSameRowsAndSeedGiveTheSameSampleHoweverTheyCome() {
        let one = Self.sample(.rows(50), of: 1000, seed: 3).columns
        for block in [1, 49, 50, 51, 1000] {
            #expect(Self.sample(.rows(50), of: 1000, seed: 3, block: block).columns == one, "blocks of \(block)")
        }
        #expect(Self.sample(.rows(50), of: 1000, seed: 4).columns != one)
    }

    @Test func whatIsHeldDoesNotGrowWithTheRows() {
        // Values and numbers of 100 rows; arrays round up to what the allocator gives them.
        let most = 2 * 100 * (MemoryLayout<Double>.size + MemoryLayout<Int>.size)
        for limit in [RowLimit.rows(100), .bytes(100 * RowLimit.cellBytes)] {
            for count in [200, 2000, 200_000] {
                var reservoir = Self.sample(limit, of: count, seed: 1, block: 150)
                #expect(reservoir.heldByteCount <= most, "\(limit), \(count) rows")
                reservoir.reserve(1_000_000)
                #expect(reservoir.heldByteCount <= most, "\(limit), \(count) rows")
            }
        }
    }

    @Test func allRowsAreKeptWhereTheyMayBe() {
        for limit in [RowLimit.rows(100), .rows(101), .rows(.max), .bytes(100 * RowLimit.cellBytes)] {
            let all = Self.sample(limit, of: 100, seed: 1)
            #expect(!all.isSampled && all.columns == [(0..<100).map(Double.init)])
        }
        #expect(Self.sample(.rows(99), of: 100, seed: 1).isSampled)
        #expect(Self.sample(.bytes(1), of: 100, seed: 1).keptCount == 1)
    }
}

/// What is found in a table of which a sample is kept.
@Suite struct SampledTableTests {
    private static let rowCount = 3000

    /// A number that tells the row, labels, a number, holes, words among numbers, and dates.
    private static func cells(_ row: Int) -> [(name: String, cell: String)] {
        [
            ("number", "\((row * 7919) % 3001).25"), ("label", "l\(row * row % 7)"), ("whole", "\(row % 40)"),
            ("hole", row % 3 == 0 ? "" : "\(row % 50).5"), ("code", row % 2 == 0 ? "007" : "\(100 + row % 9)"),
        ]
    }

    private static let csv =
        cells(0).map(\.name).joined(separator: ",") + "\n"
        + (0..<rowCount).map { cells($0).map(\.cell).joined(separator: ",") + "\n" }.joined()
    private static let ndjson = (0..<rowCount).map { row in
        "{" + cells(row).filter { !$0.cell.isEmpty }.map { "\"\($0.name)\":\"\($0.cell)\"" }.joined(separator: ",")
            + "}\n"
    }.joined()

    private static func sampled(_ text: String, _ count: Int, seed: UInt64 = 1) throws -> InferredTable {
        try infer(text) {
            $0.rowsMax = count
            $0.seed = seed
        }
    }

    @Test func keptRowsAreRowsOfTheTableInItsOrder() throws {
        for text in [Self.csv, Self.ndjson] {
            let all = try infer(text)
            let found = try Self.sampled(text, 200)
            #expect(found.isSampled && found.readRowCount == Self.rowCount && found.table.rowCount == 200)
            #expect(all.table.columns == found.table.columns)
            // The number tells the row; labels by their texts, for which class stands where is the table's own affair.
            let places = [Double: Int](uniqueKeysWithValues: all.table.values[0].enumerated().map { ($1, $0) })
            let rows = try found.table.values[0].map { try #require(places[$0]) }
            #expect(rows == rows.sorted() && Set(rows).count == 200)
            for (column, name) in found.table.columns.enumerated() {
                let sample = try Decision(found, column: name), whole = try Decision(all, column: name)
                let labels = sample.categories.map { _ in rows.map { whole.labels[$0] } }
                if let labels {
                    #expect(sample.labels == labels, "\(name)")
                } else {
                    #expect(
                        sample.values.map(\.bitPattern) == rows.map { all.table.values[column][$0].bitPattern },
                        "\(name)")
                }
            }
            #expect(try Self.sampled(text, 200).table.rows == found.table.rows)
            #expect(try Self.sampled(text, 200, seed: 2).table.rows != found.table.rows)
        }
    }

    @Test func csvNDJSONAndCompressedTextGiveTheSameRows() throws {
        let csv = try Self.sampled(Self.csv, 100).table
        #expect(try Self.sampled(Self.ndjson, 100).table.values[0] == csv.values[0])
        for bytes in [try gzip(Array(Self.csv.utf8)), try zstd(Array(Self.csv.utf8))] {
            try withTemporaryFile(bytes) { path in
                var options = SchemaOptions()
                options.labelRowsMin = 1
                options.rowsMax = 100
                let found = try Table.infer(path, options: options)
                #expect(found.table.rows == csv.rows)
            }
        }
    }

    @Test func whatFitsInTheMemoryIsTheSampleOfAsManyRows() throws {
        var options = SchemaOptions()
        options.labelRowsMin = 1
        let bytes = 100 * Self.cells(0).count * RowLimit.cellBytes
        try withTemporaryFile(Array(Self.csv.utf8)) { path in
            let scanner = try TableScanner(path: path, header: .guessed, limit: .bytes(bytes), seed: 1)
            let found = try SchemaInference.run(scanner, options).table
            let sampled = try Self.sampled(Self.csv, 100).table
            #expect(found.rowCount == 100 && found.rows == sampled.rows)
        }
    }

    @Test func aTableOfFewRowsIsTheSameToTheBit() throws {
        let all = try infer(Self.csv)
        for count in [Self.rowCount, Self.rowCount + 1, .max] {
            let found = try Self.sampled(Self.csv, count)
            #expect(!found.isSampled && found.schema == all.schema && found.facts == all.facts)
            #expect(found.remarks == all.remarks)
            #expect(found.table.values.map { $0.map(\.bitPattern) } == all.table.values.map { $0.map(\.bitPattern) })
        }
    }

    @Test func whatAColumnIsFollowsFromAllRows() throws {
        // All but the last of 2,000 rows would make these columns others than they are.
        let last = ["2", "0.5", "x", "31.01.2024", "7"]
        let text =
            "bit,whole,number,date,beside\n"
            + (0..<1999).map { "\($0 % 2),\($0 % 30),\($0 % 90),0\(1 + $0 % 9).0\(1 + $0 % 8).2024,\($0 % 7)\n" }
            .joined() + last.joined(separator: ",") + "\n"
        let found = try Self.sampled(text, 200, seed: 2)
        let names = found.schema.table.columns
        #expect(found.table.rowCount == 200 && found.table.values[0].allSatisfy { $0 < 2 })
        #expect(try Decision(found, column: "bit").isReal)
        #expect(try Decision(found, column: "whole").kind == .real(step: 0.5, resolution: 0.5))
        #expect(try Decision(found, column: "number").isReal)
        #expect(names.first { $0.name == "number" }?.missingTexts == ["x"])
        #expect(names.first { $0.name == "date" }?.clock?.form == "%d.%m.%Y")
        // No row of the table is one that cannot be read.
        #expect(try read(text, as: found).rowCount == 2000)
    }

    @Test func labelsAndTheirCountsAreThoseOfTheSample() throws {
        let text =
            "v,n\n" + (0..<5000).map { "\($0 == 4321 ? "once" : "l\($0 % 3)"),\($0 % 11).5\n" }.joined()
        let found = try Self.sampled(text, 100)
        let decision = try Decision(found)
        let categories = try #require(decision.categories)
        #expect(categories.labels == ["l0", "l1", "l2"] && categories.rowCounts.reduce(0, +) == 100)
        for (index, count) in categories.rowCounts.enumerated() {
            #expect(decision.values.count { $0 == Double(index) } == count)
        }
        // A label that no kept row has is a value that training has not seen.
        #expect(try read(text, as: found).values[0].count { $0 == -1 } == 1)
    }

    @Test func manyNumbersOfALargeTableAreNoIdentifierForWantOfRepeatsInItsSample() throws {
        // 20,000 rows of 100,000 numbers repeat; a sample of 100 has no two alike, and of so few that means nothing.
        var generator = PhiloxGenerator(seed: 5)
        let text = "v,n\n" + (0..<20_000).map { _ in "\(Int.random(in: 1...100_000, using: &generator)),1\n" }.joined()
        let decision = try Decision(Self.sampled(text, 100))
        #expect(decision.isReal)
    }

    @Test func aColumnWithoutAValueInTheSampleIsLeftOut() throws {
        let text = "v,n\n" + (0..<5000).map { "\($0 == 77 ? "1.5" : ""),\($0 % 11).5\n" }.joined()
        let decision = try Decision(Self.sampled(text, 20))
        #expect(decision.leftOut == .empty)
        let error = #expect(throws: TableError.self) {
            try infer(text) {
                $0.rowsMax = 20
                $0.choices["v"] = .real
            }
        }
        #expect(error?.problem == .columnUnsampled(kept: 20, read: 5000))
    }

    @Test func aColumnThatIsConstantInTheSampleHasASpread() throws {
        let text = "v,n\n" + (0..<5000).map { "\($0 == 4000 ? "1.5e-30" : "0"),\($0 % 11).5\n" }.joined()
        let decision = try Decision(Self.sampled(text, 20))
        #expect(decision.remarks.contains(.constant))
        guard case .real(let step?, _)? = decision.kind else {
            Issue.record("no step: \(String(describing: decision.kind))")
            return
        }
        #expect(step > 0)
    }

    @Test func aTableBesideIsSampledAlikeAndCheckedWhole() throws {
        let all = try infer(Self.csv)
        try withTemporaryFile(Array(Self.csv.utf8)) { path in
            let (table, count) = try Table.read(path, as: all.schema, limit: .rows(150), seed: 1)
            #expect(count == Self.rowCount && table.rowCount == 150)
            let sampled = try Self.sampled(Self.csv, 150).table
            #expect(table.values[0] == sampled.values[0])
        }
        let faulty = Self.csv + "x,l0,1,2.5,100\n"
        try withTemporaryFile(Array(faulty.utf8)) { path in
            _ = #expect(throws: TableError.self) { try Table.read(path, as: all.schema, limit: .rows(1), seed: 1) }
        }
    }
}
