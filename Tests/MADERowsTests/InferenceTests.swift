import MADE
import Testing

@testable import MADERows

/// What was decided of a column named v.
struct Decision {
    let leftOut: Schema.LeftOut?
    let column: Schema.Column
    let kind: TableSchema.Kind?
    let remarks: [ColumnFacts.Remark]
    let values: [Double]
    let found: InferredTable

    /// Of a table of these cells and a column beside them.
    init(_ cells: [String], _ change: (inout SchemaOptions) -> Void = { _ in }) throws {
        let text = "v,beside\n" + cells.enumerated().map { "\($1.inCSV),\($0 * 7 % 11).5\n" }.joined()
        try self.init(infer(text, change))
    }

    init(_ found: InferredTable, column name: String = "v") throws {
        self.found = found
        column = try #require(found.schema.table.columns.first { $0.name == name })
        leftOut = column.leftOut
        let index = found.schema.names.firstIndex(of: name)
        kind = index.map { found.schema.columns[$0].kind }
        remarks = index.map { found.facts[$0].remarks } ?? []
        values = index.map { found.table.values[$0] } ?? []
    }

    /// The labels, if it has any.
    var categories: Categories? {
        if case .categorical(let categories)? = kind { categories } else { nil }
    }

    /// The label of each row; nil where there is none.
    var labels: [String?] {
        values.map { value in value.isNaN ? nil : categories?.label(of: Int(value)) }
    }

    var isReal: Bool {
        if case .real? = kind { true } else { false }
    }
}

extension String {
    /// As a cell of CSV, in quotes where it needs them; a quote with an accent on it is one, too.
    var inCSV: String {
        let needsQuotes = unicodeScalars.contains { ["\"", ",", "\n", "\r"].contains($0) }
        guard needsQuotes else { return self }
        return "\"" + unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }
}

/// Columns that are left out, and those that only look like such.
@Suite struct LeftOutTests {
    static let leftOut: [(name: String, cells: [String], reason: Schema.LeftOut)] = [
        ("whole numbers that rise", (0..<60).map { "\(1000 + 3 * $0)" }, .identifier),
        ("whole numbers that rise, many", (0..<3000).map { "\($0)" }, .identifier),
        ("whole numbers that never repeat", (0..<200).map { "\(1 + $0 * 77 % 200)" }, .identifier),
        ("the same of very many rows", (0..<3000).map { "\(1 + $0 * 77 % 3001)" }, .identifier),
        ("account numbers", (0..<60).map { "\(10_000_019 + $0 * 7919 % 61 * 1_234_567)" }, .identifier),
        ("account numbers beyond doubles", (0..<60).map { "\(9_007_199_254_740_993 + $0)" }, .identifier),
        ("labels that are all different", (0..<60).map { "T\($0 * 17 % 60)" }, .identifier),
        ("labels nearly all different", (0..<60).map { "T\($0 % 50)" }, .identifier),
        ("dates of one day", (0..<30).map { _ in "2024-03-01" }, .date),
        ("years", (0..<30).map { "\(1990 + $0)-01-01" }, .date),
        ("no value", (0..<30).map { _ in "" }, .empty),
        ("no value but NA among numbers", (0..<30).map { _ in " " }, .empty),
    ]

    @Test(arguments: leftOut) func itIsLeftOut(_ name: String, _ cells: [String], _ reason: Schema.LeftOut) throws {
        let decision = try Decision(cells)
        #expect(decision.leftOut == reason, "\(name): \(String(describing: decision.kind))")
        #expect(decision.found.schema.names == ["beside"] && decision.found.table.columns == ["beside"])
        // A choice keeps it.
        if reason != .empty {
            #expect(try Decision(cells) { $0.choices = ["v": .categorical] }.categories != nil, "\(name)")
        }
    }

    static let kept: [(name: String, cells: [String])] = [
        ("incomes, which rarely repeat", (0..<100).map { "\(20_000 + $0 * 104_729 % 99_991)" }),
        ("a few rows", (1...10).map { "\($0)" }),
        ("rising fractions", (0..<60).map { "\($0).25" }),
        ("ages", (0..<60).map { "\(20 + $0 * 7 % 40)" }),
        ("heights in one width", (0..<60).map { "\(150 + $0 * 13 % 50)" }),
        ("ten digits that are no times", (0..<60).map { "\(4_000_000_000 + $0 % 20 * 5_000_000)" }),
        ("one time alone", (0..<60).map { _ in "1700000000" }),
        ("a share of labels that come back", (0..<60).map { "T\($0 % 20)" }),
        ("versions", (0..<60).map { "1.2.\($0 % 9)" }),
        ("fractions of time", (0..<60).map { "\($0 % 3)/\($0 % 7)" }),
        ("ranges", (0..<60).map { "\($0 % 3)-\($0 % 3 + 9)" }),
    ]

    @Test(arguments: kept) func itIsKept(_ name: String, _ cells: [String]) throws {
        #expect(try Decision(cells).leftOut == nil, "\(name)")
    }

    @Test func aColumnOfVeryManyLabelsIsLeftOut() throws {
        let text = "v,beside\n" + (0..<70_000).map { "label \($0),0.5\n" }.joined()
        #expect(try Decision(infer(text)).leftOut == .identifier)
        let error = #expect(throws: TableError.self) { try infer(text) { $0.choices = ["v": .categorical] } }
        #expect(error?.column == "v" && error?.problem == .tooManyLabels(limit: 65_536))
    }

    @Test func threeThousandLabelsAreLabels() throws {
        let decision = try Decision((0..<15_000).map { "label \($0 % 3000)" }) { $0.labelRowsMin = 5 }
        #expect(decision.categories?.labels.count == 3000 && decision.remarks == [.manyLabels(count: 3000)])
        #expect(decision.categories?.rowCounts == [Int](repeating: 5, count: 3000))
    }

    @Test func columnsWithoutANameAreLeftOut() throws {
        // As pandas writes its index, and R its row names.
        for text in [",a\n0,2.5\n1,3.5\n", "a\n\"1\",2.5\n\"2\",3.5\n"] {
            let found = try infer(text)
            #expect(found.schema.names == ["a"] && found.table.values == [[2.5, 3.5]], "\(text)")
            #expect(found.leftOut.map(\.leftOut) == [.unnamed])
        }
        #expect(try infer("a,\n2.5,\n3.5,\n").table.values == [[2.5, 3.5]])
    }

    @Test func whatSomebodyDropsIsSaidToBeDropped() throws {
        let decision = try Decision(["x", "y"]) { $0.choices = ["v": .drop] }
        #expect(decision.leftOut == .asked)
        let error = #expect(throws: TableError.self) {
            try infer("a,b\n1,2\n") { $0.choices = ["a": .drop, "b": .drop] }
        }
        #expect(error?.problem == .allDropped([LeftOutColumns(names: ["a", "b"], reason: .asked)]))
    }
}
