import CRows
import Foundation
import Testing

private let real = [Column(name: "a", kind: MADE_COLUMN_REAL), Column(name: "b", kind: MADE_COLUMN_REAL)]

/// Texts that are all the same two rows, 1 and 2, then −3.5 and 4.
private let dialects = [
    "a,b\n1,2\n-3.5,4\n", "a;b\r\n1;2\r\n-3.5;4", "a\tb\r1\t2\r-3.5\t4\r", "a|b\n1|2\n-3.5|4\n", "b,a\n2,1\n4,-3.5",
    "\u{FEFF}a,b\n1,2\n-3.5,4\n", "\"a\",\"b\"\r\"1\",\"2\"\r\n\"-3.5\",\"4\"\r", "\n\r\n\ra,b\n\n1,2\n\r\n-3.5,4\n\n",
    "# made by hand, with care; and \"love\na,b\n1,2\n-3.5,4", "#\n##x,\n#!x,y\n#\ty,z\n#lone\na;b\n1;2\n-3.5;4",
    "\u{FEFF}# x\r\n\r\na,b\r\n1,2\r\n#done\r\n-3.5,4\r\n# well, done? no\r\n", " a , b\t\n 1 , 2\n-3.5,4 ",
    "\"a\n,\",,b,a\n9,9,2,1\n9,,4,-3.5", "sep=;\r\na;b\r\n1;2\r\n-3.5;4\r\n", "\u{FEFF}\"sep=,\"\ra,b\r1,2\r-3.5,4",
    "SEP=^\n# carets\na^b\n1^2\n-3.5^4\n",
]

@Test(arguments: dialects)
func everyDialectOfCSVIsRead(_ text: String) {
    var options = made_row_options()
    options.ignores_unknown = true
    let (read, difference) = streamAnyhow(text, MADE_STREAM_CSV, columns: real, options: options)
    #expect(difference == nil)
    #expect(read.status == MADE_STREAM_OK && read.header == MADE_HEADER_PRESENT)
    // A comment after the header has one cell: one of two is a row.
    let good = read.faults.isEmpty ? 2 : 3
    #expect(read.values == [1, 2, -3.5, 4] && read.rowCount == good, "\(read)")
    #expect(read.faults.isEmpty == !text.contains("well"))
}

@Test func aQuoteOrALineEndMayStandAnywhere() {
    let columns = [Column(name: "a", kind: MADE_COLUMN_CATEGORICAL, labels: ["x\"y", "p\r\nq", "r\rs", "\"", "#1"])]
    let cases: [(String, [Float])] = [
        ("a\nx\"y\n\"x\"\"y\"\n\"p\r\nq\"\r\"r\rs\"\r\n\"\"\"\"", [0, 0, 1, 2, 3]),
        // Where a row is one cell, # begins no comment.
        ("a\n#1\n\"#1\"", [4, 4]),
    ]
    for (text, values) in cases {
        let (read, difference) = streamAnyhow(text, MADE_STREAM_CSV, columns: columns)
        #expect(read.values == values && read.faults == [] && difference == nil, "\(text.debugDescription)")
    }
    let (open, difference) = streamAnyhow("a\nx\"y\n\"x\ny", MADE_STREAM_CSV, columns: columns)
    #expect(difference == nil && open.rowCount == 2 && open.faults.map(\.text) == ["the body ends within quotes"])
    let (after, cut) = streamAnyhow("a\n\"x\" y\r\n\"x\"z\r#1", MADE_STREAM_CSV, columns: columns)
    #expect(cut == nil && after.rowCount == 3 && after.faults.map(\.fault) == [MADE_ROW_MALFORMED, MADE_ROW_MALFORMED])
}

