import CRows
import Foundation
import Testing

private let abc = [Column(name: "a"), Column(name: "b"), Column(name: "c")]

@Test func readsArraysObjectsAndBooleans() {
    let scan = Scanning(abc)(
        #" { "rows" : [[0, 1,true],{"c":1.0,"a":false,"b":1e0} , [ -0 ,null,0.0 ] ,{"b":1}, {}]}"#)
    #expect(scan.status == MADE_SCAN_OK)
    #expect(scan.rowCount == 5)
    #expect(scan.faults == [])
    let nan = Float.nan.bitPattern
    let one = Float(1).bitPattern
    #expect(scan.matrix.count == 15)
    #expect(scan.matrix[0..<6] == [0, one, one, 0, one, one])
    #expect(scan.values[6] == 0 && scan.matrix[7] == nan && scan.values[8] == 0)
    #expect(scan.matrix[9..<15] == [nan, one, nan, nan, nan, nan])
}

@Test func handsBackTheOtherMembersAsTheyStand() {
    let scan = Scanning(abc)(
        #"{"explain" : 2 ,"rows":[],"o":{"k":[1, {"z":"]}"}] } , "s":"a\"b", "n":null,"alpha":1e999}"#)
    #expect(scan.status == MADE_SCAN_OK)
    #expect(
        scan.members == [
            "explain": "2", "o": #"{"k":[1, {"z":"]}"}] }"#, "s": #""a\"b""#, "n": "null", "alpha": "1e999",
        ])
}

@Test func aSingleRowIsReadFromItsMember() {
    let scanning = Scanning(abc, form: MADE_ROWS_SINGLE)
    #expect(scanning(#"{"rows":{"b":1}}"#).values[1] == 1)
    #expect(scanning(#"{"rows":{"x":1}}"#).faults == [.init(fault: MADE_ROW_UNKNOWN_VARIABLE, row: 0, text: "x")])
    #expect(scanning(#"{"rows":3}"#).faults == [.init(fault: MADE_ROW_NOT_A_ROW, row: 0, text: "3")])
}

private let faultyRows: [(String, Scanned.Fault)] = [
    ("[[0,1]]", .init(fault: MADE_ROW_WRONG_COUNT, row: 0, found: 2)),
    ("[[0,1,0],[0,1,0,1]]", .init(fault: MADE_ROW_WRONG_COUNT, row: 1, found: 4)),
    ("[[]]", .init(fault: MADE_ROW_WRONG_COUNT, row: 0, found: 0)),
    ("[[0,1,0],7 ]", .init(fault: MADE_ROW_NOT_A_ROW, row: 1, text: "7")),
    (#"["x"]"#, .init(fault: MADE_ROW_NOT_A_ROW, row: 0, text: #""x""#)),
    ("[null]", .init(fault: MADE_ROW_NOT_A_ROW, row: 0, text: "null")),
    (#"[{"a":0,"d\u0041":1}]"#, .init(fault: MADE_ROW_UNKNOWN_VARIABLE, row: 0, text: "dA")),
    (#"[{"a":0,"\u0061":1}]"#, .init(fault: MADE_ROW_DUPLICATE_VARIABLE, row: 0, column: 0)),
    (#"[{"b":0,"b":0}]"#, .init(fault: MADE_ROW_DUPLICATE_VARIABLE, row: 0, column: 1)),
    (#"[[0,"x",0]]"#, .init(fault: MADE_ROW_WRONG_TYPE, row: 0, column: 1, text: "x")),
    (#"[[0,"2",0]]"#, .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 1, text: "2")),
    ("[[0,[1],0]]", .init(fault: MADE_ROW_WRONG_TYPE, row: 0, column: 1, text: "[")),
    (#"[[0,1,{"x":[]}]]"#, .init(fault: MADE_ROW_WRONG_TYPE, row: 0, column: 2, text: "{")),
    ("[[0,1,2]]", .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 2, text: "2")),
    ("[[0,1,0.5]]", .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 2, text: "0.5")),
    ("[[0,1,-1]]", .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 2, text: "-1")),
    (#"[{"a":0,"b":0,"c":11}]"#, .init(fault: MADE_ROW_NOT_BINARY, row: 0, column: 2, text: "11")),
    ("[[0,1e999,0]]", .init(fault: MADE_ROW_OUT_OF_RANGE, row: 0, column: 1, text: "1e999")),
    ("[[0,-1e999 ,0]]", .init(fault: MADE_ROW_OUT_OF_RANGE, row: 0, column: 1, text: "-1e999")),
]

@Test(arguments: faultyRows)
func namesTheFaultOfARow(rows: String, fault: Scanned.Fault) {
    let scan = Scanning(abc)(#"{"rows":\#(rows)}"#)
    #expect(scan.status == MADE_SCAN_OK)
    #expect(scan.faults == [fault])
    #expect(scan.values.count == 3 * (scan.rowCount - 1), "only good rows reach the matrix")
}

@Test func goodRowsKeepTheirOrderAmongFaultyOnes() {
    let scan = Scanning(abc)("{\"rows\":[[1,0,0],[2,0,0],[0,1,0],5,[0,0,1],[0]]}")
    #expect(scan.rowCount == 6)
    #expect(scan.faults.map(\.row) == [1, 3, 5])
    #expect(scan.values == [1, 0, 0, 0, 1, 0, 0, 0, 1])
}

private let refusedBodies: [(String, made_scan_status, Int?)] = [
    ("", MADE_SCAN_EMPTY, nil),
    (" \n\t", MADE_SCAN_EMPTY, nil),
    ("[[0,1,0]]", MADE_SCAN_NOT_OBJECT, nil),
    ("3", MADE_SCAN_NOT_OBJECT, nil),
    ("{}", MADE_SCAN_ROWS_MISSING, nil),
    (#"{"Rows":[]}"#, MADE_SCAN_ROWS_MISSING, nil),
    (#"{"rows":{}}"#, MADE_SCAN_ROWS_NOT_ARRAY, nil),
    (#"{"rows":null}"#, MADE_SCAN_ROWS_NOT_ARRAY, nil),
    (#"{"rows":null,"x":nul}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":1[1]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"x":1,"x":2,"rows":[}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[],"rows":[]}"#, MADE_SCAN_DUPLICATE_MEMBER, nil),
    (#"{"rows":[],"r\u006fws":[]}"#, MADE_SCAN_DUPLICATE_MEMBER, nil),
    (#"{"rows":[],"x":1,"x":2}"#, MADE_SCAN_DUPLICATE_MEMBER, nil),
    (#"{"rows":[]} {}"#, MADE_SCAN_TRAILING, 12),
    (#"{"rows":[]} x"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0]"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[{"a":0}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":{"a":0}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0],]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0 1,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[00,1,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1.,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,+1,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,0x1,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,NaN,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,nul,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,trux,0]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[{"a" 1}]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[{a:1}]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[{"a":1,}]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[],}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[] "x":1}"#, MADE_SCAN_NOT_JSON, nil),
    // What comes after the rows, and after a faulty row, is checked too.
    (#"{"rows":[[0,1,0]],"x":tru}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0]],"x":[1,{"y":01}]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0]],"x":"\q"}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[7,nul]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[[0,1,0,1,nul]]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[{"zz":nul}]}"#, MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[3x]}"#, MADE_SCAN_NOT_JSON, nil),
    ("{\"rows\":[],\"x\":\"\u{1}\"}", MADE_SCAN_NOT_JSON, nil),
    ("{\"rows\":[],\"x\":\"\u{0}\"}", MADE_SCAN_NOT_JSON, nil),
    ("{\"rows\":[]\u{0}}", MADE_SCAN_NOT_JSON, nil),
    (#"{"rows":[],"x":"unclosed}"#, MADE_SCAN_NOT_JSON, nil),
]

@Test(arguments: refusedBodies)
func refusesABodyThatIsNoRequest(body: String, status: made_scan_status, offset: Int?) {
    let scanning = Scanning(abc)
    // Whatever lies after the body's end, it is not taken for a part of it.
    for padding in UInt8(ascii: " ")...UInt8(ascii: "}") {
        let scan = scanning(Array(body.utf8), padding: padding)
        #expect(scan.status == status, "padding \(padding)")
        #expect(scan.matrix == [])
        if let offset { #expect(scan.offset == offset) }
        #expect((scan.reason != nil) == (status == MADE_SCAN_NOT_JSON))
    }
}

@Test func refusesWhatIsNotUTF8AndSaysWhere() {
    let cases: [([UInt8], Int)] = [
        ([0xFF], 0), ([0x41, 0xC3], 1), ([0xED, 0xA0, 0x80], 0), ([0xC0, 0x80], 0), ([0xF4, 0x90, 0x80, 0x80], 0),
    ]
    for (bytes, at) in cases {
        let prefix = Array(#"{"rows":[],"é€𝄞":""#.utf8)
        let scan = Scanning(abc)(prefix + bytes + Array(#""}"#.utf8))
        #expect(scan.status == MADE_SCAN_NOT_UTF8)
        #expect(scan.offset == prefix.count + at)
    }
}

@Test func boundsDepthMembersAndRows() {
    let deep = { (depth: Int) in
        Scanning(abc)(
            #"{"rows":[],"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}")
    }
    #expect(deep(64).status == MADE_SCAN_OK)
    #expect(deep(65).status == MADE_SCAN_TOO_DEEP)
    #expect(deep(1_000_000).status == MADE_SCAN_TOO_DEEP)
    let members = (0..<65).map { "\"m\($0)\":0" }.joined(separator: ",")
    #expect(Scanning(abc)("{\(members)}").status == MADE_SCAN_TOO_MANY_MEMBERS)
    #expect(Scanning(abc, rowsMax: 2)(#"{"rows":[{},{}]}"#).status == MADE_SCAN_OK)
    #expect(Scanning(abc, rowsMax: 2)(#"{"rows":[{},{},{}]}"#).status == MADE_SCAN_TOO_MANY_ROWS)
    let scanning = Scanning(abc)
    scanning.request.values_max = 5
    #expect(scanning(#"{"rows":[{},{}]}"#).status == MADE_SCAN_TOO_MANY_ROWS)
}

@Test func readsHugeStringsAndNumbers() {
    let scanning = Scanning(abc)
    let text = String(repeating: "x\\u00e9", count: 1_500_000)
    #expect(scanning("{\"rows\":[],\"x\":\"\(text)\"}").members["x"]?.utf8.count == text.utf8.count + 2)
    let digits = String(repeating: "1", count: 1_000_000)
    #expect(scanning("{\"rows\":[[0,1,\(digits)]]}").faults.first?.fault == MADE_ROW_OUT_OF_RANGE)
    #expect(scanning("{\"rows\":[[0,1,0.\(digits)]]}").faults.first?.fault == MADE_ROW_NOT_BINARY)
    // The memory that those took is given back, and the scanner still reads.
    #expect(scanning(#"{"rows":[[0,1,0]]}"#).values == [0, 1, 0])
}

@Test func labelsAndRealsAreReadByTheirColumns() {
    let columns = [
        Column(name: "cut", kind: MADE_COLUMN_CATEGORICAL, labels: ["Fair", "Very \"Good\""]),
        Column(name: "carat \"\\", kind: MADE_COLUMN_REAL), Column(name: "é"),
    ]
    let scanning = Scanning(columns)
    let scan = scanning(#"{"rows":[["Fair",-2.5e-1,1],{"é":0,"cut":"Very \"Good\"","carat \"\\":1}]}"#)
    #expect(scan.faults == [])
    #expect(scan.values == [0, -0.25, 1, 1, 1, 0])
    #expect(
        scanning(#"{"rows":[["Good",0,0],[1,0,0],["Fair",1e309,0],["Fair",true,0]]}"#).faults == [
            .init(fault: MADE_ROW_UNKNOWN_LABEL, row: 0, column: 0, text: "Good"),
            .init(fault: MADE_ROW_UNKNOWN_LABEL, row: 1, column: 0, text: "1"),
            .init(fault: MADE_ROW_OUT_OF_RANGE, row: 2, column: 1, text: "1e309"),
            .init(fault: MADE_ROW_WRONG_TYPE, row: 3, column: 1, text: "true"),
        ])
}

@Test func appendsToWhatTheMatrixHolds() throws {
    let scanner = try #require(made_row_scanner_create())
    defer { made_row_scanner_free(scanner) }
    var buffer = made_row_buffer()
    defer { free(buffer.values) }
    let scanning = Scanning(abc)
    let bodies = [(#"{"rows":[[1,0,0]]}"#, 3), (#"{"rows":[[0,1,0],[0,0,1]]"#, 3), (#"{"rows":[[0,1,1]]}"#, 6)]
    for (body, count) in bodies {
        let padded = Array(body.utf8CString) + [CChar](repeating: 0, count: 64)
        _ = made_row_scanner_scan(scanner, &scanning.request, padded, body.utf8.count, &buffer)
        #expect(buffer.count == count)
    }
    #expect((0..<6).map { buffer.values?[$0] } == [1, 0, 0, 0, 1, 1])
}
