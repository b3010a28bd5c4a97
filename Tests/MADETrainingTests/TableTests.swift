import MADE
import Testing

@testable import MADETraining

/// What the reader makes of CSV text.
@Suite struct TableTests {
    static let readable: [(text: String, columns: [String], values: [Float])] = [
        ("a,b\n0,1\n1,1\n", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\n0,1\n1,1", ["a", "b"], [0, 1, 1, 1]),
        ("a,b\r\n0,1\r\n1,1\r\n", ["a", "b"], [0, 1, 1, 1]),
        ("\u{FEFF}a,b\n0,1\n", ["a", "b"], [0, 1]),
        ("\"a\",\"b, \"\"c\"\"\"\n\"0\",\"1\"\n", ["a", "b, \"c\""], [0, 1]),
        ("\"a\r\nb\",c\r\n\"0\",\"1\"\r\n", ["a\r\nb", "c"], [0, 1]),
        ("größe,0\n1.0,0.00\n", ["größe", "0"], [1, 0]),
        ("2019,total\n0,1\n", ["2019", "total"], [0, 1]),
        ("a\n0\n1\n\n\r\n\n", ["a"], [0, 1]),
        ("a\n\"0\"", ["a"], [0]),
        ("a,b\n1,-2.5e3\n0,+.5\n1,7.\n", ["a", "b"], [1, -2500, 0, 0.5, 1, 7]),
        ("a,b\n1,3e-400\n0,1E2\n", ["a", "b"], [1, 0, 0, 100]),
    ]

    @Test(arguments: readable) func readsHeaderAndRows(_ text: String, _ columns: [String], _ values: [Float]) throws {
        let table = try withTemporaryFile(Array(text.utf8)) { try Table.infer($0).table }
        #expect(table.columns == columns)
        #expect(table.values == values)
        #expect(table.rowCount == values.count / columns.count)
    }

    static let wrong: [(text: String, line: Int?, column: String?, problem: TableError.Problem)] = [
        ("", nil, nil, .empty),
        ("\n", nil, nil, .empty),
        ("a,b\n", nil, nil, .noRows),
        ("a,b\n\n\n", nil, nil, .noRows),
        ("0,1\n1,1\n", 1, nil, .headerMissing),
        ("3,17,4\n1,1,1\n", 1, nil, .headerMissing),
        ("0.23,Ideal,E\n0.5,Good,F\n", 1, nil, .headerMissing),
        ("a;b\n1;2\n", 1, nil, .separator(";")),
        ("a,\n1,1\n", 1, nil, .columnUnnamed(number: 2)),
        ("a,b,a\n1,1,1\n", 1, "a", .columnRepeated),
        ("a,b\n0,1\n1\n", 3, nil, .cellCount(found: 1, expected: 2)),
        ("a,b\n0,1\n1,0,1,\n", 3, nil, .cellCount(found: 4, expected: 2)),
        ("a,b\n0,1\n\n1,1\n", 3, nil, .cellCount(found: 0, expected: 2)),
        ("a\n0\n\n1\n", 3, nil, .cellCount(found: 0, expected: 1)),
        ("a,b\r0,1\r1,1\r", nil, nil, .noRows),
        ("a,b\n0,\"1\n1,1\n", 4, "b", .quoteUnclosed),
        ("a,b\n\"0\"0,1\n", 2, "a", .quoteNotAtEnd),
        ("a,b\n\"0\"\r,1\n", 2, "a", .quoteNotAtEnd),
        ("a,b\n0,\n1,\n", nil, "b", .columnEmpty),
        ("a,b\n0,NA\n1,\n", nil, "b", .columnEmpty),
        ("a,b\n0,x\n1,y\n1,z\n", nil, nil, .identifiers(columns: ["b"])),
    ]

    @Test(arguments: wrong) func refusesNamingThePlace(
        _ text: String, _ line: Int?, _ column: String?, _ problem: TableError.Problem
    ) throws {
        try withTemporaryFile(Array(text.utf8)) { path in
            _ = #expect(throws: TableError(path: path, line: line, column: column, problem: problem)) {
                try Table.infer(path)
            }
        }
    }

    static let schema = TableSchema(columns: [
        .init(name: "b", kind: .binary), .init(name: "r", kind: .real(step: nil)),
        .init(name: "c", kind: .categorical(Categories(labels: ["x", "NA", "y"]))),
        .init(name: "o", kind: .categorical(Categories(labels: ["p", "other"], otherIndex: 1))),
    ])

