import MADE
import MADERows
import Testing

@testable import MADETraining

/// What one fit makes of a table whose rows it does not see all of.
@Suite struct TableEncoderTests {
    private let schema = TableSchema(columns: [
        .init(
            name: "label",
            kind: .categorical(
                Categories(
                    labels: ["x", "y", "other"], otherIndex: 2, rowCounts: [5, 2, 3], rareLabels: ["p", "q", "r"],
                    rareRowCounts: [1, 1, 1]))),
        .init(name: "flag", kind: .binary), .init(name: "number", kind: .real(step: 1, resolution: 1)),
    ])

    /// Rows of which the last three are held out; q is the label of one of them alone.
    private let table = Table(
        columns: ["label", "flag", "number"],
        values: [
            [0, 1, 0, 3, 0, 5, 0, 4, .nan, 1], [0, 1, 1, 0, .nan, 1, 0, 1, -1, 0], [1, 2, 3, 4, 5, 6, 7, 99, .nan, 8],
        ])

    @Test func aLabelThatOnlyHeldOutRowsHaveIsUnseen() throws {
        let encoder = TableEncoder(schema, rows: table.rows(0..<7), options: TrainingOptions())
        guard case .categorical(let categories) = encoder.variables[0].kind else {
            Issue.record("no labels")
            return
        }
        #expect(categories.labels == ["x", "y", "other"] && categories.rowCounts == [4, 1, 2])
        #expect(categories.rareLabels == ["p", "r"] && categories.rareRowCounts == [1, 1])
        // Of seven rows three labels were seen once.
        #expect(encoder.variables[0].unseen == UnseenValues(rowCount: 7, singletonCount: 3))
        let labels = Array(encoder.encode(table).column(0))
        #expect(labels.map(\.description) == ["0.0", "1.0", "0.0", "3.0", "0.0", "4.0", "0.0", "-1.0", "-1.0", "1.0"])
        let whole = TableEncoder(schema, rows: table, options: TrainingOptions())
        #expect(Array(whole.encode(table).column(0))[7] == 4 && Array(whole.encode(table).column(0))[5] == 5)
    }

    @Test func aMissingValueIsAnOutcomeWhereTrainingHadSome() {
        let encoder = TableEncoder(schema, rows: table.rows(0..<7), options: TrainingOptions())
        let encoded = encoder.encode(table)
        #expect(encoded.rowCount == 10 && encoded.columnCount == 3)
        let flags = Array(encoded.column(1))
        #expect(encoder.variables.map(\.hasMissing) == [false, true, false])
        #expect(flags[4] == Variable.missingValue && flags[8] == Variable.unseenValue && flags[9] == 0)
        #expect(encoder.variables[1].unseen == UnseenValues(rowCount: 6))
    }

    @Test func numbersOfHeldOutRowsChangeNoEncoding() {
        let encoder = TableEncoder(schema, rows: table.rows(0..<7), options: TrainingOptions())
        guard case .real(let encoding) = encoder.variables[2].kind else {
            Issue.record("no number")
            return
        }
        #expect(encoding.centre == 4 && encoding.minimum == 1 && encoding.maximum == 7 && encoding.step == 1)
        let numbers = Array(encoder.encode(table).column(2))
        #expect(
            numbers[8] == -Variable.missingValue && encoding.decode(numbers[7]) == 99
                && encoding.decode(numbers[0]) == 1)
    }
}
