import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let ndjson = "application/x-ndjson"
private let header = "id,city,price,when,side,flag,grade,size"

@Test func columnsThatTrainingLeftOutArePassedOver() throws {
    let service = try TestService([TableModel.model()])
    let expected = try service.score(TableModel.object()).logLikelihood
    let objects = [
        #","id":7,"when":"2024-01-01""#, #","when":null,"id":"7""#, #","id":{"a":[1,{}]},"when":[[]]"#, #","id":true"#,
    ].map { TableModel.object([:], $0) }
    let wide = #"[7,"Paris",1500,"2024-01-01","right",0,2,2.5]"#
    for row in objects + [wide] {
        #expect(try service.score(row).logLikelihood == expected, "\(row)")
        for path in ["/v1/models/table:predict", "/invocations"] {
            let reply = try service.post(path, "{\"instances\":[\(row)]}")
            #expect(reply.text.contains("\"log_likelihood\":\(expected[0] ?? 0),"), "\(path): \(reply.text)")
        }
        #expect(try service.send(lines: row, ndjson).scoreLines().map(\.logLikelihood) == expected, "\(row)")
    }
    for table in [
        "\(header)\n7,Paris,1500,2024-01-01,right,0,2,2.5\n", "\(header)\n,Paris,1500,,right,0,2,2.5\n",
        "when,size,grade,flag,side,price,city,id\n\"a,b\",2.5,2,0,right,1500,Paris,x\n",
    ] {
        #expect(try service.send(lines: table).scoreLines().map(\.logLikelihood) == expected, "\(table)")
    }
    let row = "7,Paris,1500,2024-01-01,right,0,2,2.5\n"
    let positional = try service.send(lines: row, "text/csv; header=absent").scoreLines()
    #expect(positional.map(\.logLikelihood) == expected)
    #expect(try service.send(lines: row, to: "/invocations").scoreLines().map(\.logLikelihood) == expected)
}

@Test func aColumnThatIsNoneIsAnErrorThatNamesTheNearest() throws {
    let service = try TestService([TableModel.model()])
    let row = TableModel.object([:], #","citty":"Paris""#)
    let problem = try service.post("/score", "{\"rows\":[\(row)]}").decode(ProblemReply.self)
    #expect(problem.status == 422 && problem.pointer == "/rows/0/citty")
    #expect(problem.detail == "rows[0]: \"citty\" is not a column of the model; did you mean 'city'?")
    let line = try service.send(lines: row, ndjson).scoreLines()[0]
    #expect(line.error == problem.detail && line.logLikelihood == nil)
    let table = try service.send(lines: "citty,\(header)\n")
    #expect(table.status == 422 && table.text.contains("\\\"citty\\\" is none of the model's; did you mean 'city'?"))
    for path in ["/v1/models/table:predict", "/invocations"] {
        let reply = try service.post(path, "{\"instances\":[\(row)]}")
        #expect(reply.status == 422 && reply.text.contains("did you mean 'city'?"), "\(reply.text)")
    }
    // A table without a name over a column: such columns are passed over.
    let unnamed = ",\(header)\n0,7,Paris,1500,2024-01-01,right,0,2,2.5\n"
    #expect(try service.send(lines: unnamed).scoreLines()[0].error == nil)
}

@Test func unknownColumnsArePassedOverWhereAsked() throws {
    let service = try TestService([TableModel.model()])
    let expected = try service.score(TableModel.object()).logLikelihood
    let row = TableModel.object([:], #","zip":{"a":[1]},"citty":"Paris""#)
    #expect(try service.score(row, options: #","ignore_unknown":true"#).logLikelihood == expected)
    for value in ["true", "1"] {
        let path = "/score?ignore_unknown=\(value)"
        #expect(try service.score(row, path: path).logLikelihood == expected)
        #expect(try service.score(row, options: #","ignore_unknown":null"#, path: path).logLikelihood == expected)
        #expect(try service.send(lines: row, ndjson, to: path).scoreLines().map(\.logLikelihood) == expected)
        let table = "zip,\(header),citty\n1,7,Paris,1500,2024-01-01,right,0,2,2.5,x\n"
        #expect(try service.send(lines: table, to: path).scoreLines().map(\.logLikelihood) == expected)
    }
    for value in ["false", "0"] {
        let path = "/score?ignore_unknown=\(value)"
        #expect(try service.post(path, "{\"rows\":[\(row)]}").status == 422)
        #expect(try service.score(row, options: #","ignore_unknown":true"#, path: path).logLikelihood == expected)
    }
    // What a variable lacks is not made up for, and one that is there twice is no unknown one.
    let path = "/score?ignore_unknown=true"
    #expect(try service.send(lines: "zip,city\n1,Paris\n", to: path).status == 422)
    let twice = TableModel.object([:], #","city":"Paris""#)
    #expect(try service.post(path, "{\"rows\":[\(twice)]}").status == 400)
    // Faults of rows read with what stands behind them are those of the last reading.
    let faulty = try service.score(
        row, #"{"size":"x","zip":1}"#, row, options: #","ignore_unknown":true,"on_error":"row""#)
    #expect(faulty.errors?.map(\.pointer) == ["/rows/1/size"])
    #expect(faulty.logLikelihood == [expected[0], nil, expected[0]])
}
