import MADE
import Testing

@testable import MADERows

/// What is inferred of columns that nobody has described.
@Suite struct SchemaTests {
    /// The kind of a lone column of these cells, beside one that keeps blank lines away.
    private func kind(_ cells: [String], _ change: (inout SchemaOptions) -> Void = { _ in }) throws -> TableSchema.Kind
    {
        try infer("v,w\n" + cells.map { "\($0),1\n" }.joined(), change).schema.columns[0].kind
    }

    private static func labels(_ rows: KeyValuePairs<String, Int>) -> TableSchema.Kind {
        .categorical(Categories(labels: rows.map(\.key), rowCounts: rows.map(\.value)))
    }

    static let kinds: [(cells: [String], kind: TableSchema.Kind)] = [
        (["0", "1", "", "1.0"], .binary),
        (["0", "0"], .binary),
        (["1", "1"], .binary),
        (["1", "2", "NA"], .real(step: 1, resolution: 1)),
        (["7", "7"], .real(step: 1, resolution: 1)),
        (["-3", "0", "12"], .real(step: 1, resolution: 1)),
        (["0.25", "0.25", "0.5", "0.5", "0.75", "0.75"], .real(step: 0.01, resolution: 0.01)),
        (["0.5", "0.5"], .real(step: 0.1, resolution: 0.1)),
        (["0.123", "0.456", "0.789", "0.1"], .real(step: nil, resolution: 0.001)),
        (["0.1234567890123", "0.1234567890123", "0.9", "0.9"], .real(step: 1e-13, resolution: 1e-13)),
        (["0.12345678901234567890", "0.5"], .real(step: nil)),
        (["1e3", "2e3"], .real(step: 1, resolution: 1)),
        (["1.5e1", "2.5e1"], .real(step: 1, resolution: 1)),
        (["b", "a", "b"], labels(["a": 1, "b": 2])),
        (["007", "123", "045"], labels(["007": 1, "045": 1, "123": 1])),
        (["1", "2", "3a"], labels(["1": 1, "2": 1, "3a": 1])),
        (["true", "false"], .binary),
        (["same", "same"], labels(["same": 2])),
        (["other", "other"], labels(["other": 2])),
    ]

    @Test(arguments: kinds) func aColumnsKindFollowsFromItsCells(_ cells: [String], _ kind: TableSchema.Kind) throws {
        #expect(try self.kind(cells) == kind)
    }

    @Test func aCommonDivisorOfManyNumbersIsTheStep() throws {
        let masses = (0..<50).map { "\(2700 + 25 * ($0 * 7 % 50))" }
        #expect(try kind(masses) == .real(step: 25, resolution: 25))
        #expect(try kind(masses + ["2701"]) == .real(step: 1, resolution: 1))
        // Of few numbers it is a coincidence.
        #expect(try kind(["25", "50", "100"]) == .real(step: 1, resolution: 1))
    }

    @Test func fractionsThatRepeatOnlyInOneValueAreContinuous() throws {
        let zeros = Array(repeating: "0", count: 100)
        let different = (0..<40).map { "0.\(10_007 * ($0 + 3) + $0 % 7)" }
        #expect(try kind(zeros + different) == .real(step: nil, resolution: 1e-6))
        #expect(try kind(zeros + different + different) == .real(step: 1e-6, resolution: 1e-6))
    }

    @Test func numbersOfEverySizeAreKeptToTheBit() throws {
        var generator = PhiloxGenerator(seed: 3)
        let numbers =
            (0..<100).map { _ in Double.random(in: 5...6, using: &generator) }
            + [1_700_000_000_001, 0x1p53 - 1, -0x1p52, 1e-60, .leastNonzeroMagnitude, 1.7976931348623157e308]
        let found = try infer("t\n" + numbers.map { "\($0)\n" }.joined()) { $0.choices = ["t": .real] }
        #expect(found.table.values == [numbers])
        #expect(found.facts[0].remarks.isEmpty && found.facts[0].range == -0x1p52...1.7976931348623157e308)
    }

    @Test func rareLabelsShareAClassAndKeepTheirNames() throws {
        let text = "v\n" + "c\na\nb\na\n" + String(repeating: "d\ne\n", count: 9)
        let found = try infer(text) { $0.labelRowsMin = 5 }
        let categories = Categories(
            labels: ["d", "e", "other"], otherIndex: 2, rowCounts: [9, 9, 4], rareLabels: ["a", "b", "c"],
            rareRowCounts: [2, 1, 1])
        #expect(found.schema.columns[0].kind == .categorical(categories))
        #expect(found.table.values[0].prefix(6) == [5, 3, 4, 3, 0, 1])
        #expect(found.facts[0].remarks == [.rareLabels(count: 3, rowCount: 4, name: "other")])
        // A label of that name is one of its own.
        let named = try infer("v\nx\n" + String(repeating: "other\ne\n", count: 9)) { $0.labelRowsMin = 5 }
        let own = Categories(
            labels: ["e", "other", "(other)"], otherIndex: 2, rowCounts: [9, 9, 1], rareLabels: ["x"],
            rareRowCounts: [1])
        #expect(named.schema.columns[0].kind == .categorical(own))
        #expect(named.table.values[0].prefix(3) == [3, 1, 0])
    }

