import MADE
import Testing

@testable import MADERows

/// What the reader makes of CSV text.
@Suite struct TableTests {
    static let readable: [(text: String, columns: [String], rows: [Double])] = [
        ("a,b\n0,1\n1,1\n", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\n0,1\n1,1", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\r\n0,1\r\n1,1\r\n", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\r0,1\r1,1\r", ["a", "b"], [0, 1, 1, 1]),
        ("\u{FEFF}a,b\n0,1\n", ["a", "b"], [0, 1]),
        ("\"a\",\"b, \"\"c\"\"\"\n\"0\",\"1\"\n", ["a", "b, \"c\""], [0, 1]),
        ("\"a\r\nb\",c\r\n\"0\",\"1\"\r\n", ["a\r\nb", "c"], [0, 1]),
        ("größe,0\n1.0,0.00\n", ["größe", "0"], [1, 0]),
        ("2019,total\n0,1\n", ["2019", "total"], [0, 1]),
        ("a\n0\n1\n\n\r\n\n", ["a"], [0, 1]),
        ("a,b\n0,1\n\n1,1\n", ["a", "b"], [0, 1, 1, 1]),
        ("a\n\"0\"", ["a"], [0]),
        ("a,b\n1,-2.5e3\n0,+.5\n1,7.\n", ["a", "b"], [1, -2500, 0, 0.5, 1, 7]),
        ("a,b\n1,3e-400\n0,1E2\n", ["a", "b"], [1, 0, 0, 100]),
        ("a;b\n1;2\n", ["a", "b"], [1, 2]),
        ("a\tb\n1\t2\n", ["a", "b"], [1, 2]),
        ("a|b\n1|2\n", ["a", "b"], [1, 2]),
        ("a,b,a\n1,5,0\n", ["a", "b", "a.1"], [1, 5, 0]),
        ("a,b\n0,1\n1\n1,1\n", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\n0,1\n1,0,1,\n1,1,,\n", ["a", "b"], [0, 1, 1, 1]),
    ]

    @Test(arguments: readable) func readsHeaderAndRows(_ text: String, _ columns: [String], _ rows: [Double]) throws {
        let table = try infer(text).table
        #expect(table.columns == columns)
        #expect((0..<table.rowCount).flatMap(table.row) == rows)
    }

    static let wrong: [(text: String, line: Int?, problem: TableError.Problem)] = [
        ("", nil, .empty),
        ("\n", nil, .empty),
        ("a,b\n", nil, .noRows),
        ("a,b", nil, .noRows),
        ("a,b\n\n\n", nil, .noRows),
        ("a,b\n1\n1,2,3\n4,5\n", 2, .ragged(found: 1, expected: 2)),
        ("a,b\n0,\"1\n1,1\n", 2, .quoteUnclosed),
        ("a,b\n\"0\"0,1\n", 2, .ragged(found: 0, expected: 2)),
        ("a,b\n,\n,\n", nil, .allDropped([LeftOutColumns(names: ["a", "b"], reason: .empty)])),
    ]

    @Test(arguments: wrong) func refusesNamingThePlace(
        _ text: String, _ line: Int?, _ problem: TableError.Problem
    ) throws {
        try withTemporaryFile(Array(text.utf8)) { path in
            _ = #expect(throws: TableError(path: path, line: line, problem: problem)) { try Table.infer(path) }
        }
    }

    static let schema: TableSchema = {
        let kinds: KeyValuePairs<String, TableSchema.Kind> = [
            "b": .binary, "r": .real(step: nil), "c": .categorical(Categories(labels: ["x", "NA", "y"])),
            "o": .categorical(
                Categories(labels: ["p", "other"], otherIndex: 1, rareLabels: ["s"], rareRowCounts: [2])),
        ]
        var columns = kinds.map { Schema.Column(name: $0.key) }
        columns[1].missingTexts = ["NaN"]
        var id = Schema.Column(name: "id")
        id.leftOut = .identifier
        return TableSchema(
            columns: kinds.map { TableSchema.Column(name: $0.key, kind: $0.value) },
            table: Schema(columns: columns + [id]))
    }()

    @Test func aTableOfAKnownSchemaIsReadByItsNames() throws {
        let text = "o,c,id,r,b\np,NA,17,1.5,1\ns,,18,NaN,\nNA,y,19,007,0.0\nother,z,20,-1e3,2\n"
        try withTemporaryFile(Array(text.utf8)) { path in
            let table = try Table.read(path, as: Self.schema)
            #expect(table.columns == ["b", "r", "c", "o"])
            #expect(
                table.rows == [
                    ["1", "1.5", "1", "0"], ["-", "-", "-", "2"], ["0", "7", "2", "-1"], ["-1", "-1000", "-1", "-1"],
                ])
        }
        for (header, part) in [("o,c,jd,r,b", "\"jd\" is none of the model's"), ("o,c,r", "lacks \"b\"")] {
            let row = String(repeating: ",", count: header.split(separator: ",").count - 1)
            try withTemporaryFile(Array("\(header)\n\(row)\n".utf8)) { path in
                let error = #expect(throws: TableError.self) { try Table.read(path, as: Self.schema) }
                #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
            }
        }
        try withTemporaryFile(Array("b,r,c,o\n".utf8)) { path in
            _ = #expect(throws: TableError(path: path, problem: .noRows)) { try Table.read(path, as: Self.schema) }
        }
    }

    static let misfits: [(row: String, reason: String)] = [
        ("x,1,x,p", "row 2.b: \"x\" is not a value of a binary variable (0, 1)"),
        ("1,1 m,x,p", "row 2.r: \"1 m\" is not a finite number"),
        ("1,inf,x,p", "row 2.r: \"inf\" is not a finite number"),
        ("1,1e400,x,p", "row 2.r: the number \"1e400\" is out of range (±1.8e308)"),
        ("1,0x10,x,p", "row 2.r: \"0x10\" is not a finite number"),
        ("1,u,X,p", "row 2.r: \"u\" is not a finite number"),
        ("1,1,x", "row 2: the model has 4 columns, the row 3 values"),
    ]

    @Test(arguments: misfits) func aCellThatItsColumnCannotHoldIsNamed(_ row: String, _ reason: String) throws {
        // The faults after it must not be told instead.
        let text = "b,r,c,o\n1,\"2\",\"y\",\"a\nb\"\n\(row)\n3,nope,z,z\n1,2\n"
        try withTemporaryFile(Array(text.utf8)) { path in
            _ = #expect(throws: TableError(path: path, problem: .row(reason))) {
                try Table.read(path, as: Self.schema)
            }
        }
    }

