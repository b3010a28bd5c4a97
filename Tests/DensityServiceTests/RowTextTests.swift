import CRows
import Foundation
import MADE
import MADERows
import Oracle
import Testing

@testable import DensityService

@Test func everyEncodedNumberReadsBackAsItWasWritten() throws {
    let seed: UInt64 = 11
    var generator = PhiloxGenerator(seed: seed)
    for trial in 0..<40 {
        let encoding = RandomModel.realEncoding(hasStep: trial % 2 == 0, using: &generator)
        let variables = [Variable(name: "x", kind: .real(encoding))]
        let text = RowText(card(of: variables))
        let values = (0..<200).flatMap { _ in
            settled(RandomModel.row(of: variables, using: &generator), variables)
        }
        var json: [UInt8] = []
        for value in values {
            text.appendJSON([value], asObject: false, to: &json)
            json.append(UInt8(ascii: ","))
        }
        let read = try scanRows(
            "{\"rows\":[\(String(decoding: json.dropLast(), as: UTF8.self))]}", variables: variables)
        #expect(read.problem == nil && read.rows == values, "seed \(seed), trial \(trial): \(encoding)")
    }
}

@Test func aRowOfAnyTypeReadsBackFromJSONAndCSV() throws {
    let seed: UInt64 = 3
    let card = card(of: mixedVariables)
    let text = RowText(card)
    let stream = { (format: LineFormat, bytes: [UInt8]) throws -> [Float] in
        let schema = try #require(RowSchema(card))
        let rows = RowBuffer()
        let reader = try #require(RowStream(format, header: .present, schema: schema))
        let read = bytes.withUnsafeBytes { reader.read($0, isLast: true, rowsMax: 1000, into: rows) }
        #expect(read.error_count == 0 && read.status == MADE_STREAM_OK)
        return Array(rows.values)
    }
    var rows: [Float] = []
    var csv = text.csvHeader + Array("\n".utf8)
    var arrays: [UInt8] = []
    var objects: [UInt8] = []
    for row in mixedRows(200, seed: seed) {
        rows += row
        text.appendCSV(row, to: &csv)
        csv += Array("\n".utf8)
        text.appendJSON(row, asObject: false, to: &arrays)
        text.appendJSON(row, asObject: true, to: &objects)
        arrays.append(UInt8(ascii: "\n"))
        objects.append(UInt8(ascii: "\n"))
    }
    #expect(try stream(.csv, csv) == rows, "seed \(seed)")
    #expect(try stream(.ndjson, arrays) == rows, "seed \(seed)")
    #expect(try stream(.ndjson, objects) == rows, "seed \(seed)")
}

@Test func missingValuesAndEmptyLabelsAreWrittenApart() {
    let text = RowText(
        card(of: [
            Variable(name: "a", kind: .categorical(Categories(labels: ["", "x"]))),
            Variable(name: "b", kind: .binary(.identity)),
        ]))
    var csv: [UInt8] = []
    text.appendCSV([0, .nan], to: &csv)
    text.appendCSV([.nan, 1], to: &csv)
    #expect(String(decoding: csv, as: UTF8.self) == "\"\",,1")
    var json: [UInt8] = []
    text.appendJSON([.nan, 1], asObject: true, to: &json)
    text.appendJSON([0, .nan], asObject: false, to: &json)
    #expect(String(decoding: json, as: UTF8.self) == #"{"a":null,"b":1}["",null]"#)
}