    @Test func aColumnOfNumbersTeachesHowTheFileWritesMissingValues() throws {
        let taught = try infer("n,l\n1,NA\nNA,x\n2,y\n3,null\n")
        #expect(taught.schema.columns[1].kind == Self.labels(["null": 1, "x": 1, "y": 1]))
        #expect(taught.table.rows == [["1", "-"], ["-", "1"], ["2", "2"], ["3", "0"]])
        #expect(taught.missingTexts == ["NA"] && taught.facts[1].remarks == [.labelLooksMissing("null")])
        let untaught = try infer("n,l\n1,NA\n4,x\n2,y\n3,NA\n")
        #expect(untaught.schema.columns[1].kind == Self.labels(["NA": 2, "x": 1, "y": 1]))
        #expect(untaught.facts[1].remarks == [.labelLooksMissing("NA")])
        let rare = try infer("n,l\n1,NA\n" + String(repeating: "4,x\n", count: 5)) { $0.labelRowsMin = 5 }
        #expect(rare.facts[1].remarks.contains(.labelLooksMissing("NA")))
        let asked = try infer("n,l\n1,NA\n4,x\n2,?\n?,y\n") { $0.missingTexts = ["?", "NA"] }
        #expect(asked.schema.columns[1].kind == Self.labels(["x": 1, "y": 1]))
        #expect(asked.facts.map(\.missingCount) == [1, 2])
    }

    /// Numbers that stand for missing values, in columns of few and of very many different numbers.
    @Test(arguments: [10, 3000]) func aNumberCanStandForAMissingValue(_ count: Int) throws {
        let rows = (0..<count).map { "\($0 * 7 % count).5,\($0 % 2)\n" }.joined()
        let text = "v,b\n" + rows + "-999,1\n-999.0,-999\n"
        for choices in [[:], ["v": SchemaOptions.Choice.real, "b": .binary]] {
            let found = try infer(text) {
                $0.missingTexts = ["-999"]
                $0.choices = choices
            }
            #expect(found.facts.map(\.missingCount) == [2, 1] && found.schema.columns[1].kind == .binary)
            #expect(found.facts[0].range == 0.5...Double(count) - 0.5)
            #expect(found.schema.table.columns.allSatisfy { $0.missingTexts.contains("-999") })
            #expect(found.table.rows.suffix(2) == [["-", "1"], ["-", "-"]])
        }
        let plain = try infer(text)
        #expect(plain.facts[0].missingCount == 0 && plain.facts[0].range?.lowerBound == -999)
    }

    @Test func chosenLabelsAreCountedHoweverTheyAreSpelled() throws {
        let categories = Categories(labels: ["10", "2", "other"], otherIndex: 2)
        var column = Schema.Column(name: "v")
        column.labelsAreNumbers = true
        let found = try infer("v,w\n10.0,1\n+2,1\n1e1,1\n2,1\n7,1\n7.0,1\n") {
            $0.choices = ["v": .exactly(.categorical(categories), column)]
        }
        let counted = Categories(
            labels: ["10", "2", "other"], otherIndex: 2, rowCounts: [2, 2, 2], rareLabels: ["7"], rareRowCounts: [2])
        #expect(found.schema.columns[0].kind == .categorical(counted))
        #expect(found.table.values[0] == [0, 1, 0, 1, 3, 3])
    }

    @Test func aTextAmongManyNumbersIsMissingAndNamed() throws {
        let numbers = (0..<40).map { "\($0)\n" }.joined()
        for text in [
            "v\n" + numbers + "4o\n", "v\n4o\n" + numbers, "v\n" + (0..<2000).map { "\($0)\n" }.joined() + "4o\n",
        ] {
            let found = try infer(text)
            #expect(found.schema.columns[0].kind == .real(step: 1, resolution: 1))
            #expect(found.facts[0].remarks == [.textsAmongNumbers(["4o"], rowCount: 1)])
            #expect(found.facts[0].missingCount == 1 && found.missingTexts == ["4o"])
        }
    }

    @Test func aChoiceOverridesWhatAColumnLooksLike() throws {
        let text = "a,b,c,d\n1,0,1,5\n2,1,0,6\n1,0,1,5\n"
        let found = try infer(text) {
            $0.choices = [
                "a": .categorical, "b": .real,
                "c": .exactly(.categorical(Categories(labels: ["1", "0"])), Schema.Column(name: "c")), "d": .drop,
            ]
        }
        #expect(found.leftOut.map(\.name) == ["d"] && found.leftOut[0].leftOut == .asked)
        #expect(
            found.schema.columns.map(\.kind) == [
                Self.labels(["1": 2, "2": 1]), .real(step: 1, resolution: 1), Self.labels(["1": 2, "0": 1]),
            ])
        #expect(found.table.values == [[0, 1, 0], [0, 1, 0], [0, 1, 0]])
        let labels = TableSchema.Kind.categorical(Categories(labels: ["1", "3"]))
        let misfits: [(String, SchemaOptions.Choice, Int, TableError.Problem)] = [
            ("a", .binary, 3, .cellNotBinary(text: "2")),
            ("a", .exactly(labels, Schema.Column(name: "a")), 3, .labelUnknown(text: "2", labels: ["1", "3"])),
            ("e", .real, 1, .columnMissing(present: ["a", "b", "c", "d"])),
        ]
        for (name, choice, line, problem) in misfits {
            let error = #expect(throws: TableError.self) { try infer(text) { $0.choices = [name: choice] } }
            #expect(error?.column == name && error?.line == line && error?.problem == problem)
        }
        let error = #expect(throws: TableError.self) { try infer("v\n1\nx\n") { $0.choices = ["v": .real] } }
        #expect(error?.problem == .cellNotNumber(text: "x") && error?.line == 3)
    }
}