    @Test func aCellWithoutEndAndTooManyColumnsAreRefused() throws {
        let cases: [(String, Int, TableError.Problem)] = [
            ("a,b\n0,\"\(String(repeating: "1\n", count: 600_000))", 2, .cellTooLong(limit: 1 << 20)),
            ("a,b\n0,\"\(String(repeating: "1\n", count: 40_000))", 2, .quoteUnclosed),
            (String(repeating: ",", count: 70_000), 1, .tooManyColumns(limit: 65_536)),
        ]
        for (text, line, problem) in cases {
            let error = #expect(throws: TableError.self) { try infer(text) }
            #expect(error?.problem == problem && error?.line == line, "\(error?.description ?? "")")
        }
    }

    @Test func textsThatAreTooLongForLabelsAreNoLabels() throws {
        let long = String(repeating: "x", count: 2000)
        let text = "a,b\n" + (0..<40).map { "\($0 % 3),\(long)\($0 % 2)\n" }.joined()
        let found = try infer(text)
        #expect(found.leftOut.map(\.name) == ["b"] && found.leftOut[0].leftOut == .text)
        let error = #expect(throws: TableError.self) { try infer(text) { $0.choices = ["b": .categorical] } }
        #expect(error?.column == "b" && error?.problem == .labelTooLong(limit: 1024))
    }

    @Test func aMissingFileIsNamedWithTheReason() {
        let error = #expect(throws: TableError.self) { try Table.infer("/nonexistent/table.csv") }
        #expect(error?.description == "/nonexistent/table.csv: cannot be read: there is no such file")
    }

    @Test func anErrorSaysWhereWhatAndWhatWouldBeRight() {
        let error = TableError(path: "t.csv", line: 7, column: "b", problem: .cellNotBinary(text: "x"))
        #expect(error.description == "t.csv, line 7, column \"b\": \"x\" is not 0 or 1")
        let columns = [LeftOutColumns(names: ["a"], reason: .text), LeftOutColumns(names: ["b", ""], reason: .asked)]
        let dropped = TableError(path: "-", problem: .allDropped(columns))
        #expect(
            dropped.description
                == "standard input: all columns are left out: a (texts rather than labels: the choice .categorical for a "
                + "keeps it); b \"\"; a model needs one column at least")
    }

    @Test func aTableLongerThanTheBufferIsReadWhole() throws {
        var generator = PhiloxGenerator(seed: 5)
        // Each column has more different numbers than are kept as texts.
        let rows = (0..<60_000 * 3).map { _ in Double(Int(generator.next() % 400_000) - 200_000) / 8 }
        var text = "a,b,c\r\n"
        for row in 0..<60_000 {
            text += rows[row * 3..<row * 3 + 3].map(\.description).joined(separator: ",") + "\r\n"
        }
        try withTemporaryFile(Array(text.utf8)) { path in
            let inferred = try Table.infer(path)
            let expected = Table(columns: ["a", "b", "c"], rows: rows, path: path)
            #expect(inferred.table == expected)
            #expect(try Table.read(path, as: inferred.schema) == expected)
        }
    }
}
