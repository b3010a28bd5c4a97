import CRowScanner
import Foundation
import Testing

private let mixed = [
    Column(name: "cut", kind: MADE_COLUMN_CATEGORICAL, labels: ["Fair", "Very \"Good\", é€𝄞", "line\nbreak"]),
    Column(name: "carat", kind: MADE_COLUMN_REAL), Column(name: "sold"),
]

/// What `stream` makes of a CSV text with the header of `mixed`, missing values allowed.
private func table(_ lines: String, columns: [Column] = mixed) -> Streamed {
    let header = columns.map(\.name).joined(separator: ",")
    return stream([Array("\(header)\n\(lines)".utf8)], MADE_STREAM_CSV, columns: columns)
}

@Test func aRowIsTheSameInJSONInLinesAndInCSV() {
    let rows = #"["Very \"Good\", é€𝄞",-2.5e-1,1]"#
    let escaped = #"{"sold":true,"carat":-0.25E0,"cut":"Very \u0022Good\u0022, \u00e9\u20AC\ud834\udd1e"}"#
    let line = #"["line\nbreak",1E+2,0]"#
    let expected: [Float] = [1, -0.25, 1, 1, -0.25, 1, 2, 100, 0]
    #expect(Scanning(mixed)("{\"rows\":[\(rows),\(escaped),\(line)]}").values == expected)
    let ndjson = stream([Array("\(rows)\n\(escaped)\r\n\(line)".utf8)], MADE_STREAM_NDJSON, columns: mixed)
    #expect(ndjson.values == expected && ndjson.faults == [])
    let csv = table(
        "\"Very \"\"Good\"\", é€𝄞\",-2.5e-1,1\r\n\"Very \"\"Good\"\", é€𝄞\",\"-.25\",1.0\n\"line\nbreak\",1E+2,0")
    #expect(csv.values == expected && csv.faults == [])
}

@Test func aLabelIsFoundByItsSpellingElseByItsNumber() {
    let columns = [
        Column(name: "size", kind: MADE_COLUMN_CATEGORICAL, labels: ["1.0", "1", "20", "big", "007", "-3e1"]),
        Column(name: "yes", kind: MADE_COLUMN_CATEGORICAL, labels: ["False", "true", "0"]),
    ]
    let cases: [(String, Float)] = [
        ("\"1\"", 1), ("1", 1), ("1.0", 0), ("1.00", 0), ("\"1.00\"", 0), ("20", 2), ("2e1", 2), ("\"20.0\"", 2),
        ("\"big\"", 3), ("7", 4), ("\"007\"", 4), ("-30", 5), ("-3e1", 5),
    ]
    let scanning = Scanning(columns)
    for (value, index) in cases {
        #expect(scanning("{\"rows\":[[\(value),true]]}").values == [index, 1], "\(value)")
        let cell = value.replacing("\"", with: "")
        #expect(table("\(cell),true", columns: columns).values == [index, 1], "\(cell)")
    }
    #expect(scanning(#"{"rows":[[1,false],[1,0]]}"#).values == [1, 0, 1, 2])
    for value in ["2", "\"Big\"", "\"1 \"", "\"0x1\"", "true", "1e999", "\"\"", "\"nan\""] {
        let scan = scanning("{\"rows\":[[\(value),true]]}")
        #expect(scan.faults.map(\.fault) == [MADE_ROW_UNKNOWN_LABEL], "\(value)")
        #expect(scan.faults.first?.text == value.replacing("\"", with: ""))
    }
    #expect(scanning(#"{"rows":[[[1],true]]}"#).faults.map(\.fault) == [MADE_ROW_WRONG_TYPE])
}

