import CRows
import Foundation
import Testing

private func table(
    _ text: String, format: made_stream_format = MADE_STREAM_CSV, header: made_stream_header = MADE_HEADER_GUESSED,
    uses: [String: (made_cell_use, Form)] = [:]
) -> Tabled? {
    let bytes = Array(text.utf8)
    let whole = Tabling(format, header: header, uses: uses)?([bytes])
    for cut in 0...bytes.count {
        let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
        #expect(
            Tabling(format, header: header, uses: uses)?(pieces) == whole, "cut at \(cut): \(text.debugDescription)")
    }
    for rowsMax in 1...2 { #expect(Tabling(format, header: header, uses: uses)?([bytes], rowsMax: rowsMax) == whole) }
    return whole
}

@Test func aHeaderIsGuessedFromItsCells() {
    let cases: [(String, Bool, [String])] = [
        ("a,b\n1,2\n", true, ["a", "b"]), ("1,2\n3,4", false, ["column_1", "column_2"]),
        ("2019,x\n", true, ["2019", "x"]),
        ("x,1.5\n", false, ["column_1", "column_2"]), ("x,v1.5\n", true, ["x", "v1.5"]), (",1\n", true, ["", "1"]),
        (" e\u{301} ;\"b;c\"\n", true, ["\u{E9}", "b;c"]),
        ("a,a,b,a.1,,a,\n", true, ["a", "a.2", "b", "a.1", "", "a.3", ""]),
        ("# c\n\n\u{A0}a\n", true, ["a"]),
    ]
    for (text, hasHeader, names) in cases {
        let read = table(text)
        #expect(read?.names == names && read?.hasHeader == hasHeader && read?.status == MADE_TABLE_OK, "\(text)")
    }
    #expect(table("1,2\n", header: MADE_HEADER_PRESENT)?.names == ["1", "2"])
    #expect(table("a,b\n", header: MADE_HEADER_ABSENT)?.rows == [[.text("a"), .text("b")]])
    #expect(table("")?.names == [] && table("\n\n")?.rows == [])
}

@Test func rowNamesOfRHaveAColumnWithoutAName() {
    let read = table("a b\n".replacing(" ", with: "\t") + "r1\t1.5\t2\nr2\t3\t4\nr3\t5\n")
    #expect(read?.names == ["", "a", "b"] && read?.rows.count == 2 && read?.malformed == [4: 2])
    #expect(read?.rows.first == [.text("r1"), .text("1.5"), .text("2")])
    // The first row decides, and an empty cell at its end is none.
    #expect(table("a,b\n1,2,\n3,4,\n5,6\n7,8,9\n")?.malformed == [5: 3])
    #expect(table("a,b\n1,2,\n3,4,\n")?.names == ["a", "b"])
    #expect(table("a,b\n1,2\n3,4,5\n")?.malformed == [3: 3])
}

@Test func linesThatAreNoRowsAreNoted() {
    let lines = ["a,b", "1,2", "3", "#c", "\"5\"x,6", "7,8,9", "", "\"p", "q\",4", ",", "# 1,2,3", "5,6,,"]
    let read = table(lines.joined(separator: "\r\n"))
    #expect(read?.malformed == [3: 1, 5: 0, 6: 3, 11: 3] && read?.malformedCount == 4)
    #expect(
        read?.rows == [
            [.text("1"), .text("2")], [.text("p\r\nq"), .text("4")], [.missing, .missing], [.text("5"), .text("6")],
        ])
    let tabling = Tabling()
    _ = tabling?("a,b\n\"1\n\n\",2\nx\ny,z\n")
    #expect(tabling?.columnTexts(0).map(\.line) == [2, 6])
    #expect(table("a,b\n1,2\n\n\"x\r\ny,\"\"\n")?.line == 4)
    #expect(table("a,b\n1,2\n\n\"x\r\ny,\"\"\n")?.status == MADE_TABLE_QUOTE_UNCLOSED)
    let long = Tabling()?("a,b\n1,\"\n\(String(repeating: "x", count: 1 << 20))\n\"\n")
    #expect(long?.status == MADE_TABLE_CELL_TOO_LONG && long?.line == 2 && long?.rows == [])
    let many = Array(repeating: "1", count: 65_537).joined(separator: ",")
    #expect(Tabling()?(many).status == MADE_TABLE_TOO_MANY_COLUMNS)
}

