import CRows
import Foundation
import Testing

private let jsonLines =
    "[0,1,1]\r\n{\"c\":1,\"a\":0,\"b\":true}\n\n nope\n[1,1]\n[1,0,0] [2]\n7\n[0,null,1]\n\"\u{FC}\n[1,0,2]\n[1,1,1]"
private let csvLines =
    "\u{FEFF}c,\"a\",b\r\n1,0,1\r\n\"1\",1.0,\"0\"\n\n1,0\n1,0,\n\"1\"x,\"\n1,\"\"\"\",0\n1,1,0,1\n0,0,0"

@Test func everyLineOfAStreamIsARowGoodOrFaulty() {
    let lines = stream([Array(jsonLines.utf8)], MADE_STREAM_NDJSON)
    #expect(lines.rowCount == 10)
    #expect(lines.specialRowCount == 1 && lines.values[7].isNaN)
    #expect(lines.values.filter { !$0.isNaN } == [0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1])
    #expect(lines.faults.map(\.row) == [2, 3, 4, 5, 7, 8])
    #expect(lines.faults[2].text == "something follows the row")
    #expect(lines.faults[1].fault == MADE_ROW_WRONG_COUNT && lines.faults[3].fault == MADE_ROW_NOT_A_ROW)

    let table = stream([Array(csvLines.utf8)], MADE_STREAM_CSV)
    #expect(table.rowCount == 8)
    #expect(table.specialRowCount == 1 && table.values[7].isNaN)
    #expect(table.values.filter { !$0.isNaN } == [0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0])
    #expect(table.faults.map(\.row) == [2, 4, 5, 6])
    #expect(
        table.faults.map(\.fault) == [
            MADE_ROW_WRONG_COUNT, MADE_ROW_MALFORMED, MADE_ROW_WRONG_TYPE, MADE_ROW_WRONG_COUNT,
        ])
    #expect(table.faults[2].column == 0 && table.faults[2].text == "\"")
}