@Test func anUnseenLabelIsTheOtherClassWhereThereIsOne() {
    let columns = [Column(name: "a", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", "other", "3"], other: "other")]
    let scan = Scanning(columns)(#"{"rows":[["x"],["y"],["other"],[3.0],[4],[true],[""],[null],[1e999]]}"#)
    #expect(scan.faults == [])
    #expect(scan.values[0..<7] == [0, 1, 1, 2, 1, 1, 1] && scan.values[7].isNaN && scan.values[8] == 1)
    let csv = table("x\ny\nother\n3.0\n4\n\"\"", columns: columns)
    #expect(csv.values[0..<5] == [0, 1, 1, 2, 1] && csv.values[5].isNaN && csv.faults == [])
    // A tensor holds indices: one that is out of range stays a fault.
    #expect(Scanning(columns, isTensor: true)(#"{"rows":[[3]]}"#).faults.map(\.fault) == [MADE_ROW_UNKNOWN_LABEL])
}

@Test func missingValuesAreNaNAndTheirRowsAreCounted() {
    let scan = Scanning(mixed)(
        #"{"rows":[["Fair",1,1],[null,null,null],{"carat":2,"sold":null},{},{"sold":1,"carat":0,"cut":"Fair"}]}"#)
    #expect(scan.faults == [] && scan.missingRowCount == 3)
    #expect(scan.values.map(\.isNaN) == [0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0].map { $0 == 1 })
    // A faulty row is not among them, whatever it misses.
    #expect(Scanning(mixed)(#"{"rows":[[null,"x",1],[null,1]]}"#).missingRowCount == 0)
    let tensor = Scanning(mixed, isTensor: true)(#"{"rows":[1,null,0,0,1,1]}"#)
    #expect(tensor.missingRowCount == 1 && tensor.values[1].isNaN)
    let csv = table("Fair,1,1\n,\"\",\n\"\",2,\nx,,1\n")
    #expect(csv.missingRowCount == 2 && csv.faults.map(\.row) == [3])
    #expect(csv.values.map(\.isNaN) == [0, 0, 0, 1, 1, 1, 1, 0, 1].map { $0 == 1 })
    let lines = stream(
        [Array("[null,1,1]\n[\"Fair\",1,1]\n{}\n[null]\n".utf8)], MADE_STREAM_NDJSON, columns: mixed)
    #expect(lines.missingRowCount == 2 && lines.rowCount == 4 && lines.faults.map(\.row) == [3])
}

@Test func aQuotedEmptyCellIsAnEmptyLabelWhereTheColumnHasOne() {
    let columns = [
        Column(name: "a", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", ""]), Column(name: "b", kind: MADE_COLUMN_REAL),
    ]
    let csv = table("\"\",\"\"\n,1\n", columns: columns)
    #expect(csv.values[0] == 1 && csv.values[1].isNaN && csv.values[2].isNaN && csv.faults == [])
    #expect(Scanning(columns)(#"{"rows":[["",1]]}"#).values == [1, 1])
}

@Test func numbersAreReadAsTheNearestFloat() {
    var generator = Generator(state: 1)
    var values: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.leastNormalMagnitude, 1 / 3]
    while values.count < 2000 {
        let value = Float(bitPattern: generator.next())
        if value.isFinite { values.append(value) }
    }
    let columns = [Column(name: "x", kind: MADE_COLUMN_REAL)]
    let bits = values.map(\.bitPattern)
    #expect(Scanning(columns)("{\"rows\":[\(values.map { "[\($0)]" }.joined(separator: ","))]}").matrix == bits)
    #expect(table(values.map { "\($0)\n" }.joined(), columns: columns).matrix == bits)
}

@Test func whatIsNoFiniteNumberIsRefusedInEveryFormat() {
    let columns = [Column(name: "x", kind: MADE_COLUMN_REAL)]
    let cases: [(String, made_row_fault?)] = [
        ("1e39", MADE_ROW_OUT_OF_RANGE), ("-3.5e38", MADE_ROW_OUT_OF_RANGE), ("1e999", MADE_ROW_OUT_OF_RANGE),
        ("1e-999", nil), ("-1e-60", nil), ("3.4028235e38", nil), ("\"1\"", MADE_ROW_WRONG_TYPE),
        ("true", MADE_ROW_WRONG_TYPE),
    ]
    for (text, fault) in cases {
        #expect(Scanning(columns)("{\"rows\":[[\(text)]]}").faults.first?.fault == fault, "\(text)")
        let line = stream([Array("[\(text)]".utf8)], MADE_STREAM_NDJSON, columns: columns)
        #expect(line.faults.first?.fault == fault, "\(text)")
        if text != "\"1\"" { #expect(table(text, columns: columns).faults.first?.fault == fault, "\(text)") }
    }
    for cell in ["nan", "NaN", "inf", "-inf", "Infinity", "NA", " 1", "1 ", "+1", "1,5", "0x10", "1e", "-", ".", "--1"]
    {
        let found = table("\"\(cell)\"", columns: columns)
        #expect(found.faults.map(\.fault) == [MADE_ROW_WRONG_TYPE] && found.faults.first?.text == cell, "\(cell)")
    }
}

@Test func aCellIsReadAlone() throws {
    let schema = try #require(makeSchema(mixed))
    defer { made_row_schema_free(schema) }
    func read(_ text: String, column: Int) -> (value: Float, fault: made_row_fault?) {
        var value: Float = -1
        var error = made_row_error()
        let isGood = text.withCString { bytes in
            made_row_schema_read_cell(
                schema, column, made_text(bytes: bytes, count: text.utf8.count), false, &value, &error)
        }
        if !isGood { #expect(error.column == column) }
        return (value, isGood ? nil : error.fault)
    }
    #expect(read("line\nbreak", column: 0) == (2, nil))
    #expect(read("-1.5", column: 1) == (-1.5, nil))
    #expect(read("", column: 1).value.isNaN)
    #expect(read("poor", column: 0).fault == MADE_ROW_UNKNOWN_LABEL)
    #expect(read("2", column: 2).fault == MADE_ROW_NOT_BINARY)
}

private let mixedLines = "[\"Fair\",1.25,1]\n{\"cut\":\"\\u00e9\"}\n[null,1e2,0]\n[\"Very \\\"Good\\\", é€𝄞\",-1,true]"
private let mixedTable =
    "sold,cut,carat\r\n1,\"Very \"\"Good\"\", é€𝄞\",1.25\n,\"line\nbreak\",\n0,Poor,1\n1,\"\",-1e-3"

@Test(arguments: [(mixedLines, MADE_STREAM_NDJSON), (mixedTable, MADE_STREAM_CSV)])
func whereAMixedStreamIsCutDoesNotMatter(_ text: String, _ format: made_stream_format) {
    let bytes = Array(text.utf8)
    let whole = stream([bytes], format, columns: mixed)
    #expect(whole.rowCount == 4 && whole.faults.count == 1)
    for cut in 0...bytes.count {
        let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
        #expect(stream(pieces, format, columns: mixed) == whole, "cut at \(cut)")
    }
}
