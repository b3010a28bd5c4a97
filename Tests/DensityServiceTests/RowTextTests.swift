import CRowScanner
import Foundation
import MADE
import Oracle
import Testing

@testable import DensityService

@Test func numbersAreWrittenAsInTheData() {
    let cases: [(Float, String)] = [
        (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.3, "0.3"), (0.29, "0.29"), (61.5, "61.5"), (326, "326"),
        (16_777_216, "16777216"), (3_456_789_504, "3456789504"), (1e-5, "0.00001"), (-1.5e-5, "-0.000015"),
        (1.25e-9, "0.00000000125"), (1e-10, "1e-10"), (1e30, "1e+30"), (-0.1, "-0.1"), (1234.5, "1234.5"),
    ]
    for (value, text) in cases { #expect(decimalText(value) == text) }
}

@Test func everyFloatReadsBackAsItWasWritten() throws {
    let seed: UInt64 = 11
    var generator = PhiloxGenerator(seed: seed)
    let variables = [
        Variable(name: "x", kind: .real(RealEncoding(affine: .identity, componentCount: 1, scaleFloor: 1)))
    ]
    var values: [Float] = [.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0x1p62, 0x1p63, -0x1p63, 1e-9]
    while values.count < 4000 {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
        if value.isFinite { values.append(value) }
        values.append(Float(Int.random(in: -100_000...100_000, using: &generator)) / 1000)
    }
    for chunk in stride(from: 0, to: values.count, by: 500) {
        let part = values[chunk..<min(chunk + 500, values.count)]
        let rows = part.map { "[\(decimalText($0))]" }.joined(separator: ",")
        let read = try scanRows("{\"rows\":[\(rows)]}", variables: variables)
        #expect(read.problem == nil, "seed \(seed)")
        #expect(read.rows.map { $0 + 0 } == part.map { $0 + 0 }, "seed \(seed)")
    }
}

@Test func aRowOfAnyTypeReadsBackFromJSONAndCSV() throws {
    let seed: UInt64 = 3
    var generator = PhiloxGenerator(seed: seed)
    let text = RowText(mixedVariables)
    let stream = { (format: LineFormat, bytes: [UInt8]) throws -> [Float] in
        let schema = try #require(RowSchema(mixedVariables))
        let rows = RowBuffer()
        let reader = try #require(RowStream(BulkInput(format: format), schema: schema))
        let read = bytes.withUnsafeBytes { reader.read($0, isLast: true, rowsMax: 1000, into: rows) }
        #expect(read.error_count == 0 && BulkError(read, variables: mixedVariables) == nil)
        return Array(rows.values)
    }
    var rows: [Float] = []
    var csv = text.csvHeader + Array("\r\n".utf8)
    var arrays: [UInt8] = []
    var objects: [UInt8] = []
    for _ in 0..<200 {
        let row = RandomModel.row(of: mixedVariables, using: &generator)
        rows += row
        text.appendCSV(row, to: &csv)
        csv += Array("\r\n".utf8)
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
    let variables = [
        Variable(name: "a", kind: .categorical(Categories(labels: ["", "x"]))),
        Variable(name: "b", kind: .binary(.identity)),
    ]
    let text = RowText(variables)
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
            "rows[0].carat: \"\\\"NA\\\"\" is not a finite number"
        ),
        (#"[{"x,\"y\"":true}]"#, 422, "/rows/0/x,\"y\"", "rows[0].x,\"y\": \"true\" is not a finite number"),
        (
            #"[["Fair",4e38,0,1,1]]"#, 422, "/rows/0/1",
            "rows[0].carat: the number \"4e38\" is out of range (±3.4e38)"
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
    #expect(
        try scanRows(#"{"rows":[["Fair",1,0,1,"XXL"],["Fair",1,0,1,1.0]]}"#).rows == [0, 1, 0, 1, 3, 0, 1, 0, 1, 0])
}

@Test func aLongListOfLabelsIsCutAndTensorsSpeakOfIndices() throws {
    let variables = [Variable(name: "k", kind: .categorical(Categories(labels: (0..<40).map { "label\($0)" })))]
    let long = try #require(try scanRows(#"{"rows":[["x"]]}"#, variables: variables).problem)
    #expect(long.detail.hasSuffix("label10, label11 and 28 more)"))
    let tensor = BodyScanner.Shape(member: "data", isTensor: true, rowsMax: 10, valuesMax: 10)
    let index = try #require(try scanRows(#"{"data":[40]}"#, variables: variables, shape: tensor).problem)
    #expect(index.detail == "data[0].k: \"40\" is not the index of a category of 'k' (0 to 39)")
    #expect(try scanRows(#"{"data":[[39],[0]]}"#, variables: variables, shape: tensor).rows == [39, 0])
}

@Test func givenValuesAreReadByTheirVariables() throws {
    func values(_ assignments: [String]) throws -> [Float] {
        var given = try #require(GivenValues(of: mixedVariables))
        for assignment in assignments { try given.read(assignment) }
        return given.values
    }
    let all = try values(["cut=Good, \"very\"", "sold=1", "size=XXL", "carat=-1e-1", "x,\"y\"=3"])
    #expect(all == [1, -0.1, 1, 3, 3])
    #expect(try values(["carat=2"]).map(\.isNaN) == [true, false, true, true, true])
    let cases: [([String], String)] = [
        (["cut"], "\"cut\": write it as name=value"),
        (["cot=Fair"], "the model has no variable \"cot\"; did you mean 'cut'?"),
        (["sold=1", "sold=0"], "'sold' is given twice"),
        (["sold=2"], "given.sold: \"2\" is not a value of a binary variable (0, 1)"),
        (["carat=NA"], "given.carat: \"NA\" is not a finite number; a missing value is null, an empty cell of CSV"),
        (["carat="], "the value of 'carat' is empty"),
    ]
    for (assignments, reason) in cases {
        #expect(throws: GivenValues.Failure(description: reason)) { try values(assignments) }
    }
    // Names and labels may hold the sign themselves.
    let signs = [
        Variable(name: "a", kind: .categorical(Categories(labels: ["=b", "b=c"]))),
        Variable(name: "a=", kind: .binary(.identity)),
    ]
    var given = try #require(GivenValues(of: signs))
    try given.read("a=b=c")
    #expect(given.values[0] == 1)
}