@Test func aFaultyValueIsAnsweredWithWhatWouldBeRight() throws {
    let names = "(Fair, Good, \"very\", Idéal 𝄞, a\nb, Premium)"
    let cases: [(String, Int, String, String)] = [
        (
            #"[["Premum",1,0,1,1]]"#, 422, "/rows/0/0",
            "rows[0].cut: \"Premum\" is not a category of 'cut' \(names); did you mean 'Premium'?"
        ),
        (#"[[7,1,0,1,1]]"#, 422, "/rows/0/0", "rows[0].cut: \"7\" is not a category of 'cut' \(names)"),
        (#"[[["Fair"],1,0,1,1]]"#, 422, "/rows/0/0", "rows[0].cut: an array is not a category of 'cut' \(names)"),
        (
            #"[{"carat":"NA"}]"#, 422, "/rows/0/carat",
            "rows[0].carat: \"NA\" is not a finite number; a missing value is null, an empty cell of CSV"
        ),
        (#"[{"x,\"y\"":true}]"#, 422, "/rows/0/x,\"y\"", "rows[0].x,\"y\": \"true\" is not a finite number"),
        (
            #"[["Fair",4e309,0,1,1]]"#, 422, "/rows/0/1",
            "rows[0].carat: the number \"4e309\" is out of range (±1.8e308)"
        ),
        (#"[["Fair",1,2,1,1]]"#, 422, "/rows/0/2", "rows[0].sold: \"2\" is not a value of a binary variable (0, 1)"),
        (#"[["Fair",NaN,0,1,1]]"#, 400, "", "the body is not JSON at byte 17"),
        (#"[["Fair",Infinity,0,1,1]]"#, 400, "", "the body is not JSON at byte 17"),
    ]
    for (rows, status, pointer, detail) in cases {
        let problem = try #require(try scanRows("{\"rows\":\(rows)}").problem, "\(rows)")
        #expect(problem.status == status && (problem.pointer ?? "") == pointer, "\(rows): \(problem)")
        #expect(problem.detail.hasPrefix(detail), "\(problem.detail)")
    }
    // The last column takes what it does not know for `other`.
    let rows = try scanRows(#"{"rows":[["Fair",0.7,0,320,"XXL"],["Fair",1.2,0,420,1.0]]}"#).rows
    #expect(rows == [0, 0, 0, 0, 3, 0, 1, 0, 1, 0])
}

@Test func aLongListOfLabelsIsCutAndTensorsSpeakOfIndices() throws {
    let variables = [Variable(name: "k", kind: .categorical(Categories(labels: (0..<40).map { "label\($0)" })))]
    let long = try #require(try scanRows(#"{"rows":[["x"]]}"#, variables: variables).problem)
    #expect(long.detail.hasSuffix("label10, label11 and 28 more)"))
    let tensor = BodyScanner.Shape(member: "data", form: MADE_ROWS_TENSOR, rowsMax: 10, valuesMax: 10)
    let index = try #require(try scanRows(#"{"data":[40]}"#, variables: variables, shape: tensor).problem)
    #expect(index.detail == "data[0].k: \"40\" is not the index of a category of 'k' (0 to 39)")
    #expect(try scanRows(#"{"data":[[39],[0]]}"#, variables: variables, shape: tensor).rows == [39, 0])
}

@Test func givenValuesAreReadByTheirVariables() throws {
    func values(_ assignments: [String]) throws -> [Float] {
        var given = GivenValues(of: try #require(RowSchema(card(of: mixedVariables))))
        for assignment in assignments { try given.read(assignment) }
        return given.values
    }
    let all = try values(["cut=Good, \"very\"", "sold=1", "size=XXL", "carat=-3e-1", "x,\"y\"=3.2e2"])
    #expect(all == [1, -2, 1, 0, 3])
    #expect(try values(["carat=2"]).map(\.isNaN) == [true, false, true, true, true])
    let cases: [([String], String)] = [
        (["cut"], "\"cut\": write it as name=value"),
        (["cot=Fair"], "the model has no column \"cot\"; did you mean 'cut'?"),
        (["sold=1", "sold=0"], "'sold' is given twice"),
        (["sold=2"], "given.sold: \"2\" is not a value of a binary variable (0, 1)"),
        (["carat=NA"], "given.carat: \"NA\" is not a finite number; a missing value is null, an empty cell of CSV"),
        (["carat="], "the value of 'carat' is missing"),
    ]
    for (assignments, reason) in cases {
        let failure = #expect(throws: GivenValues.Failure.self) { try values(assignments) }
        #expect(failure?.description == reason)
    }
    // Names and labels may hold the sign themselves.
    let signs = [
        Variable(name: "a", kind: .categorical(Categories(labels: ["=b", "b=c"]))),
        Variable(name: "a=", kind: .binary(.identity)),
    ]
    var given = GivenValues(of: try #require(RowSchema(card(of: signs))))
    try given.read("a=b=c")
    #expect(given.values[0] == 1)
}
