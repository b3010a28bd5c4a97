import MADE
import MADETraining
import Testing

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
        ("a\n0\n1\n\n\r\n\n", ["a"], [0, 1]),
        ("a\n\"0\"", ["a"], [0]),
    ]

    @Test(arguments: readable) func readsHeaderAndRows(_ text: String, _ columns: [String], _ values: [Float]) throws {
        let table = try withTemporaryFile(Array(text.utf8)) { try Table.read($0) }
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
        ("a,\n1,1\n", 1, nil, .columnUnnamed(number: 2)),
        ("a,b,a\n1,1,1\n", 1, "a", .columnRepeated),
        ("a,b\n0,1\n1\n", 3, nil, .cellCount(found: 1, expected: 2)),
        ("a,b\n0,1\n1,0,1,\n", 3, nil, .cellCount(found: 4, expected: 2)),
        ("a,b\n0,1\n\n1,1\n", 3, nil, .cellCount(found: 0, expected: 2)),
        ("a\n0\n\n1\n", 3, nil, .cellCount(found: 0, expected: 1)),
        ("a,b\n0,\n", 2, "b", .cellEmpty),
        ("a,b\n,1\n", 2, "a", .cellEmpty),
        ("a\n\"\"\n", 2, "a", .cellEmpty),
        ("a,b\n0,1\n1,2\n", 3, "b", .cellNotBinary(text: "2")),
        ("a,b\n0,1\n 1,0\n", 3, "a", .cellNotBinary(text: " 1")),
        ("a,b\n0,0.5\n", 2, "b", .cellNotBinary(text: "0.5")),
        ("a,b\n0,10\n", 2, "b", .cellNotBinary(text: "10")),
        ("a,b\n0,NaN\n", 2, "b", .cellNotBinary(text: "NaN")),
        ("a,b\r0,1\r1,1\r", nil, nil, .noRows),
        ("\"a\nb\",c\n0,x\n", 3, "c", .cellNotBinary(text: "x")),
        ("a,b\n0,\"1\n1,1\n", 4, "b", .quoteUnclosed),
        ("a,b\n\"0\"0,1\n", 2, "a", .quoteNotAtEnd),
        ("a,b\n\"0\"\r,1\n", 2, "a", .quoteNotAtEnd),
    ]

    @Test(arguments: wrong) func refusesNamingThePlace(
        _ text: String, _ line: Int?, _ column: String?, _ problem: TableError.Problem
    ) throws {
        try withTemporaryFile(Array(text.utf8)) { path in
            _ = #expect(throws: TableError(path: path, line: line, column: column, problem: problem)) {
                try Table.read(path)
            }
        }
    }

    @Test func refusesACellOrAHeaderWithoutEnd() throws {
        try withTemporaryFile(Array("a,b\n0,\"\(String(repeating: "1\n", count: 40_000))".utf8)) { path in
            let error = #expect(throws: TableError.self) { try Table.read(path) }
            #expect(error?.column == "b" && error?.problem == .cellTooLong(limit: 65_536))
        }
        try withTemporaryFile([UInt8](repeating: UInt8(ascii: ","), count: 70_000)) { path in
            _ = #expect(throws: TableError(path: path, line: 1, problem: .tooManyColumns(limit: 65_536))) {
                try Table.read(path)
            }
        }
    }

    @Test func refusesAHeaderThatIsNotUTF8() throws {
        try withTemporaryFile([0x61, 0x2C, 0xFF, 0x0A, 0x30, 0x2C, 0x31, 0x0A]) { path in
            _ = #expect(throws: TableError(path: path, line: 1, problem: .headerNotUTF8)) { try Table.read(path) }
        }
    }

    @Test func aMissingFileIsNamedWithTheSystemsReason() {
        let error = #expect(throws: TableError.self) { try Table.read("/nonexistent/table.csv") }
        #expect(error?.description == "/nonexistent/table.csv: cannot be read: No such file or directory")
    }

    @Test func anErrorSaysWhereWhatAndWhatWouldBeRight() {
        let error = TableError(path: "t.csv", line: 7, column: "b", problem: .cellNotBinary(text: "x"))
        #expect(error.description == "t.csv, line 7, column \"b\": \"x\" is not 0 or 1")
    }

    @Test func columnsAreArrangedByName() throws {
        let table = Table(columns: ["a", "b", "c"], values: [0, 1, 0, 1, 1, 0])
        #expect(try table.arranged(as: ["c", "a"], besides: ["b"]).values == [0, 0, 0, 1])
        #expect(
            throws: TableError(path: "table", line: 1, column: "b", problem: .columnUnexpected(expected: ["c", "a"]))
        ) {
            try table.arranged(as: ["c", "a"])
        }
        #expect(
            throws: TableError(path: "table", line: 1, column: "d", problem: .columnMissing(present: table.columns))
        ) {
            try table.arranged(as: ["a", "b", "c", "d"])
        }
    }

    @Test func aTableLongerThanTheBufferIsReadWhole() throws {
        var generator = PhiloxGenerator(seed: 5)
        let values = (0..<60_000 * 7).map { _ in Float(generator.next() & 1) }
        var text = "a,b,c,d,e,f,g\r\n"
        for row in 0..<60_000 {
            text += values[row * 7..<row * 7 + 7].map { $0 == 0 ? "0" : "1" }.joined(separator: ",") + "\r\n"
        }
        #expect(try withTemporaryFile(Array(text.utf8)) { try Table.read($0).values } == values)
    }
}