@Test(arguments: [(jsonLines, MADE_STREAM_NDJSON), (csvLines, MADE_STREAM_CSV)])
func whereAStreamIsCutDoesNotMatter(_ text: String, _ format: made_stream_format) {
    let bytes = Array(text.utf8)
    let whole = stream([bytes], format)
    for cut in 0...bytes.count {
        #expect(stream([Array(bytes[..<cut]), Array(bytes[cut...])], format) == whole, "cut at \(cut)")
    }
    #expect(stream(bytes.map { [$0] } + [[]], format) == whole)
    for rowsMax in 1...4 { #expect(stream([bytes], format, rowsMax: rowsMax) == whole, "\(rowsMax) rows a read") }
}

@Test func aWrongHeaderNamesTheColumn() {
    let cases: [(String, made_stream_status, String)] = [
        ("a,b,d\n", MADE_STREAM_HEADER_UNKNOWN, "d"),
        ("a,b,a\n", MADE_STREAM_HEADER_REPEATED, "a"), ("a,b\n0,1\n", MADE_STREAM_HEADER_INCOMPLETE, "c"),
        ("a,\"b\"c\n", MADE_STREAM_HEADER_MALFORMED, ""), ("0,1,1\n", MADE_STREAM_HEADER_UNKNOWN, "0"),
    ]
    for (text, status, name) in cases {
        let found = stream([Array(text.utf8)], MADE_STREAM_CSV)
        #expect(found.status == status && found.name == name, "\(text)")
    }
    #expect(stream([Array("a,b,c".utf8)], MADE_STREAM_CSV) == Streamed())
    #expect(stream([Array("# nothing\r\r\n\na,b,c\n\n".utf8)], MADE_STREAM_CSV) == Streamed())
    for text in ["", "\n", "\r\n \t\n\n", "\u{FEFF}"] {
        #expect(stream([Array(text.utf8)], MADE_STREAM_NDJSON) == Streamed())
    }
    for text in ["", "\n", "\r\n\r\n", "\u{FEFF}", "# nothing", "  \n\t\n\u{A0}"] {
        #expect(stream([Array(text.utf8)], MADE_STREAM_CSV) == Streamed())
    }
}

@Test func columnsOfOneNameAreToldApartByNumbersAsInTheTableThatWasLearned() {
    let columns = [Column(name: "a"), Column(name: "a.1"), Column(name: "a.3")]
    // The third one's number is taken by the last.
    let text = "a,A,a, a ,a.2\n0,9,1,1,9\n"
    var options = made_row_options()
    options.ignores_unknown = true
    let found = stream([Array(text.utf8)], MADE_STREAM_CSV, columns: columns, options: options)
    #expect(found.status == MADE_STREAM_OK && found.values == [0, 1, 1])
    let two = [Column(name: "a"), Column(name: "b")]
    #expect(stream([Array("a,b,a\n".utf8)], MADE_STREAM_CSV, columns: two).status == MADE_STREAM_HEADER_REPEATED)
}

@Test func linesOfBlanksAreNoRows() {
    let text = "a,b,c\n   \n1,0,1\n\u{A0}\n \t \r\n0,0,1\n  "
    let found = stream([Array(text.utf8)], MADE_STREAM_CSV)
    #expect(found.values == [1, 0, 1, 0, 0, 1] && found.rowCount == 2)
}

@Test func aLineOrACellWithoutEndIsAFaultyRowInBoundedMemory() {
    let long = [UInt8](repeating: UInt8(ascii: "1"), count: 1 << 20)
    let line = stream([long, long, Array("\n[1,1,1]\n".utf8)], MADE_STREAM_NDJSON)
    #expect(line.rowCount == 2 && line.faults.count == 1 && line.values == [1, 1, 1])
    let cell = stream([Array("a,b,c\n\"".utf8), long, Array("\n1,1,1\n".utf8)], MADE_STREAM_CSV)
    #expect(cell.rowCount == 2 && cell.faults.count == 1 && cell.values == [1, 1, 1])
}

@Test func aTableMayHaveNoHeader() {
    let rows = "1,0,1\n0,0,1\n1,0\n"
    let plain = stream([Array(rows.utf8)], MADE_STREAM_CSV, header: MADE_HEADER_ABSENT)
    #expect(plain.values == [1, 0, 1, 0, 0, 1] && plain.rowCount == 3 && plain.header == MADE_HEADER_ABSENT)
    #expect(plain.faults.map(\.fault) == [MADE_ROW_WRONG_COUNT])
    #expect(stream([Array(rows.utf8)], MADE_STREAM_CSV, header: MADE_HEADER_GUESSED) == plain)
    // The first cell decides, however late it comes.
    let headed = "c,\"a\",b\n1,0,1\n"
    for cut in 0...headed.utf8.count {
        let pieces = [Array(headed.utf8.prefix(cut)), Array(headed.utf8.dropFirst(cut))]
        let found = stream(pieces, MADE_STREAM_CSV, header: MADE_HEADER_GUESSED)
        #expect(
            found.values == [0, 1, 1] && found.rowCount == 1 && found.header == MADE_HEADER_PRESENT, "cut at \(cut)")
        #expect(found == stream([Array(headed.utf8)], MADE_STREAM_CSV))
    }
    let named = stream([Array(headed.utf8)], MADE_STREAM_CSV, header: MADE_HEADER_ABSENT)
    #expect(named.rowCount == 2 && named.faults.map(\.row) == [0] && named.values == [1, 0, 1])
    for header in [MADE_HEADER_GUESSED, MADE_HEADER_ABSENT] {
        let empty = stream([[]], MADE_STREAM_CSV, header: header)
        #expect(empty.status == MADE_STREAM_OK && empty.rowCount == 0)
    }
    #expect(stream([Array("a,x,b\n".utf8)], MADE_STREAM_CSV, header: MADE_HEADER_GUESSED).name == "x")
    #expect(stream([Array("\"1,0".utf8)], MADE_STREAM_CSV, header: MADE_HEADER_GUESSED).rowCount == 1)
}