@Test func randomCSVIsReadTheSameWhereverItIsCut() {
    let parts = [
        "sep=", "a", "b", "1", "2.5", ",", ",", ";", "\t", "\n", "\r\n", "\r", "\"", "\"\"", "#", "# ", " ", "\u{E9}",
        "\u{FEFF}", "",
    ]
    for seed in 0..<300 as Range<UInt64> {
        var generator = Generator(state: seed)
        var text = generator.chance(50) ? "a,b\n" : ""
        for _ in 0..<Int.random(in: 0...24, using: &generator) { text += parts.randomElement(using: &generator) ?? "" }
        let header = generator.chance(50) ? MADE_HEADER_GUESSED : MADE_HEADER_ABSENT
        var options = made_row_options()
        options.keeps_faulty_lines = generator.chance(50)
        let (_, difference) = streamAnyhow(
            text, MADE_STREAM_CSV, columns: real, header: header, options: options, kept: ["a"])
        #expect(difference == nil, "seed \(seed): \(text.debugDescription)")
        let bytes = Array(text.utf8)
        let table = Tabling()
        let whole = table?([bytes])
        for cut in 0...bytes.count {
            let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
            #expect(Tabling()?(pieces) == whole, "seed \(seed), cut at \(cut): \(text.debugDescription)")
        }
        #expect(Tabling()?(bytes.map { [$0] } + [[]]) == whole, "seed \(seed): \(text.debugDescription)")
        #expect(Tabling()?([bytes], rowsMax: 1) == whole, "seed \(seed): \(text.debugDescription)")
    }
}

@Test func faultyLinesComeBackAsTheyCame() {
    let cells = ["1", "y", "", "\"a\"\"\nb\"", "z\"w", "\u{E9}", " ", ";", "{", "null"]
    var options = made_row_options()
    options.keeps_faulty_lines = true
    for seed in 0..<200 as Range<UInt64> {
        var generator = Generator(state: seed)
        // No first cell is a number, so that every line is faulty; and what follows a faulty cell ends with the line.
        let lines = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
            var line = ["x"]
            for _ in 0..<Int.random(in: 0...5, using: &generator) {
                line.append(cells.randomElement(using: &generator) ?? "")
            }
            if generator.chance(30) { line += ["\"c\"d", "\"e,", "f"] }
            return line.joined(separator: ",")
        }
        let ends = lines.map { _ in ["\n", "\r\n", "\r", "\n\n"].randomElement(using: &generator) ?? "" }
        let text = zip(lines, ends).map { $0 + $1 }.joined()
        let (read, difference) = streamAnyhow(
            text, MADE_STREAM_CSV, columns: real, header: MADE_HEADER_ABSENT, options: options)
        #expect(difference == nil, "seed \(seed): \(text.debugDescription)")
        #expect(read.faults.map(\.line) == lines, "seed \(seed): \(text.debugDescription)")
        let json = lines.map { $0.replacing("\n", with: " ") }
        let objects = streamAnyhow(
            json.joined(separator: "\r\n"), MADE_STREAM_NDJSON, columns: real, options: options)
        #expect(objects.firstDifference == nil && objects.whole.faults.map(\.line) == json, "seed \(seed)")
    }
    // What no quote ends is all of one line; a line too long to be kept is none.
    let open = streamAnyhow("a,b\n1,2\n\"x,1\n3,4\r\n", MADE_STREAM_CSV, columns: real, options: options)
    #expect(open.firstDifference == nil && open.whole.faults.map(\.line) == ["\"x,1\n3,4"])
    let long = "\"x\"y" + String(repeating: "z", count: 1 << 20)
    let tooLong = stream(
        [Array("a,b\n\(long)".utf8), Array(long.utf8), Array("\n1,2\n".utf8)], MADE_STREAM_CSV, columns: real,
        options: options)
    #expect(tooLong.faults.map(\.line) == [""] && tooLong.values == [1, 2])
}

