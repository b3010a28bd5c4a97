import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let ndjson = "application/x-ndjson"

/// The fronts of lines, each up to the score.
private func fronts(_ response: Response) throws -> [String] {
    try #require(response.status == 200, "\(response.text)")
    return response.text.split(separator: "\n").map { line in
        String(line.prefix(upTo: line.range(of: "\"log_likelihood\"")?.lowerBound ?? line.endIndex))
    }
}

@Test func columnsAreCopiedToTheFrontOfEachLine() throws {
    let service = try TestService([TableModel.model()])
    let header = "id,city,price,when,side,flag,grade,size"
    let table = [
        header, #"7,Paris,"1.500,00 €",2024-01-01,right,0,2,2.5"#,
        #""a, ""b""",Ko\#u{308}ln,1500,,left,1,5,2"#, ##",Rom,1500,"#1",left,x,5,2"##, "9,Paris",
    ].joined(separator: "\n")
    let plain = try service.send(lines: table, accept: "text/csv").text.split(separator: "\n").map(String.init)
    #expect(plain[0] == "log_likelihood,p_value,anomaly,score,error")
    let kept = try service.send(lines: table, to: "/score?keep=when,id,city,price", accept: "text/csv")
    let lines = kept.text.split(separator: "\n").map(String.init)
    #expect(
        lines[..<4] == [
            "when,id,city,price,\(plain[0])", "2024-01-01,7,Paris,\"1.500,00 €\",\(plain[1])",
            ",\"a, \"\"b\"\"\",Ko\u{308}ln,1500,\(plain[2])", "\"#1\",,Rom,1500,\(plain[3])",
        ])
    // A faulty line keeps its cells; one of too few has those that are there, or none.
    #expect(plain[3].hasSuffix(#","rows[2].flag: ""x"" is not a value of a binary variable (0, 1)""#))
    #expect(lines.count == 5 && lines[4].hasSuffix(plain[4]) && plain[4].hasPrefix(",,,"))
    // An empty cell is an empty text, and a cell that is not there null.
    let objects = try fronts(service.send(lines: table, to: "/score?keep=id,city"))
    let expected = [
        #"{"id":"7","city":"Paris","#, #"{"id":"a, \"b\"","city":"Ko\#u{308}ln","#, #"{"id":"","city":"Rom","#,
        #"{"id":"9","city":"Paris","#,
    ]
    #expect(objects == expected)
    #expect(try fronts(service.send(lines: table, to: "/score?keep=size,id")).last == #"{"size":null,"id":"9","#)
}

@Test func keptValuesOfNDJSONStayWhatTheyAre() throws {
    let service = try TestService([TableModel.model()])
    let rows = [
        #","id":7"#, #","id":"7""#, #","id":[1, {"a":"x,y"}]"#, #","id":null"#, "", #","id":1.50e1,"when":true"#,
        ",\"id\":\"a\\\"\\u00e9\\n,\",\"when\":\"\"",
    ].map { TableModel.object([:], $0) }
    let body = rows.map { $0 + "\n" }.joined()
    let expected = try service.score(rows[0]).logLikelihood[0]
    let answer = try service.send(lines: body, ndjson, to: "/score?keep=id,when,grade")
    #expect(
        try fronts(answer) == [
            #"{"id":7,"when":null,"grade":2,"#, #"{"id":"7","when":null,"grade":2,"#,
            #"{"id":[1, {"a":"x,y"}],"when":null,"grade":2,"#, #"{"id":null,"when":null,"grade":2,"#,
            #"{"id":null,"when":null,"grade":2,"#, #"{"id":1.50e1,"when":true,"grade":2,"#,
            #"{"id":"a\"é\n,","when":"","grade":2,"#,
        ])
    #expect(try answer.scoreLines().allSatisfy { $0.logLikelihood == expected })
    let table = try service.send(lines: body, ndjson, to: "/score?keep=id,when", accept: "text/csv").text
    #expect(table.hasPrefix("id,when,log_likelihood,p_value,anomaly,score,error\n7,,\(expected ?? 0),"))
    #expect(table.contains("\n\"[1, {\"\"a\"\":\"\"x,y\"\"}]\",,") && table.contains("\n1.50e1,true,"))
    #expect(table.contains("\n\"a\"\"é\n,\",,"))
    // Of arrays the columns of the table have places.
    let wide = #"[7,"Paris",1500,"d","right",0,2,2.5]"# + "\n" + #"["Paris",1500,"right",0,2,2.5]"# + "\n"
    #expect(
        try fronts(service.send(lines: wide, ndjson, to: "/score?keep=id,city")) == [
            #"{"id":7,"city":"Paris","#, #"{"id":null,"city":"Paris","#,
        ])
}

