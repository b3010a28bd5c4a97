import Foundation
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

@Test func scoresAreTheOracles() throws {
    for members in [1, 3] {
        let model = randomModel("m", variables: 9, hidden: [20, 12], members: members, seed: 7)
        let service = try TestService([model])
        let rows = randomRows(50, variables: 9, seed: 3)
        let reply = try service.post("/score", body(rows)).decode(ScoreReply.self)
        let oracle = Oracle(model)
        #expect(reply.model == "m" && reply.version == "1")
        for (row, value) in zip(rows, reply.logLikelihood) {
            let expected = oracle.logLikelihood(of: row.map(Double.init))
            #expect(abs(try #require(value) - expected) < 1e-4)
        }
        for (bits, value) in zip(reply.bitsPerDimension, reply.logLikelihood) {
            let expected = try -#require(value) / (9 * log(2))
            #expect(abs(try #require(bits) - expected) < 1e-12)
        }
        #expect(reply.pValue == nil && reply.alpha == nil && reply.anomaly == nil)
    }
}

@Test func probabilitiesOfAllRowsSumToOne() throws {
    let service = try TestService([randomModel("m", variables: 10, hidden: [24], members: 2, seed: 11)])
    let rows = (0..<1024).map { number in (0..<10).map { number >> $0 & 1 } }
    let reply = try service.post("/score", body(rows)).decode(ScoreReply.self)
    let total = reply.logLikelihood.reduce(0.0) { $0 + exp($1 ?? 0) }
    #expect(abs(total - 1) < 1e-5)
}

@Test func rowsMayBeArraysObjectsAndBooleans() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let reply = try service.post(
        "/score", #"{"rows":[[1,0,1],{"v0":1,"v1":0,"v2":1},{"v2":true,"v0":1.0,"v1":false},[true,false,1e0]]}"#
    ).decode(ScoreReply.self)
    #expect(Set(reply.logLikelihood).count == 1)
    #expect(try service.post("/score", #"{"rows":[]}"#).decode(ScoreReply.self).logLikelihood == [])
}

@Test func pValuesAreConformal() throws {
    let model = randomModel("m", calibrated: true)
    let calibration = try #require(model.calibration)
    let service = try TestService([model])
    let rows = randomRows(64, variables: 6, seed: 2)
    let reply = try service.post("/score", body(rows, ",\"alpha\":0.2")).decode(ScoreReply.self)
    #expect(reply.alpha == 0.2)
    let pValues = try #require(reply.pValue)
    for (index, value) in reply.logLikelihood.enumerated() {
        let value = try #require(value)
        let below = calibration.logLikelihoods.filter { $0 <= value }.count
        #expect(pValues[index] == Double(1 + below) / 200)
        #expect(reply.anomaly?[index] == (Double(1 + below) / 200 <= 0.2))
    }
    // Without one in the request, the service's own.
    #expect(try service.post("/score", body(rows)).decode(ScoreReply.self).alpha == 0.01)
}

@Test func anAlphaThatCannotBeReachedIsRefused() throws {
    let service = try TestService([randomModel("m", calibrated: true)])
    let row = body([[0, 0, 0, 0, 0, 0]], ",\"alpha\":0.00499")
    let problem = try service.post("/score", row).decode(ProblemReply.self)
    #expect(problem.status == 422 && problem.pointer == "/alpha")
    #expect(problem.detail.contains("0.005"))
    #expect(try service.post("/score", body([[0, 0, 0, 0, 0, 0]], ",\"alpha\":0.005")).status == 200)
}