@Test func linesThatAreNotUTF8AreFaulty() {
    let columns = [Column(name: "a", kind: MADE_COLUMN_CATEGORICAL, labels: ["x"]), Column(name: "b")]
    for (format, pieces) in [
        (MADE_STREAM_CSV, ["a,b,note\nx,1,\u{E9}\nx,1,", "\ny", ",1,\n\"x\",0,\"", "\"\nx,0,z\n"]),
        (
            MADE_STREAM_NDJSON,
            ["[\"x\",1]\n[\"x", "\",1]\n[\"y", "\",1]\n{\"a\":\"x\",\"b\":0,\"", "\":1}\n[\"x\",0]\n"]
        ),
    ] {
        var options = made_row_options()
        options.ignores_unknown = true
        let bytes = Array(pieces.map { Array($0.utf8) }.joined(separator: [0xE9]))
        let read = stream([bytes], format, columns: columns, options: options)
        #expect(read.faults.map(\.row) == [1, 2, 3] && read.values == [0, 1, 0, 0], "\(read)")
        #expect(read.faults.allSatisfy { $0.text == "the line is not UTF-8" }, "\(read.faults)")
    }
}

@Test func rowNamesAreThoseOfAllRows() {
    let rows = (1...20).map { "\($0),\($0)\n" }
    func named(_ lines: some Sequence<String>) -> String { lines.map { "r,\($0)" }.joined() }
    let cases: [(text: String, names: [String], rowCount: Int, malformed: Int)] = [
        // As R writes them.
        ("a,b\n" + named(rows), ["", "a", "b"], 20, 0),
        ("# R\na;b\n\n#\n" + named(rows.prefix(2)).replacing(",", with: ";"), ["", "a", "b"], 2, 0),
        ("a\n\"1\",5\n\"2\",7\n", ["", "a"], 2, 0),
        // One cell too many, in the first row or the first few.
        ("a,b\n" + named(rows.prefix(1)) + rows.dropFirst().joined(), ["a", "b"], 19, 1),
        ("a,b\n" + named(rows.prefix(5)) + rows.dropFirst(5).joined(), ["a", "b"], 15, 5),
        ("a,b\n" + rows.prefix(1).joined() + named(rows.dropFirst()), ["", "a", "b"], 19, 1),
        // A decimal comma under one name.
        ("a\n1,5\n2,7\n", ["a"], 0, 2),
        ("a,b\nr,1,2\nr,2,\"2\"x\n" + named(rows), ["a", "b"], 0, 22),
    ]
    for (text, names, rowCount, malformed) in cases {
        let bytes = Array(text.utf8)
        let whole = Tabling()?([bytes])
        #expect(whole?.names == names && whole?.rows.count == rowCount, "\(text) \(String(describing: whole))")
        #expect(whole?.malformedCount == malformed, "\(text) \(String(describing: whole))")
        #expect(Tabling()?(bytes.map { [$0] } + [[]]) == whole, "\(text)")
        let columns = names.count == 2 && names[0].isEmpty || names == ["a"] ? [real[0]] : real
        let (read, difference) = streamAnyhow(text, MADE_STREAM_CSV, columns: columns)
        #expect(difference == nil && read.rowCount - read.faults.count == rowCount, "\(text) \(read)")
    }
    // Of a single row the table tells.
    let places = [Place(name: ""), Place(name: "a", variable: 0), Place(name: "b", variable: 1)]
    let single = "a,b\nr,1,2\n"
    #expect(streamAnyhow(single, MADE_STREAM_CSV, columns: real).whole.faults.count == 1)
    #expect(streamAnyhow(single, MADE_STREAM_CSV, columns: real, places: places).whole.values == [1, 2])
}

private let places = [
    Place(name: "id"), Place(name: "b", variable: 1), Place(name: "a", variable: 0), Place(name: "note"),
]