@Test func cellsAreReadByTheirColumnsUse() {
    let text = "n,t,s,any,e\n1,1,1,1,\"1.234,5 €\"\n 2 , x ,2,007,2\nx,,3,9007199254740993,\n,\u{A0},4,e\u{301},€\n"
    let plain = Form()
    let read = table(
        text,
        uses: [
            "n": (MADE_CELL_NUMBER, plain), "t": (MADE_CELL_TEXT, plain), "s": (MADE_CELL_SKIPPED, plain),
            "e": (MADE_CELL_NUMBER, Form(hasDecimalComma: true, groupSeparator: ".", unit: "€")),
        ])
    #expect(
        read?.rows == [
            [.number(1), .text("1"), .missing, .text("1"), .number(1234.5)],
            [.number(2), .text("x"), .missing, .text("007"), .number(2)],
            [.text("x"), .missing, .missing, .text("9007199254740993"), .missing],
            [.missing, .missing, .missing, .text("\u{E9}"), .text("€")],
        ])
}

@Test func numbersOfAnyColumnAreTextsAsLongAsTheyAreFew() throws {
    let tabling = try #require(Tabling())
    let rows = (0..<3000).map { "\($0),\($0 % 10),0\($0)" }
    let read = tabling("a,b,c\n" + rows.joined(separator: "\n"))
    #expect(read.rows[1023][0] == .text("1023") && read.rows[1024][0] == .number(1024))
    #expect(tabling.facts(0).number_count == 3000 - 1024 && tabling.facts(1).number_count == 0)
    #expect(tabling.columnTexts(1).map(\.count) == Array(repeating: 300, count: 10))
    #expect(tabling.columnTexts(2).count == 3000 && tabling.columnTexts(2).allSatisfy(\.is_code) == true)
    #expect(!tabling.columnTexts(2)[12].is_number)
    #expect(tabling.facts(0).is_rising && !tabling.facts(1).is_rising && tabling.facts(2).is_rising)
    let digits = (0..<3).map { [tabling.facts($0).digits_min, tabling.facts($0).digits_max] }
    #expect(digits == [[1, 4], [1, 1], [2, 5]])
}

@Test func factsTellOfAColumnsNumbers() throws {
    let tabling = try #require(Tabling())
    let cells = [
        ["1.50", "10", "1e2", "x", "-5", "9007199254740992"], ["0.25", "30", "2", "", "-4", "9007199254740993"],
        ["-2", "20", "3.0", "y", "5", "9007199254740994"], ["1e-3", "0", "-1", "", "16", "9223372036854775808"],
    ]
    _ = tabling("a,b,c,d,e,f\n" + cells.map { $0.joined(separator: ",") }.joined(separator: "\n"))
    let facts = (0..<6).map { tabling.facts($0) }
    #expect(facts.map(\.minimum) == [-2, 0, -1, .infinity, -5, 9_007_199_254_740_992])
    #expect(facts.map(\.maximum) == [1.5, 30, 100, -.infinity, 16, 0x1p63])
    #expect(facts.map(\.decimals) == [3, 0, 0, 0, 0, 0] && facts.map(\.divisor).prefix(5) == [1, 10, 1, 0, 1])
    #expect(facts.map(\.is_decimal) == [true, true, true, true, true, false])
    #expect(facts.map(\.is_rising) == [false, false, false, true, true, true])
    #expect(facts.map(\.digits_min) == [0, 1, 0, 0, 1, 16] && facts.map(\.digits_max) == [0, 2, 0, 0, 2, 19])
}