@Test func surprisalsAddUpToTheLogLikelihood() throws {
    for members in [1, 3] {
        let model = randomModel("m", variables: 8, members: members, seed: 5)
        let service = try TestService([model])
        let rows = randomRows(20, variables: 8, seed: 9)
        let reply = try service.post("/score", body(rows, ",\"explain\":3,\"per_variable\":true")).decode(
            ScoreReply.self)
        let plain = try service.post("/score", body(rows)).decode(ScoreReply.self)
        #expect(reply.logLikelihood == plain.logLikelihood)
        let surprisals = try #require(reply.surprisal)
        let explanations = try #require(reply.explanations)
        for row in rows.indices {
            let values = try #require(surprisals[row])
            let target = members == 1 ? reply.logLikelihood[row] : try #require(reply.explainedLogLikelihood)[row]
            #expect(abs(values.reduce(0, +) + (try #require(target))) < 1e-4)
            let blamed = try #require(explanations[row])
            let gains = blamed.compactMap(\.gain)
            #expect(gains.count == 3 && gains == gains.sorted(by: >) && gains.allSatisfy { $0 >= 0 })
            for entry in blamed {
                #expect(values[try #require(Int(entry.variable.dropFirst()))] == entry.surprisal)
            }
        }
        #expect((reply.explainedLogLikelihood == nil) == (members == 1))
    }
}

@Test func aFaultyRowSpoilsItsOwnAnswerOnlyWhereAsked() throws {
    let service = try TestService([randomModel("m", variables: 3, calibrated: true)])
    let rows = #"[[1,0],[1,0,1],{"v9":1},[0,0,0],[0,2,0],7,[1,1,1],["x",1,1]]"#
    let reply = try service.post("/score", "{\"on_error\":\"row\",\"per_variable\":true,\"rows\":\(rows)}").decode(
        ScoreReply.self)
    #expect(reply.errors?.map(\.row) == [0, 2, 4, 5, 7])
    #expect(reply.errors?.map(\.pointer) == ["/rows/0", "/rows/2/v9", "/rows/4/1", "/rows/5", "/rows/7/0"])
    let alone = try service.post("/score", #"{"rows":[[1,0,1],[0,0,0],[1,1,1]]}"#).decode(ScoreReply.self)
    let expected = [nil, alone.logLikelihood[0], nil, alone.logLikelihood[1], nil, nil, alone.logLikelihood[2], nil]
    #expect(reply.logLikelihood == expected)
    #expect(reply.pValue?.map { $0 == nil } == expected.map { $0 == nil })
    #expect(reply.anomaly?.map { $0 == nil } == expected.map { $0 == nil })
    #expect(reply.surprisal?.map { $0 == nil } == expected.map { $0 == nil })
    // By default nothing is scored.
    #expect(try service.post("/score", "{\"rows\":\(rows)}").status == 422)
}

@Test func halfWeightsAreServedAsTheyAreCompiled() throws {
    let model = randomModel("m", variables: 8, hidden: [40], members: 2)
    let service = try TestService([model], options: { $0.weights = .fp16 })
    let rows = randomRows(20, variables: 8, seed: 4)
    let halves = try CompiledModel(model, weights: .fp16)
    var expected = [Double](repeating: 0, count: rows.count)
    var span = expected.mutableSpan
    let values = rows.flatMap { $0.map(Float.init) }
    halves.score(values.span, into: &span, using: halves.makeWorkspace())
    let reply = try service.post("/score", body(rows)).decode(ScoreReply.self)
    #expect(reply.logLikelihood == expected)
    #expect(expected != (try TestService([model]).post("/score", body(rows)).decode(ScoreReply.self).logLikelihood))
    #expect(try service.get("/models/m").text.contains("\"weights\":\"fp16\""))
}

@Test func aModelWhoseWeightsDoNotFitHalvesIsRefused() throws {
    var model = randomModel("m", hidden: [16])
    let last = model.members[0].ordering.variables[5]
    model.networks[0].layers[1].weight[last, 3] = 70_000
    #expect {
        try TestService([model], options: { $0.weights = .fp16 })
    } throws: { error in
        "\(error)".contains(
            "tensor networks.0.layers.1.weight holds 70000.0 from input unit 3 to output unit \(last), beyond the range of fp16"
        )
    }
}