@Test func aRowMayHaveAllColumnsOfTheTable() {
    let values: [Float] = [1, 2, 3, 4]
    let body = Scanning(real, places: places)(
        #"{"rows":[[1,2],["x",4,3,[null]]]}"#)
    #expect(body.values == values && body.faults == [])
    #expect(Scanning(real, places: places)(#"{"rows":[[1,2,3]]}"#).faults.first?.found == 3)
    #expect(Scanning(real, places: places)(#"{"rows":[["x",1,2,nul]]}"#).status == MADE_SCAN_NOT_JSON)
    let objects = Scanning(real, places: places)(
        #"{"rows":[{"id":{"x":[1]},"b":2,"a":1,"":0},{" a ":3,"note":"","note":2,"b":4}]}"#)
    #expect(objects.values == values && objects.faults == [])
    #expect(Scanning(real, places: places)(#"{"rows":[{"id":01,"b":2,"a":1}]}"#).status == MADE_SCAN_NOT_JSON)
    for (text, rows) in [
        ("1,2\n3,4\n", 2), ("x,2,1,\ny,4,3,z\n1,2\n", 3), ("1,2\n3,4\nx,2,1,\n1\n", 4), ("1\n1,2\n3,4", 3),
    ] {
        let (read, difference) = streamAnyhow(
            text, MADE_STREAM_CSV, columns: real, places: places, header: MADE_HEADER_ABSENT)
        #expect(read.values == values && read.rowCount == rows && difference == nil, "\(text)")
        #expect(read.faults.allSatisfy { $0.fault == MADE_ROW_WRONG_COUNT } && read.faults.count == rows - 2)
    }
    let (lines, difference) = streamAnyhow(
        "[1,2]\n  \n\t\r\n[\"x\",4,3,null]\n", MADE_STREAM_NDJSON, columns: real, places: places)
    #expect(lines.values == values && lines.rowCount == 2 && difference == nil)
}

@Test func unknownColumnsAreFaultsUnlessTheyAreIgnored() {
    var options = made_row_options()
    options.ignores_unknown = true
    let csv = "z,a,id,b,\n9,1,x,2,\n"
    #expect(stream([Array(csv.utf8)], MADE_STREAM_CSV, columns: real, places: places).name == "z")
    let ignoring = stream([Array(csv.utf8)], MADE_STREAM_CSV, columns: real, places: places, options: options)
    #expect(ignoring.values == [1, 2] && ignoring.status == MADE_STREAM_OK)
    #expect(
        stream([Array(csv.utf8)], MADE_STREAM_CSV, columns: real, places: places, kept: ["z"]).kept == [.text("9")])
    let body = #"{"rows":[{"z":[9],"a":1,"b":2}]}"#
    #expect(Scanning(real)(body).faults.map(\.text) == ["z"])
    #expect(Scanning(real, options: options)(body).values == [1, 2])
    // A name in another form of the same characters is the same.
    let accented = [Column(name: "\u{E9}", kind: MADE_COLUMN_REAL)]
    #expect(stream([Array("e\u{301} \n1".utf8)], MADE_STREAM_CSV, columns: accented).values == [1])
    #expect(Scanning(accented)("{\"rows\":[{\"e\u{301}\":1}]}").values == [1])
}

@Test func keptCellsComeWithEveryRow() {
    let text = "id,a,b,x\n7,1,2,\"a\"\"b\"\n,x,3,\n8,1\n\"9\"!,1,2,3\n#c\n10,3,4,\u{E9}\n"
    var options = made_row_options()
    options.ignores_unknown = true
    let (csv, difference) = streamAnyhow(
        text, MADE_STREAM_CSV, columns: real, options: options, kept: ["x", "id", "b", "id"])
    #expect(difference == nil && csv.rowCount == 5 && csv.values == [1, 2, 3, 4])
    let absent = Streamed.Kept.absent
    let rows: [[Streamed.Kept]] = [
        [.text("a\"b"), .text("7"), .text("2"), .text("7")], [.text(""), .text(""), .text("3"), .text("")],
        [absent, .text("8"), absent, .text("8")], [absent, absent, absent, absent],
        [.text("\u{E9}"), .text("10"), .text("4"), .text("10")],
    ]
    #expect(csv.kept == Array(rows.joined()))
    // One that no column is called, with and without a header; a nameless one may be of row names.
    for (text, header) in [
        (text, MADE_HEADER_PRESENT), ("1,2\n", MADE_HEADER_ABSENT), ("3\n1,2\n", MADE_HEADER_ABSENT),
    ] {
        let (unknown, difference) = streamAnyhow(
            text, MADE_STREAM_CSV, columns: real, header: header, options: options, kept: ["a", "none", ""])
        #expect(unknown.status == MADE_STREAM_KEPT_UNKNOWN && unknown.name == "none" && difference == nil, "\(unknown)")
    }

    let lines = [
        #"{"id":"a\u0022b","a":1,"b":2,"x":[1, {"k":null} ] }"#, #"{"a":"no","id":7,"b":3}"#, #"[1,2]"#,
        #"["i",4,3,true]"#,
        "{\"id\":1,\"b\":", "3",
    ]
    let (json, cut) = streamAnyhow(
        lines.joined(separator: "\n"), MADE_STREAM_NDJSON, columns: real, places: places, options: options,
        kept: ["id", "b", "x", "note"])
    #expect(cut == nil && json.rowCount == 6 && json.values == [1, 2, 1, 2, 3, 4])
    let kept: [[Streamed.Kept]] = [
        [.text("a\"b"), .json("2"), .json(#"[1, {"k":null} ]"#), absent], [.json("7"), .json("3"), absent, absent],
        [absent, .json("2"), absent, absent], [.text("i"), .json("4"), absent, .json("true")],
        [absent, absent, absent, absent], [absent, absent, absent, absent],
    ]
    #expect(json.kept == Array(kept.joined()))
    let (bare, at) = streamAnyhow(
        "x,4,3,n\n1\n", MADE_STREAM_CSV, columns: real, places: places, header: MADE_HEADER_ABSENT, kept: ["note", "a"])
    #expect(at == nil && bare.kept == [.text("n"), .text("3"), absent, absent])
}

@Test func aSeparatorIsGuessedFromABoundedBeginning() {
    let long = String(repeating: "x", count: (1 << 20) - 10)
    let (read, separator) = (Tabling(), ";")
    let text = "\"\(long)\"\(separator)b\n1\(separator)2\n"
    let bytes = Array(text.utf8)
    let pieces = stride(from: 0, to: bytes.count, by: 50_000).map { Array(bytes[$0..<min($0 + 50_000, bytes.count)]) }
    #expect(read?(pieces).separator == separator)
    // A comment has no bound.
    let comment = Array("# \(String(repeating: long, count: 3))\na;b\n1;2\n".utf8)
    #expect(Tabling()?([comment]).rows == [[.text("1"), .text("2")]])
}

@Test func aColumnOfATensorIsReadAlone() {
    let columns = [Column(name: "a"), Column(name: "b", kind: MADE_COLUMN_CATEGORICAL, labels: ["x", "y"])]
    let scanning = Scanning(columns, form: MADE_ROWS_COLUMN, column: 1)
    #expect(scanning(#"{"rows":["y",["x"],"y"]}"#).values == [1, 0, 1])
    let faulty = scanning(#"{"rows":["z",["x","y"],[],[["x"]],{"b":"x"},null]}"#)
    #expect(
        faulty.faults == [
            .init(fault: MADE_ROW_UNKNOWN_LABEL, row: 0, column: 1, text: "z"),
            .init(fault: MADE_ROW_WRONG_COUNT, row: 1, found: 2), .init(fault: MADE_ROW_WRONG_COUNT, row: 2, found: 0),
            .init(fault: MADE_ROW_WRONG_TYPE, row: 3, column: 1, text: "["),
            .init(fault: MADE_ROW_WRONG_TYPE, row: 4, column: 1, text: "{"),
        ])
    #expect(faulty.rowCount == 6 && faulty.specialRowCount == 1 && faulty.values.count == 1)
}
