import Foundation
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private struct SampleReply: Decodable {
    var model: String
    var version: String
    var seed: UInt64
    var rows: [[Int]]
    var logLikelihood: [Double]
    var effectiveSampleSize: Double?
}

private struct ConditionalsReply: Decodable {
    struct Entry: Decodable {
        var variable: String
        var given: [String]
        var type: String
        var probability: Double
        var value: Int?
        var logProbability: Double?
    }
    var model: String
    var ordering: [String]
    var conditionals: [[Entry]]
}

@Test func aSeedDrawsTheSameBytesHoweverItIsAsked() throws {
    let service = try TestService([randomModel("m", variables: 20, hidden: [30], members: 2)])
    let first = try service.get("/sample?n=16&seed=7")
    #expect(first.body == (try service.get("/models/m/sample?seed=7&n=16").body))
    #expect(first.body == (try service.post("/sample", #"{"n":16,"seed":7,"temperature":1,"as":"arrays"}"#).body))
    let port = service.service.port
    let again = try concurrently(16) { _ in try TestClient(port: port)("GET", "/sample?n=16&seed=7").body }
    #expect(again.allSatisfy { $0 == first.body })
    #expect(first.body != (try service.get("/sample?n=16&seed=8").body))
    // Without one a fresh seed is drawn and told.
    let fresh = try service.get("/sample?n=3").decode(SampleReply.self)
    #expect(fresh.rows.count == 3 && fresh.seed < 1 << 53)
    #expect(try service.get("/sample?n=3&seed=\(fresh.seed)").decode(SampleReply.self).rows == fresh.rows)
    #expect(try service.get("/sample").decode(SampleReply.self).rows.count == 1)
}

@Test func aSampleCanBePostedBackAndScoresTheSame() throws {
    struct Likelihoods: Decodable {
        var logLikelihood: [Double]
        var effectiveSampleSize: Double?
    }
    let service = try TestService([randomModel("m", variables: 20, hidden: [30], members: 2)])
    for request in [
        #"{"n":40,"seed":3}"#, #"{"n":40,"seed":3,"as":"objects"}"#,
        // Weighted evidence: the answer has an effective sample size too.
        #"{"n":40,"seed":3,"given":{"v1":1,"v8":0,"v15":1}}"#,
    ] {
        let sample = try service.post("/sample", request)
        let drawn = try sample.decode(Likelihoods.self)
        #expect((drawn.effectiveSampleSize != nil) == request.contains("given"))
        let scored = try service.post("/score", sample.text)
        #expect(scored.status == 200, "\(scored.text.prefix(200))")
        #expect(try scored.decode(Likelihoods.self).logLikelihood == drawn.logLikelihood)
    }
}

@Test func samplesComeAsLinesToo() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let rows = try service.get("/sample?n=3&seed=5").decode(SampleReply.self).rows
    let lines = rows.map { $0.map(String.init).joined(separator: ",") }
    let ndjson = try service.get("/sample?n=3&seed=5&format=ndjson")
    #expect(ndjson.header("Content-Type") == "application/x-ndjson" && ndjson.header("X-Seed") == "5")
    #expect(ndjson.text == lines.map { "[\($0)]\n" }.joined())
    let csv = try service.get("/sample?n=3&seed=5", headers: ["Accept: text/csv, application/json;q=0.5"])
    #expect(csv.header("Content-Type") == "text/csv")
    #expect(csv.text == "v0,v1,v2\n" + lines.map { $0 + "\n" }.joined())
}

@Test func evidenceIsKept() throws {
    let model = randomModel("m", variables: 6, seed: 4)
    let service = try TestService([model])
    let ordering = model.members[0].ordering.variables
    let prefix = "{\"v\(ordering[0])\":1,\"v\(ordering[1])\":0}"
    let exact = try service.post("/sample", "{\"n\":200,\"seed\":1,\"given\":\(prefix)}").decode(SampleReply.self)
    #expect(exact.rows.allSatisfy { $0[ordering[0]] == 1 && $0[ordering[1]] == 0 })
    #expect(exact.effectiveSampleSize == nil)
    #expect(Set(exact.rows).count > 1)
    let last = try service.post("/sample", "{\"n\":50,\"given\":{\"v\(ordering[5])\":1}}").decode(SampleReply.self)
    #expect(last.rows.allSatisfy { $0[ordering[5]] == 1 })
    #expect(try #require(last.effectiveSampleSize) > 0)
}

@Test func theFirstVariableIsDrawnAsOftenAsItsConditionalSays() throws {
    let model = randomModel("m", variables: 5, seed: 6)
    let service = try TestService([model])
    let first = model.members[0].ordering.variables[0]
    let logit = Oracle(model).outputs(of: [0, 0, 0, 0, 0], member: 0)[first]
    let expected = 1 / (1 + exp(-logit))
    let rows = try service.get("/sample?n=10000&seed=2").decode(SampleReply.self).rows
    let share = Double(rows.count { $0[first] == 1 }) / 10000
    #expect(abs(share - expected) < 4 * (expected * (1 - expected) / 10000).squareRoot())
}

@Test func conditionalsAreTheOraclesAndMultiplyToTheLikelihood() throws {
    let model = randomModel("m", variables: 7, hidden: [20], members: 2, seed: 8)
    let service = try TestService([model])
    let rows = randomRows(70, variables: 7, seed: 3)
    let oracle = Oracle(model)
    for member in 0...1 {
        let reply = try service.post("/conditionals", body(rows, ",\"member\":\(member)")).decode(
            ConditionalsReply.self)
        let ordering = model.members[member].ordering.variables
        #expect(reply.model == "m" && reply.ordering == ordering.map { "v\($0)" })
        for (row, entries) in zip(rows, reply.conditionals) {
            #expect(entries.map(\.variable) == reply.ordering)
            let logits = oracle.outputs(of: row.map(Double.init), member: member)
            for (position, entry) in entries.enumerated() {
                #expect(entry.type == "binary" && entry.given == Array(reply.ordering.prefix(position)))
                #expect(abs(entry.probability - 1 / (1 + exp(-logits[ordering[position]]))) < 1e-5)
                #expect(entry.value == row[ordering[position]])
            }
            let total = try entries.reduce(0.0) { $0 + (try #require($1.logProbability)) }
            #expect(abs(total - oracle.logLikelihood(of: row.map(Double.init), member: member)) < 1e-4)
        }
    }
}

@Test func conditionalsNeedTheirPredecessors() throws {
    let model = randomModel("m", variables: 4, seed: 2)
    let service = try TestService([model])
    let names = model.members[0].ordering.variables.map { "v\($0)" }
    // Known are the first and the third of the ordering: the conditionals of the first two are computable.
    let row = "{\"rows\":[{\"\(names[0])\":1,\"\(names[2])\":0}]"
    let reply = try service.post("/conditionals", row + "}").decode(ConditionalsReply.self)
    #expect(reply.conditionals[0].map(\.variable) == [names[0], names[1]])
    #expect(reply.conditionals[0].map { $0.value } == [1, nil])
    let chosen = try service.post("/conditionals", row + ",\"variables\":[\"\(names[1])\"]}").decode(
        ConditionalsReply.self)
    #expect(chosen.conditionals[0].map(\.variable) == [names[1]])
    let response = try service.post("/conditionals", row + ",\"variables\":[\"\(names[3])\"]}")
    let problem = try response.decode(ProblemReply.self)
    #expect(problem.status == 422 && problem.pointer == "/rows/0")
    #expect(problem.detail.contains("'\(names[3])' needs the values of '\(names[1])',"))
}
