import Foundation
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private struct Explained: Decodable {
    struct Entry: Decodable {
        var variable: String
        var surprisal: Double
        var unseen: Bool?
        var value: JSONScalar?
        var nearest: String?
    }
    var logLikelihood: [Double?]
    var explanations: [[Entry]?]

    /// What is said of the values of a row that training never saw: variable, value, nearest.
    func unseen(_ row: Int) -> [[String?]] {
        (explanations[row] ?? []).filter { $0.unseen == true }.map { [$0.variable, $0.value?.text, $0.nearest] }
    }
}

private func explain(_ service: TestService, _ rows: String..., options: String = "") throws -> Explained {
    let response = try service.post(
        "/score", "{\"rows\":[\(rows.joined(separator: ","))],\"explain\":6\(options)}")
    try #require(response.status == 200, "\(response.text)")
    return try response.decode()
}

@Test func anUnseenValueIsScoredAndItsExplanationSaysSo() throws {
    let model = TableModel.model()
    let service = try TestService([model])
    let reply = try explain(
        service, TableModel.object(), TableModel.object(["city": "\"Pariss\""]), TableModel.object(["grade": "3"]),
        TableModel.object(["flag": "2", "side": "\"up\"", "size": "null"]), TableModel.object(["city": "\"Bon\""]))
    #expect(reply.unseen(0).isEmpty)
    #expect(reply.unseen(1) == [["city", "Pariss", "Paris"]])
    #expect(reply.unseen(2) == [["grade", "3", "2"]])
    #expect(Set(reply.unseen(3)) == [["flag", "2", "1"], ["side", "up", nil]])
    // A rare label is a known one.
    #expect(reply.unseen(4) == [["city", "Bon", "Bonn"]])
    #expect(reply.logLikelihood.allSatisfy { $0?.isFinite == true })
    // No value is told of where it was seen.
    let known = try #require(reply.explanations[0])
    #expect(known.count == 6 && known.allSatisfy { $0.unseen == nil && $0.value != nil && $0.nearest == nil })
    let oracle = Oracle(model)
    for (row, column) in [(1, 0), (2, 4)] {
        var values = TableModel.encodedCells.map(Double.init)
        values[column] = Double(Variable.unseenValue)
        let entry = try #require(reply.explanations[row]?.first { $0.unseen == true })
        #expect(abs(entry.surprisal - oracle.surprisals(of: values, member: 0)[column]) < 1e-4)
    }
    // Nobody asked for explanations: there are none.
    #expect(!(try service.post("/score", "{\"rows\":[\(TableModel.object(["grade": "3"]))]}").text.contains("unseen")))
}

@Test func explanationsOfUnseenValuesKeepTheirRowsBesideFaultyOnes() throws {
    let service = try TestService([TableModel.model()])
    let reply = try explain(
        service, #"{"size":"x"}"#, TableModel.object(["city": "\"A\""]), "7", "[1]",
        TableModel.object(["grade": "9"]), TableModel.object(), #"{"flag":"x"}"#, TableModel.object(["flag": "7"]),
        options: #","on_error":"row""#)
    #expect(reply.explanations.map { $0 == nil } == [true, false, true, true, false, false, true, false])
    #expect((0..<8).map { reply.unseen($0).map { $0[1] } } == [[], ["A"], [], [], ["9"], [], [], ["7"]])
}

@Test func unseenValuesAreRefusedWhereAsked() throws {
    let service = try TestService([TableModel.model()])
    let label = TableModel.object(["city": "\"Pariss\""])
    let refusing = #","unseen":"refuse""#
    for (path, more) in [("/score", refusing), ("/score?unseen=refuse", ""), ("/score?unseen=score", refusing)] {
        let problem = try service.post(path, "{\"rows\":[\(label)]\(more)}").decode(ProblemReply.self)
        #expect(problem.status == 422 && problem.pointer == "/rows/0/city", "\(path)")
        #expect(
            problem.detail
                == "rows[0].city: \"Pariss\" is not a category of 'city' (Köln, Paris, other); did you mean 'Paris'?")
    }
    for more in [#","unseen":"score""#, #","unseen":null"#, ""] {
        #expect(try service.post("/score", "{\"rows\":[\(label)]\(more)}").status == 200)
    }
    #expect(try service.post("/score?unseen=refuse", "{\"rows\":[\(label)],\"unseen\":\"score\"}").status == 200)
    let number = try service.post("/score?unseen=refuse", "{\"rows\":[\(TableModel.object(["flag": "2"]))]}")
    #expect(try number.decode(ProblemReply.self).detail.contains("\"2\" is not a value of a binary variable (0, 1)"))
    // A rare label was seen.
    #expect(try service.score(TableModel.object(["city": "\"Ulm\""]), options: refusing).logLikelihood[0] != nil)
    let kept = try service.score(
        TableModel.object(), label, TableModel.object(["grade": "3"]), options: refusing + #","on_error":"row""#)
    #expect(kept.errors?.map(\.pointer) == ["/rows/1/city", "/rows/2/grade"])
    #expect(kept.logLikelihood.map { $0 == nil } == [false, true, true])
}

@Test func linesWithUnseenValuesAreScoredOrSayWhyNot() throws {
    let service = try TestService([TableModel.model()])
    let lines = [TableModel.object(), TableModel.object(["city": "\"Rom\""]), TableModel.object(["flag": "3"])]
    let expected = try service.score(lines[0], lines[1], lines[2]).logLikelihood
    let body = lines.map { $0 + "\n" }.joined()
    let scored = try service.send(lines: body, "application/x-ndjson").scoreLines()
    #expect(scored.map(\.logLikelihood) == expected && scored.allSatisfy { $0.error == nil })
    let refused = try service.send(lines: body, "application/x-ndjson", to: "/score?unseen=refuse").scoreLines()
    #expect(refused.map(\.logLikelihood) == [expected[0], nil, nil])
    #expect(refused[1].error?.hasPrefix("rows[1].city: \"Rom\" is not a category") == true)
    #expect(refused[2].error == "rows[2].flag: \"3\" is not a value of a binary variable (0, 1)")
}

@Test func aModelThatCountedNothingKnowsNoUnseenValues() throws {
    let service = try TestService([mixedModel()])
    for row in [#"{"cut":"Premum"}"#, #"{"sold":2}"#] {
        for more in ["", #","unseen":"score""#] {
            #expect(try service.post("/score", "{\"rows\":[\(row)]\(more)}").status == 422, "\(row)")
        }
    }
    // Nor what cannot be conditioned on: evidence, and the values before others.
    let table = try TestService([TableModel.model()])
    let given = try table.post("/sample", #"{"given":{"city":"Pariss"}}"#).decode(ProblemReply.self)
    #expect(given.status == 422 && given.pointer == "/given/city" && given.detail.hasSuffix("did you mean 'Paris'?"))
    let before = try table.post("/conditionals", #"{"rows":[{"grade":4}]}"#).decode(ProblemReply.self)
    #expect(before.status == 422 && before.pointer == "/rows/0/grade")
}