@Test func aColumnNobodyKnowsCanBeKept() throws {
    let service = try TestService([randomModel("m", variables: 2, calibrated: true)])
    let table = "row number,v0,v1\n17,0,1\n18,1,2\n"
    #expect(try service.send(lines: table).status == 422)
    let kept = try service.send(lines: table, to: "/score?keep=row%20number", accept: "text/csv").text
    #expect(kept.hasPrefix("row number,log_likelihood,p_value,anomaly,score,error\n17,-"))
    #expect(kept.contains("\n18,,,,,\"rows[1].v1: "))
    let lines = #"{"k":1,"v0":0,"v1":1}"# + "\n" + #"{"k":2,"v0":0,"v1":1,"j":0}"# + "\nnope\n"
    let answers = try service.send(lines: lines, ndjson, to: "/score?keep=k")
    #expect(try fronts(answers) == [#"{"k":1,"#, #"{"k":2,"#, #"{"k":null,"#])
    #expect(try answers.scoreLines().map { $0.error == nil } == [true, false, false])
    // Beside others that are passed over; one name asked for twice.
    let both = try service.send(
        lines: "a,v0,b,v1\n1,0,2,1\n", to: "/score?keep=b,b&ignore_unknown=true", accept: "text/csv"
    ).text
    #expect(both.hasPrefix("b,b,log_likelihood,p_value,anomaly,score,error\n2,2,-"))
    // One that is nowhere, with and without a header.
    for (type, text) in [("text/csv", "v0,b,v1\n0,2,1\n"), ("text/csv; header=absent", "0,1\n")] {
        let unknown = try service.send(lines: text, type, to: "/score?keep=v0,c&ignore_unknown=true")
        #expect(unknown.status == 422 && unknown.text.contains(#"no column is called \"c\""#), "\(unknown.text)")
    }
    // Without a header there is none in the answer.
    let absent = try service.send(
        lines: "0,1\n", "text/csv; header=absent", to: "/score?keep=v1,v0", accept: "text/csv"
    ).text
    #expect(absent.hasPrefix("1,0,-") && absent.split(separator: "\n").count == 1)
    #expect(try service.send(lines: "0,1\n", to: "/invocations?keep=v1", accept: "text/csv").text.hasPrefix("1,-"))
}

@Test func keptCellsComeInOrderHoweverManyRowsThereAre() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let rows = randomRows(5000, variables: 3, seed: 8)
    let table =
        "id,v0,v1,v2\n"
        + rows.enumerated().map { index, row in
            "r\(index),\(row[0]),\(index % 7 == 3 ? 5 : row[1]),\(row[2])\n"
        }.joined()
    let answer = try service.send(lines: table, to: "/score?keep=id", accept: "text/csv")
    let lines = answer.text.split(separator: "\n").dropFirst().map {
        $0.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    }
    #expect(lines.map { $0[0] } == rows.indices.map { "r\($0)" })
    let expected = try service.post("/score", body(rows)).decode(ScoreReply.self).logLikelihood
    for (index, line) in lines.enumerated() where index % 7 != 3 { #expect(Double(line[1]) == expected[index]) }
    #expect(lines.count { $0[1].isEmpty && $0[2].contains("v1: ") } == rows.indices.count { $0 % 7 == 3 })
}