    @Test func aTableOfAKnownSchemaIsReadByItsNames() throws {
        let text = "o,c,id,r,b\np,NA,17,1.5,1\nq,,18,NaN,\nNA,y,19,007,0.0\n"
        try withTemporaryFile(Array(text.utf8)) { path in
            let table = try Table.read(path, as: Self.schema, dropping: ["id", "absent"])
            #expect(table.columns == ["b", "r", "c", "o"])
            let expected: [Float] = [1, 1.5, 1, 0, .nan, .nan, .nan, 1, 0, 7, 2, .nan]
            #expect(table.values.map(\.description) == expected.map(\.description))
            #expect(
                throws: TableError(
                    path: path, line: 1, column: "id", problem: .columnUnexpected(expected: Self.schema.names))
            ) {
                try Table.read(path, as: Self.schema)
            }
        }
    }

    static let misfits: [(row: String, column: String, problem: TableError.Problem)] = [
        ("2,1,x,p", "b", .cellNotBinary(text: "2")),
        ("true,1,x,p", "b", .cellNotBinary(text: "true")),
        (" 1,1,x,p", "b", .cellNotBinary(text: " 1")),
        ("1,1 m,x,p", "r", .cellNotNumber(text: "1 m")),
        ("1,inf,x,p", "r", .cellNotNumber(text: "inf")),
        ("1,1e39,x,p", "r", .cellNotNumber(text: "1e39")),
        ("1,0x10,x,p", "r", .cellNotNumber(text: "0x10")),
        ("1,1,X,p", "c", .labelUnknown(text: "X", labels: ["x", "NA", "y"])),
        ("1,u,X,p", "r", .cellNotNumber(text: "u")),
    ]

    @Test(arguments: misfits) func aCellThatItsColumnCannotHoldIsNamed(
        _ row: String, _ column: String, _ problem: TableError.Problem
    ) throws {
        // The faults after it must not be told instead.
        let text = "b,r,c,o\n1,\"2\",\"y\",\"a\nb\"\n\(row)\n3,nope,z,z\n1,2\n"
        try withTemporaryFile(Array(text.utf8)) { path in
            _ = #expect(throws: TableError(path: path, line: 4, column: column, problem: problem)) {
                try Table.read(path, as: Self.schema)
            }
        }
    }

    @Test func refusesACellOrAHeaderWithoutEnd() throws {
        try withTemporaryFile(Array("a,b\n0,\"\(String(repeating: "1\n", count: 40_000))".utf8)) { path in
            let error = #expect(throws: TableError.self) { try Table.infer(path) }
            #expect(error?.column == "b" && error?.problem == .cellTooLong(limit: 65_536))
        }
        try withTemporaryFile([UInt8](repeating: UInt8(ascii: ","), count: 70_000)) { path in
            _ = #expect(throws: TableError(path: path, line: 1, problem: .tooManyColumns(limit: 65_536))) {
                try Table.infer(path)
            }
        }
        try withTemporaryFile(Array("a,b\n0,\(String(repeating: "x", count: 2000))\n".utf8)) { path in
            _ = #expect(throws: TableError(path: path, line: 2, column: "b", problem: .labelTooLong(limit: 1024))) {
                try Table.infer(path)
            }
        }
    }

    @Test func refusesBytesThatAreNotUTF8() throws {
        try withTemporaryFile([0x61, 0x2C, 0xFF, 0x0A, 0x30, 0x2C, 0x31, 0x0A]) { path in
            _ = #expect(throws: TableError(path: path, line: 1, problem: .headerNotUTF8)) { try Table.infer(path) }
        }
        try withTemporaryFile([0x61, 0x2C, 0x62, 0x0A, 0x30, 0x2C, 0xFF, 0x0A]) { path in
            _ = #expect(throws: TableError(path: path, line: 2, column: "b", problem: .cellNotUTF8)) {
                try Table.infer(path)
            }
        }
    }

    @Test func aMissingFileIsNamedWithTheSystemsReason() {
        let error = #expect(throws: TableError.self) { try Table.infer("/nonexistent/table.csv") }
        #expect(error?.description == "/nonexistent/table.csv: cannot be read: No such file or directory")
    }

    @Test func anErrorSaysWhereWhatAndWhatWouldBeRight() {
        let error = TableError(path: "t.csv", line: 7, column: "b", problem: .cellNotBinary(text: "x"))
        #expect(error.description == "t.csv, line 7, column \"b\": \"x\" is not 0 or 1")
        let labels = TableError(path: "-", problem: .identifiers(columns: ["id", "mail"]))
        #expect(labels.description.hasSuffix("--drop id,mail"))
    }

    @Test func aTableLongerThanTheBufferIsReadWhole() throws {
        var generator = PhiloxGenerator(seed: 5)
        // Each column has more different numbers than are kept as texts.
        let values = (0..<60_000 * 3).map { _ in Float(Int(generator.next() % 400_000) - 200_000) / 8 }
        var text = "a,b,c\r\n"
        for row in 0..<60_000 {
            text += values[row * 3..<row * 3 + 3].map(\.description).joined(separator: ",") + "\r\n"
        }
        try withTemporaryFile(Array(text.utf8)) { path in
            let inferred = try Table.infer(path)
            #expect(inferred.table.values == values)
            #expect(try Table.read(path, as: inferred.schema).values == values)
        }
    }
}
