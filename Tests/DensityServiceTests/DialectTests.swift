import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let ndjson = "application/x-ndjson"

@Test func linesEndAndCellsPartInEveryWay() throws {
    let service = try TestService([TableModel.model()])
    let rows = [
        ["city", "price", "side", "flag", "grade", "size"], ["Paris", "1500", "right", "0", "2", "2.5"],
        ["K\u{F6}ln", "12", "left", "1", "5", ""], ["?", "x", "left", "1", "5", "1"],
    ]
    func table(_ separator: String, _ end: String) -> String {
        rows.map { $0.joined(separator: separator) + end }.joined()
    }
    let expected = try service.send(lines: table(",", "\n"), accept: "text/csv")
    let lines = expected.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 5 && lines[4].isEmpty && !expected.text.contains("\r"))
    #expect(lines[1].hasSuffix(",") && lines[3].hasPrefix(",,,,\"rows[2].price"))
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"] {
            let text = table(separator, end)
            for body in [
                text, "\u{FEFF}" + text, "# a comment\n" + text, "\n" + text, String(text.dropLast(end.count)),
            ] {
                let found = try service.send(lines: body, accept: "text/csv")
                #expect(found.status == 200 && found.text == expected.text, "\(body.debugDescription): \(found.text)")
            }
        }
    }
}

@Test func blankLinesOfNDJSONAreNoRows() throws {
    let service = try TestService([randomModel("m", variables: 2, calibrated: true)])
    let expected = try service.send(lines: "[0,1]\n[1,1]\n", ndjson)
    #expect(expected.text.split(separator: "\n").count == 2)
    for text in [
        "\n\n[0,1]\n \t\n[1,1]", "[0,1]\r\n\r\n[1,1]\r\n", "\u{FEFF}[0,1]\n[1,1]\n\n\n", "[0,1]\n\n\n[1,1] \n ",
    ] {
        #expect(try service.send(lines: text, ndjson).body == expected.body, "\(text.debugDescription)")
    }
}

@Test func aBodyWithoutLinesHasNoRows() throws {
    let models = [TableModel.model(), TableModel.model("bare", calibrationRows: 0)]
    let service = try TestService(models) { $0.defaultModel = "table" }
    for text in ["", "\n", "\r\n\n\r"] {
        let table = try service.send(lines: text, accept: "text/csv")
        #expect(table.status == 200 && table.text == "log_likelihood,p_value,anomaly,score,error\n", "\(table.text)")
        let bare = try service.send(lines: text, to: "/models/bare/score", accept: "text/csv")
        #expect(bare.status == 200 && bare.text == "log_likelihood,error\n", "\(bare.text)")
        for type in ["text/csv", ndjson] {
            let lines = try service.send(lines: text, type)
            #expect(lines.status == 200 && lines.text.isEmpty && lines.header("Content-Type") == ndjson)
            let document = try service.send(lines: text, type, accept: "application/json").scores()
            #expect(document.logLikelihood.isEmpty && document.anomaly == [] && document.errors == nil)
        }
        let invoked = try service.send(lines: text, to: "/invocations", accept: "text/csv")
        #expect(invoked.status == 200 && invoked.text.isEmpty)
    }
    // A header alone is a table without rows.
    let header = try service.send(lines: "city,price,side,flag,grade,size\n", accept: "text/csv")
    #expect(header.status == 200 && header.text == "log_likelihood,p_value,anomaly,score,error\n")
}

@Test func aTableWithoutAHeaderIsScoredWithoutOne() throws {
    let models = [TableModel.model(), TableModel.model("headless", hasHeader: false)]
    let service = try TestService(models) { $0.defaultModel = "table" }
    let row = "Paris,1500,right,0,2,2.5\n"
    let header = "city,price,side,flag,grade,size\n"
    let score = { (text: String, type: String, path: String) in
        try service.send(lines: text, type, to: path, accept: "text/csv")
    }
    let named = try score(header + row, "text/csv", "/score").text
    let line = String(named.drop { $0 != "\n" }.dropFirst())
    #expect(try score(row, "text/csv", "/models/headless/score").text == line)
    // All columns of the table, those left out too.
    #expect(try score("7,Paris,1500,x,right,0,2,2.5\n", "text/csv", "/models/headless/score").text == line)
    #expect(try score(header + row, "text/csv", "/models/headless/score").text == named)
    #expect(try score(row, "text/csv", "/score").status == 422)
    for path in ["/score", "/models/headless/score"] {
        #expect(try score(row, "text/csv; header=absent", path).text == line)
        #expect(try score(header + row, "text/csv; header=present", path).text == named)
    }
    // One that has fewer or more is faulty.
    let widths = try score("Paris,1500\n\(row)", "text/csv", "/models/headless/score").text.split(separator: "\n")
    #expect(widths.count == 2 && widths[0].contains("rows[0]: ") && widths[1] + "\n" == line)
}