/// 2.3 + 4.4 in binary is no less a number of one decimal; numbers of many digits keep them.
@Test func whatBinaryArithmeticLeftIsNoDecimal() throws {
    let tabling = try #require(Tabling())
    let rows = [
        ["6.699999999999999", "0.1234567890123456", "-0.30000000000000004", "299999.99999999994"],
        ["0.1", "0.25", "6.69999999999999928945726424", "25"], ["-12", "1.5", "0", "50"],
    ]
    _ = tabling("a,b,c,d\n" + rows.map { $0.joined(separator: ",") }.joined(separator: "\n"))
    let facts = (0..<4).map { tabling.facts($0) }
    #expect(facts.map(\.decimals) == [1, 16, 1, 0] && facts.map(\.divisor) == [1, 64, 1, 25])
    #expect(facts.allSatisfy { $0.is_decimal })
}

@Test func textsAreBounded() throws {
    let tabling = try #require(Tabling())
    let long = String(repeating: "\u{E9}", count: 600)
    let rows = (0..<65_540).map { "t\($0)" } + ["t1", "t65539", "\(long)1"]
    let read = tabling("a,b\n\(long)1,1\n\(long)2,2\n" + rows.map { "\($0),2" }.joined(separator: "\n"))
    let facts = tabling.facts(0)
    #expect(tabling.columnTexts(0).count == 65_536 && facts.lost_text_count == 6 && facts.cut_text_count == 1)
    #expect(read.rows[0][0] == .text(String(long.prefix(512))) && read.rows[1][0] == read.rows[0][0])
    #expect(read.rows[read.rows.count - 3][0] == .text("t1") && read.rows[read.rows.count - 2][0] == .lost)
    #expect(read.rows[read.rows.count - 1][0] == read.rows[0][0])
}

@Test func aTableMayBeOfJSONLines() {
    let lines = [
        #"{"a":1,"b":"x"}"#, "", #"{"b":"1.0","c":true,"a":"1"}"#, "nope", #"{"a":null,"b":{"k":[1, 2]} ,"c":[] }"#,
        #"{"a":1,"a":2}"#, "  ", "[1,2]", "[4,\"z\",false]", #"{"e\u0301 ":1e5}"#, "{} x", "3",
    ]
    let read = table(lines.joined(separator: "\n"), format: MADE_STREAM_NDJSON)
    #expect(read?.names == ["a", "b", "c", "\u{E9}"])
    #expect(
        read?.rows == [
            [.text("1"), .text("x"), .missing, .missing], [.text("1"), .text("1.0"), .text("true"), .missing],
            [.missing, .text(#"{"k":[1,2]}"#), .text("[]"), .missing],
            [.text("4"), .text("z"), .text("false"), .missing], [.missing, .missing, .missing, .text("1e5")],
        ])
    #expect(read?.malformed == [4: 0, 6: 0, 8: 2, 11: 0, 12: 0])
    let comma = Form(hasDecimalComma: true)
    let formed = table(
        #"{"a":1.5}"# + "\n" + #"{"a":"2,5"}"# + "\n" + #"{"a":"2.5"}"#, format: MADE_STREAM_NDJSON,
        uses: ["a": (MADE_CELL_NUMBER, comma)])
    #expect(formed?.rows == [[.number(1.5)], [.number(2.5)], [.text("2.5")]])
    let arrays = table("[1,\"a\"]\n[2]\n{\"column_2\":3}\n{}", format: MADE_STREAM_NDJSON)
    #expect(arrays?.names == ["column_1", "column_2"] && arrays?.rows.count == 3 && arrays?.malformed == [2: 1])
    let many = Array(repeating: "1", count: 65_537).joined(separator: ",")
    #expect(Tabling(MADE_STREAM_NDJSON)?("[\(many)]").status == MADE_TABLE_TOO_MANY_COLUMNS)
}
