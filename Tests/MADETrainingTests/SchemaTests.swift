import Foundation
import MADE
import Testing

@testable import MADETraining

/// What is inferred of columns that nobody has described.
@Suite struct SchemaTests {
    private func infer(_ text: String, _ change: (inout SchemaOptions) -> Void = { _ in }) throws -> InferredTable {
        var options = SchemaOptions()
        options.labelRowsMin = 1
        change(&options)
        return try withTemporaryFile(Array(text.utf8)) { try Table.infer($0, options: options) }
    }

    /// The kind of a lone column of these cells, beside one that keeps blank lines away.
    private func kind(_ cells: [String], _ change: (inout SchemaOptions) -> Void = { _ in }) throws -> TableSchema.Kind
    {
        try infer("v,w\n" + cells.map { "\($0),1\n" }.joined(), change).schema.columns[0].kind
    }

    static let kinds: [(cells: [String], kind: TableSchema.Kind)] = [
        (["0", "1", "", "1.0"], .binary),
        (["0", "0"], .binary),
        (["1", "1"], .binary),
        (["1", "2", "NA"], .real(step: 1)),
        (["7", "7"], .real(step: 1)),
        (["-3", "0", "12"], .real(step: 1)),
        (["0.25", "0.25", "0.5", "0.5", "0.75", "0.75"], .real(step: 0.01)),
        (["0.5", "0.5"], .real(step: 0.1)),
        (["0.123", "0.456", "0.789", "0.1"], .real(step: nil)),
        (["0.1234567890123", "0.1234567890123", "0.9", "0.9"], .real(step: nil)),
        (["1e3", "2e3"], .real(step: 1)),
        (["1.5e1", "2.5e1"], .real(step: 1)),
        (["b", "a", "b"], .categorical(Categories(labels: ["a", "b"]))),
        (["007", "123", "045"], .categorical(Categories(labels: ["007", "045", "123"]))),
        (["1", "2", "3a"], .categorical(Categories(labels: ["1", "2", "3a"]))),
        (["true", "false"], .categorical(Categories(labels: ["false", "true"]))),
        (["same", "same"], .categorical(Categories(labels: ["same", "other"], otherIndex: 1))),
        (["other", "other"], .categorical(Categories(labels: ["other", "(other)"], otherIndex: 1))),
    ]

    @Test(arguments: kinds) func aColumnsKindFollowsFromItsCells(_ cells: [String], _ kind: TableSchema.Kind) throws {
        #expect(try self.kind(cells) == kind)
    }

    @Test func aCommonDivisorOfManyNumbersIsTheStep() throws {
        let masses = (0..<50).map { "\(2700 + 25 * ($0 * 7 % 50))" }
        #expect(try kind(masses) == .real(step: 25))
        #expect(try kind(masses + ["2701"]) == .real(step: 1))
        // Of few numbers it is a coincidence.
        #expect(try kind(["25", "50", "100"]) == .real(step: 1))
    }

    @Test func fractionsThatRepeatOnlyInOneValueAreContinuous() throws {
        let zeros = Array(repeating: "0", count: 100)
        let different = (0..<40).map { "0.\(10_007 * ($0 + 3) + $0 % 7)" }
        #expect(try kind(zeros + different) == .real(step: nil))
        #expect(try kind(zeros + different + different) == .real(step: 1e-6))
    }

    @Test func integersThatFloatsCannotHoldAreSaidToBeRounded() throws {
        let found = try infer("t,u\n" + (0..<50).map { "\(1_700_000_000 + 37 * $0),\($0)\n" }.joined())
        #expect(found.schema.columns[0].kind == .real(step: nil))
        guard case .imprecise(let loss)? = found.facts[0].remarks.first else {
            Issue.record("no remark: \(found.facts[0])")
            return
        }
        #expect(loss > 32 && loss <= 64)
        #expect(found.facts[1].remarks.isEmpty)
    }

    @Test func doublesOfFullPrecisionAreNoLoss() throws {
        var generator = PhiloxGenerator(seed: 3)
        let found = try infer(
            "t\n" + (0..<100).map { _ in "\(Double.random(in: 5...6, using: &generator))\n" }.joined())
        #expect(found.facts[0].remarks.isEmpty)
    }

