import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private struct LineReply: Decodable {
    var logLikelihood: Double?
    var pValue: Double?
    var anomaly: Bool?
    var standardError: Double?
    var error: String?
}

private struct PredictReply: Decodable {
    struct Prediction: Decodable {
        var logLikelihood: Double
        var standardError: Double?
    }
    var predictions: [Prediction]
    var explanations: [[ScoreReply.Blame]]?
}

private struct InferReply: Decodable {
    struct Output: Decodable {
        var name: String
        var shape: [Int]
        var data: [Double?]
    }
    var outputs: [Output]

    subscript(name: String) -> [Double?]? { outputs.first { $0.name == name }?.data }
}

/// The log-likelihoods of rows that were sent by every way there is.
private func logLikelihoods(_ service: TestService, _ rows: [[Float]]) throws -> [String: [Double?]] {
    let written = WrittenRows(rows)
    var found: [String: [Double?]] = [:]
    func score(_ name: String, _ body: String) throws {
        let reply = try service.post("/score", body)
        #expect(reply.status == 200, "\(name): \(reply.text.prefix(300))")
        found[name] = try reply.decode(ScoreReply.self).logLikelihood
    }
    try score("arrays", "{\"rows\":\(written.json())}")
    try score("objects", "{\"rows\":\(written.json(asObjects: true))}")
    for (type, body) in [("application/x-ndjson", written.ndjson), ("text/csv", written.csv)] {
        let reply = try service.client()(
            "POST", "/score", headers: ["Content-Type: \(type)", "Accept: application/x-ndjson"], body: body)
        found[type] = try reply.text.split(separator: "\n").map { line in
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let answer = try decoder.decode(LineReply.self, from: Data(line.utf8))
            #expect(answer.error == nil)
            return answer.logLikelihood
        }
    }
    let lines = try service.post("/score", "{\"rows\":\(written.json())}", headers: ["Accept: text/csv"])
    found["answer in CSV"] = lines.text.split(separator: "\n").dropFirst().map {
        Double($0.split(separator: ",")[0])
    }
    let predictions = try service.post("/v1/models/mixed:predict", "{\"instances\":\(written.json(asObjects: true))}")
    found["v1"] = try predictions.decode(PredictReply.self).predictions.map(\.logLikelihood)
    let invoked = try service.post("/invocations", "{\"instances\":\(written.json())}")
    found["invocations"] = try invoked.decode(PredictReply.self).predictions.map(\.logLikelihood)
    let tensor = "{\"name\":\"rows\",\"datatype\":\"FP64\",\"shape\":[\(rows.count),5]"
    let outputs = #","outputs":[{"name":"standard_error"},{"name":"log_likelihood"},{"name":"surprisal"}]}"#
    let inferred = try service.post(
        "/v2/models/mixed/infer", "{\"inputs\":[\(tensor),\"data\":\(written.tensor)}]\(outputs)")
    #expect(inferred.status == 200, "\(inferred.text.prefix(300))")
    found["v2"] = try inferred.decode(InferReply.self)["log_likelihood"]
    let values = written.numbers
    let head = "{\"inputs\":[\(tensor),\"parameters\":{\"binary_data_size\":\(8 * values.count)}}]\(outputs)"
    let client = try service.client()
    try client.send(
        "POST", "/v2/models/mixed/infer",
        headers: [
            "Content-Type: application/octet-stream", "Inference-Header-Content-Length: \(head.utf8.count)",
        ], body: Array(head.utf8) + values.withUnsafeBytes { Array($0) })
    found["v2 binary"] = try client.receive().decode(InferReply.self)["log_likelihood"]
    return found
}

