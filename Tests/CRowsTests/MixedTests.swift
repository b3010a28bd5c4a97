import CRows
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
        Column(
            name: "size", kind: MADE_COLUMN_CATEGORICAL, labels: ["1.0", "20", "big", "007", "-3e1", "0"],
            areNumbers: true),
        Column(name: "yes", kind: MADE_COLUMN_CATEGORICAL, labels: ["False", "true", "0"]),
    ]
    let cases: [(String, Float)] = [
        ("\"1\"", 0), ("1", 0), ("1.0", 0), ("\"+1\"", 0), ("\" 1.00\"", 0), ("10e-1", 0), ("0.1e1", 0), ("20", 1),
        ("2e1", 1), ("\"20.0\"", 1), ("\"big\"", 2), ("\"007\"", 3), ("-30", 4), ("-3e1", 4), ("-0.0", 5),
        ("0e999999999", 5),
    ]
    let scanning = Scanning(columns)
    for (value, index) in cases {
        #expect(scanning("{\"rows\":[[\(value),true]]}").values == [index, 1], "\(value)")
        let cell = value.replacing("\"", with: "")
        #expect(table("\(cell),true", columns: columns).values == [index, 1], "\(cell)")
    }
    #expect(scanning(#"{"rows":[[1,false],[1,0]]}"#).values == [0, 0, 0, 2])
    for value in ["2", "\"Big\"", "7", "\"0x1\"", "true", "1e999", "1e-999", "\"nan\"", "\"01\""] {
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
    #expect(scan.values[0..<6] == [0, 1, 1, 2, 1, 1] && scan.values[8] == 1)
    #expect(scan.values[6].isNaN && scan.values[7].isNaN)
    let csv = table("x\ny\nother\n3\n3.0\n4\n\"\"", columns: columns)
    #expect(csv.values[0..<6] == [0, 1, 1, 2, 1, 1] && csv.values[6].isNaN && csv.faults == [])
    // A tensor holds indices: one that is out of range stays a fault.
    #expect(
        Scanning(columns, form: MADE_ROWS_TENSOR)(#"{"rows":[[3]]}"#).faults.map(\.fault) == [MADE_ROW_UNKNOWN_LABEL])
}

@Test func missingValuesAreNaNAndTheirRowsAreCounted() {
    let scan = Scanning(mixed)(
        #"{"rows":[["Fair",1,1],[null,null,null],{"carat":2,"sold":null},{},{"sold":1,"carat":0,"cut":"Fair"}]}"#)
    #expect(scan.faults == [] && scan.specialRowCount == 3)
    #expect(scan.values.map(\.isNaN) == [0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0].map { $0 == 1 })
    // A faulty row is not among them, whatever it misses.
    #expect(Scanning(mixed)(#"{"rows":[[null,"x",1],[null,1]]}"#).specialRowCount == 0)
    let tensor = Scanning(mixed, form: MADE_ROWS_TENSOR)(#"{"rows":[1,null,0,0,1,1]}"#)
    #expect(tensor.specialRowCount == 1 && tensor.values[1].isNaN)
    let csv = table("Fair,1,1\n,\"\",\n\"\",2,\nx,,1\n")
    #expect(csv.specialRowCount == 2 && csv.faults.map(\.row) == [3])
    #expect(csv.values.map(\.isNaN) == [0, 0, 0, 1, 1, 1, 1, 0, 1].map { $0 == 1 })
    let lines = stream(
        [Array("[null,1,1]\n[\"Fair\",1,1]\n{}\n[null]\n".utf8)], MADE_STREAM_NDJSON, columns: mixed)
    #expect(lines.specialRowCount == 2 && lines.rowCount == 4 && lines.faults.map(\.row) == [3])
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
    var values: [Float] = [0, .leastNonzeroMagnitude, 1e30, -.leastNormalMagnitude, 1 / 3]
    while values.count < 2000 {
        let value = Float(bitPattern: generator.next())
        if abs(value) <= 1e30, value != 0 { values.append(value) }
    }
    let columns = [Column(name: "x", kind: MADE_COLUMN_REAL)]
    let bits = values.map(\.bitPattern)
    #expect(Scanning(columns)("{\"rows\":[\(values.map { "[\($0)]" }.joined(separator: ","))]}").matrix == bits)
    #expect(table(values.map { "\($0)\n" }.joined(), columns: columns).matrix == bits)
}

@Test func whatIsNoFiniteNumberIsRefusedInEveryFormat() {
    let columns = [Column(name: "x", kind: MADE_COLUMN_REAL)]
    let cases: [(String, made_row_fault?)] = [
        ("1e309", MADE_ROW_OUT_OF_RANGE), ("-1e999", MADE_ROW_OUT_OF_RANGE), ("1e39", nil), ("-3.5e38", nil),
        ("1e-999", nil), ("-1e-60", nil), ("3.4028235e38", nil), ("\"1\"", nil), ("\"1x\"", MADE_ROW_WRONG_TYPE),
        ("true", MADE_ROW_WRONG_TYPE),
    ]
    for (text, fault) in cases {
        #expect(Scanning(columns)("{\"rows\":[[\(text)]]}").faults.first?.fault == fault, "\(text)")
        let line = stream([Array("[\(text)]".utf8)], MADE_STREAM_NDJSON, columns: columns)
        #expect(line.faults.first?.fault == fault, "\(text)")
        #expect(table(text, columns: columns).faults.first?.fault == fault, "\(text)")
    }
    #expect(
        table("1e39\n-1e300\n1e-99\n", columns: columns).values == [1e30, -1e30, 0])
    for cell in ["nan", "NaN", "inf", "-inf", "Infinity", "NA", "1,5", "0x10", "1e", "-", ".", "--1", "1 2", "1_0"] {
        let found = table("\"\(cell)\"", columns: columns)
        #expect(found.faults.map(\.fault) == [MADE_ROW_WRONG_TYPE] && found.faults.first?.text == cell, "\(cell)")
    }
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