    @Test func rareLabelsBecomeOneClass() throws {
        let text = "v\n" + "a\nb\nc\n" + String(repeating: "d\ne\n", count: 9)
        let found = try infer(text) { $0.labelRowsMin = 5 }
        #expect(found.schema.columns[0].kind == .categorical(Categories(labels: ["d", "e", "other"], otherIndex: 2)))
        #expect(found.table.values.prefix(5) == [2, 2, 2, 0, 1])
        #expect(found.facts[0].labelRowCounts == [9, 9, 3])
        #expect(found.facts[0].remarks == [.rareLabels(count: 3, rowCount: 3, name: "other")])
        // A label of that name is the class already.
        let named = try infer("v\nx\n" + String(repeating: "other\ne\n", count: 9)) { $0.labelRowsMin = 5 }
        #expect(named.schema.columns[0].kind == .categorical(Categories(labels: ["e", "other"], otherIndex: 1)))
        #expect(named.facts[0].labelRowCounts == [9, 10])
    }

    @Test func theCommonestLabelsAreKept() throws {
        let text = "v\n" + (1...9).map { String(repeating: "l\($0)\n", count: $0 * $0) }.joined()
        let found = try infer(text) { $0.labelsMax = 4 }
        let categories = Categories(labels: ["l7", "l8", "l9", "other"], otherIndex: 3)
        #expect(found.schema.columns[0].kind == .categorical(categories))
        #expect(found.facts[0].labelRowCounts == [49, 64, 81, 91])
    }

    @Test func aColumnOfNumbersTeachesHowTheFileWritesMissingValues() throws {
        let taught = try infer("n,l\n1,NA\nNA,x\n2,y\n3,null\n")
        #expect(taught.schema.columns[1].kind == .categorical(Categories(labels: ["null", "x", "y"])))
        #expect(taught.table.values[1].isNaN && taught.table.values[2].isNaN && taught.table.values[7] == 0)
        #expect(taught.missingTexts == ["NA"])
        let untaught = try infer("n,l\n1,NA\n4,x\n2,y\n3,NA\n")
        #expect(untaught.schema.columns[1].kind == .categorical(Categories(labels: ["NA", "x", "y"])))
        #expect(untaught.facts[1].remarks == [.labelLooksMissing("NA")])
        let asked = try infer("n,l\n1,NA\n4,x\n2,?\n?,y\n") { $0.missingTexts = ["?", "NA"] }
        #expect(asked.schema.columns[1].kind == .categorical(Categories(labels: ["x", "y"])))
        #expect(asked.facts.map(\.missingCount) == [1, 2])
    }

    @Test func aLabelAmongManyNumbersIsNamed() throws {
        let numbers = (0..<40).map { "\($0)\n" }.joined()
        for text in [
            "v\n" + numbers + "4o\n", "v\n4o\n" + numbers, "v\n" + (0..<2000).map { "\($0)\n" }.joined() + "4o\n",
        ] {
            let error = #expect(throws: TableError.self) { try infer(text) }
            #expect(error?.problem == .cellNotNumber(text: "4o") && error?.column == "v")
            #expect(error?.line == Array(text.split(separator: "\n")).firstIndex(of: "4o").map { $0 + 1 })
        }
    }

    @Test func aChoiceOverridesWhatAColumnLooksLike() throws {
        let text = "a,b,c,d\n1,0,1,5\n2,1,0,6\n1,0,1,5\n"
        let found = try infer(text) {
            $0.choices = [
                "a": .categorical, "b": .real, "c": .exactly(.categorical(Categories(labels: ["1", "0"]))), "d": .drop,
            ]
        }
        #expect(found.dropped == ["d"])
        #expect(
            found.schema.columns.map(\.kind) == [
                .categorical(Categories(labels: ["1", "2"])), .real(step: 1),
                .categorical(Categories(labels: ["1", "0"])),
            ])
        #expect(found.table.values == [0, 0, 0, 1, 1, 1, 0, 0, 0])
        let misfits: [(String, SchemaOptions.Choice, Int, TableError.Problem)] = [
            ("a", .binary, 3, .cellNotBinary(text: "2")),
            (
                "a", .exactly(.categorical(Categories(labels: ["1", "3"]))), 3,
                .labelUnknown(text: "2", labels: ["1", "3"])
            ),
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