@Test func aMixedRowHasTheSameScoreByEveryWay() throws {
    let seed: UInt64 = 31
    for members in [1, 3] {
        let model = mixedModel(members: members, calibrated: true)
        let service = try TestService([model])
        let rows = mixedRows(40, seed: seed)
        let found = try logLikelihoods(service, rows)
        let expected = try #require(found["arrays"])
        let oracle = Oracle(model)
        for (row, value) in zip(rows, expected) {
            let reference = oracle.logLikelihood(of: row.map(Double.init))
            #expect(abs((try #require(value)) - reference) < 1e-4 * max(1, abs(reference)), "seed \(seed): \(row)")
        }
        for (way, values) in found { #expect(values == expected, "seed \(seed), \(members) members: \(way)") }
        #expect(found.count == 9)
    }
}

@Test func aMixedRowWithMissingValuesHasTheSameScoreByEveryWay() throws {
    let seed: UInt64 = 32
    let service = try TestService([mixedModel(members: 2, calibrated: true)])
    let rows = mixedRows(30, missingShare: 0.3, seed: seed)
    let found = try logLikelihoods(service, rows)
    let expected = try #require(found["arrays"])
    for (way, values) in found { #expect(values == expected, "seed \(seed): \(way)") }
    // Alone, too.
    for (row, value) in zip(rows, expected).prefix(8) {
        let alone = try service.post("/score", "{\"rows\":\(WrittenRows([row]).json())}").decode(ScoreReply.self)
        #expect(alone.logLikelihood == [value], "seed \(seed): \(row)")
    }
}

@Test func standardErrorsAreThereWhereValuesAreMissing() throws {
    let service = try TestService([mixedModel(members: 2, calibrated: true)])
    let complete = mixedRows(3, seed: 1)
    let plain = try service.post("/score", "{\"rows\":\(WrittenRows(complete).json())}").decode(ScoreReply.self)
    #expect(plain.standardError == nil)
    var rows = complete
    rows[1][1] = .nan
    rows[1][3] = .nan
    rows.append([Float](repeating: .nan, count: 5))
    let json = WrittenRows(rows).json()
    let reply = try service.post("/score", "{\"rows\":\(json)}").decode(ScoreReply.self)
    let errors = try #require(reply.standardError).map { try #require($0) }
    #expect(errors[0] == 0 && errors[2] == 0 && errors[1] > 0)
    #expect(reply.logLikelihood[0] == plain.logLikelihood[0] && reply.logLikelihood[2] == plain.logLikelihood[2])
    #expect(reply.logLikelihood[3] == 0 && errors[3] == 0 && reply.bitsPerDimension[3] == 0)
    // Bits are told a value that is known.
    #expect(abs((reply.bitsPerDimension[1] ?? 0) + (reply.logLikelihood[1] ?? 0) / (3 * log(2))) < 1e-12)
    #expect(!reply.bitsPerDimension.contains { $0?.sign == .minus && $0 == 0 })
    // The same request, the same answer; another seed, another one; more particles, a smaller error.
    #expect(
        try service.post("/score", "{\"rows\":\(json)}").decode(ScoreReply.self).logLikelihood == reply.logLikelihood)
    let fixed = try service.post("/score", "{\"rows\":\(json),\"seed\":0,\"particles\":256}").decode(ScoreReply.self)
    #expect(fixed.logLikelihood == reply.logLikelihood)
    let other = try service.post("/score", "{\"rows\":\(json),\"seed\":9}").decode(ScoreReply.self)
    #expect(other.logLikelihood[1] != reply.logLikelihood[1] && other.logLikelihood[0] == reply.logLikelihood[0])
    let more = try service.post("/score", "{\"rows\":\(json),\"particles\":16384}").decode(ScoreReply.self)
    let error = try #require(more.standardError?[1])
    #expect(error < errors[1] / 4)
    let difference = try #require(more.logLikelihood[1]) - #require(reply.logLikelihood[1])
    #expect(abs(difference) < 4 * (errors[1] + error))
}

/// p(known) by summing over all completions, of a model of binary and categorical variables.
@Test func missingValuesAreIntegratedOut() throws {
    let seed: UInt64 = 17
    var generator = PhiloxGenerator(seed: seed)
    let variables = [
        Variable(name: "a", kind: .binary(.identity)),
        Variable(name: "b", kind: .categorical(Categories(labels: ["x", "y", "z"]))),
        Variable(name: "c", kind: .binary(.plusMinusOne)),
        Variable(name: "d", kind: .categorical(Categories(labels: ["p", "q"]))),
    ]
    var model = RandomModel.mixed(variables, hiddenWidths: [12], memberCount: 2, using: &generator)
    model.name = "discrete"
    let service = try TestService([model])
    let sizes = [2, 3, 2, 2]
    let all = sizes.reduce([[]]) { rows, size in rows.flatMap { row in (0..<size).map { row + [Double($0)] } } }
    let oracle = Oracle(model)
    let probabilities = all.map { exp(oracle.logLikelihood(of: $0)) }
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9)
    var rows: [[Float]] = []
    for _ in 0..<24 {
        rows.append(RandomModel.row(of: variables, using: &generator).map { generator.uniform() < 0.5 ? .nan : $0 })
    }
    let text = RowText(card(of: variables))
    var lines: [UInt8] = []
    for row in rows {
        text.appendJSON(row, asObject: false, to: &lines)
        lines += Array(",".utf8)
    }
    let json = String(decoding: lines.dropLast(), as: UTF8.self)
    let reply = try service.post("/score", "{\"rows\":[\(json)],\"particles\":2048}").decode(ScoreReply.self)
    for (index, row) in rows.enumerated() {
        let matching = zip(all, probabilities).filter { completion, _ in
            zip(row, completion).allSatisfy { $0.isNaN || Double($0) == $1 }
        }
        let reference = log(matching.reduce(0) { $0 + $1.1 })
        let error = try #require(reply.standardError?[index])
        let value = try #require(reply.logLikelihood[index])
        #expect(abs(value - reference) <= 5 * error + 1e-5, "seed \(seed): \(row) \(value) ± \(error), \(reference)")
    }
}

@Test func whatIsMissingIsNotBlamed() throws {
    for members in [1, 2] {
        let service = try TestService([mixedModel(members: members)])
        let json = #"[["Fair",null,1,320,"2"],["Fair",1,1,320,"2"],[null,null,null,null,null],{"carat":0.5}]"#
        let reply = try service.post("/score", "{\"rows\":\(json),\"explain\":5,\"per_variable\":true}").decode(
            MissingReply.self)
        #expect(reply.surprisal[0].map { $0 == nil } == [false, true, false, false, false])
        #expect(reply.surprisal[2].allSatisfy { $0 == nil })
        #expect(reply.explanations.map(\.count) == [4, 5, 0, 1])
        #expect(!reply.explanations[0].contains { $0.variable == "carat" })
        #expect(reply.explanations[3].map(\.variable) == ["carat"])
        #expect((reply.explainedLogLikelihood == nil) == (members == 1))
        for (row, explained) in (reply.explainedLogLikelihood ?? reply.logLikelihood).enumerated() {
            #expect(abs(reply.surprisal[row].reduce(0) { $0 + ($1 ?? 0) } + explained) < 1e-3)
        }
        // Of a complete row they are what they are alone.
        let alone = try service.post("/score", #"{"rows":[["Fair",1,1,320,"2"]],"per_variable":true}"#).decode(
            ScoreReply.self)
        #expect(alone.surprisal?[0] == reply.surprisal[1].compactMap { $0 })
        let predicted = try service.post("/v1/models/mixed:explain", "{\"instances\":\(json)}").decode(
            PredictReply.self)
        // What is not known is not explained.
        #expect(predicted.explanations?[0].contains { $0.variable == "carat" } == false)
    }
}

private struct MissingReply: Decodable {
    var logLikelihood: [Double]
    var surprisal: [[Double?]]
    var explanations: [[ScoreReply.Blame]]
    var explainedLogLikelihood: [Double]?
}

@Test func moreDrawsThanARequestMayAskForAreRefused() throws {
    let model = mixedModel()
    let service = try TestService([model]) { $0.queueRowsMax = 1000 }
    // Only the last variable of the ordering is known: a real one before it takes draws.
    let last = model.members[0].ordering.variables[4]
    let row = "{\(["\"cut\":\"Fair\"", "\"carat\":1", "\"sold\":1", "\"x,\\\"y\\\"\":300", "\"size\":2"][last])}"
    let rows = Array(repeating: row, count: 4).joined(separator: ",")
    #expect(try service.post("/score", "{\"rows\":[\(rows)],\"particles\":200}").status == 200)
    let problem = try service.post("/score", "{\"rows\":[\(rows)],\"particles\":251}").decode(ProblemReply.self)
    #expect(problem.status == 413, "\(problem.detail)")
    #expect(
        problem.detail.hasPrefix(
            "4 rows with missing values at 251 particles are the work of 1004 complete rows, and a request may ask for 1000;"
        ))
    // What needs no draws costs nothing more.
    #expect(try service.post("/score", #"{"rows":[{},{},{},{}],"particles":65536}"#).status == 200)
    // A complete row does not count for more than one.
    let complete = Array(repeating: #"["Fair",1,1,320,"2"]"#, count: 500).joined(separator: ",")
    #expect(try service.post("/score", "{\"rows\":[\(complete),\(row)],\"particles\":400}").status == 200)
    // As lines there may be any number.
    let lines = String(repeating: "\(row)\n", count: 3000)
    let reply = try service.client()("POST", "/score", headers: ["Content-Type: application/x-ndjson"], body: lines)
    #expect(reply.status == 200 && reply.text.split(separator: "\n").count == 3000)
}

@Test func theCardTellsWhatAVariableMayBe() throws {
    let service = try TestService([mixedModel()])
    let body = try service.get("/models/mixed").body
    let card = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    let variables = try #require(card["variables"] as? [[String: Any]])
    #expect(variables.map { $0["type"] as? String } == ["categorical", "real", "binary", "real", "categorical"])
    #expect(variables[0]["categories"] as? [String] == ["Fair", "Good, \"very\"", "Idéal 𝄞", "a\nb", "Premium"])
    #expect(variables[0]["other"] == nil && variables[4]["other"] as? String == "other")
    #expect(variables[1]["training_range"] as? [Double] == [0.2, 5.01] && variables[1]["step"] == nil)
    #expect(variables[3]["step"] as? Double == 1 && variables[3]["components"] as? Int == 2)
    #expect(variables[2].count == 2)
}
