import Foundation
import MADE
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private enum Value: Decodable, Equatable {
    case number(Double)
    case label(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .label(try container.decode(String.self))
        }
    }
}

private struct SampleReply: Decodable {
    var rows: [[Value]]
    var logLikelihood: [Double]
    var effectiveSampleSize: Double?
}

private struct ConditionalsReply: Decodable {
    struct Entry: Decodable {
        var variable: String
        var given: [String]
        var type: String
        var probability: Double?
        var probabilities: [String: Double]?
        var mean: Double?
        var standardDeviation: Double?
        var quantiles: [String: Double]?
        var value: Value?
        var logProbability: Double?
        var cdf: Double?
    }
    var ordering: [String]
    var conditionals: [[Entry]]
}

/// Conditionals' labels and quantiles are keys: they must stay as they are.
private func conditionals(_ response: Response) throws -> ConditionalsReply {
    #expect(response.status == 200, "\(response.text.prefix(300))")
    let text = response.text.replacing("standard_deviation", with: "standardDeviation")
        .replacing("log_probability", with: "logProbability")
    return try JSONDecoder().decode(ConditionalsReply.self, from: Data(text.utf8))
}

@Test func mixedSamplesCanBePostedBackInEveryForm() throws {
    for members in [1, 2] {
        let service = try TestService([mixedModel(members: members, seed: 4)])
        let sample = try service.get("/sample?n=50&seed=3")
        let expected = try sample.decode(SampleReply.self).logLikelihood
        func rows(of text: String) throws -> Substring {
            let start = try #require(text.range(of: "\"rows\":"))
            let end = try #require(text.range(of: ",\"log_likelihood\""))
            return text[start.upperBound..<end.lowerBound]
        }
        let objects = try service.post("/sample", #"{"n":50,"seed":3,"as":"objects"}"#).text
        for text in [sample.text, objects] {
            let reply = try service.post("/score", "{\"rows\":\(try rows(of: text))}").decode(ScoreReply.self)
            #expect(reply.logLikelihood == expected.map { $0 })
        }
        for (format, type) in [("ndjson", "application/x-ndjson"), ("csv", "text/csv")] {
            let lines = try service.get("/sample?n=50&seed=3&format=\(format)").text
            let scored = try service.client()(
                "POST", "/score", headers: ["Content-Type: \(type)", "Accept: text/csv"], body: lines)
            #expect(scored.text.split(separator: "\n").dropFirst().map { Double($0.dropLast()) } == expected.map { $0 })
        }
    }
}

@Test func drawnValuesAreInTheDatasOwnForm() throws {
    let service = try TestService([mixedModel(seed: 5)])
    let text = try service.get("/sample?n=200&seed=1&format=ndjson").text
    let labels: Set<String> = ["Fair", "Good, \"very\"", "Idéal 𝄞", "a\nb", "Premium"]
    var seen: Set<String> = []
    for line in text.split(separator: "\n") {
        let row = try JSONDecoder().decode([Value].self, from: Data(line.utf8))
        guard case .label(let cut) = row[0], case .label(let size) = row[4] else {
            Issue.record("\(line)")
            continue
        }
        seen.insert(cut)
        #expect(labels.contains(cut) && ["1", "2", "10", "other"].contains(size))
        #expect(row[2] == .number(0) || row[2] == .number(1))
        // Steps of 1: whole numbers, written without a fraction.
        let parts = line.split(separator: ",").suffix(2)
        #expect(!parts[parts.startIndex].contains("."), "\(line)")
    }
    #expect(seen.count >= 3)
    let csv = try service.get("/sample?n=200&seed=1&format=csv").text
    #expect(csv.hasPrefix("cut,carat,sold,\"x,\"\"y\"\"\",size\n"))
    #expect(!seen.contains("a\nb") || csv.contains("\"a\nb\","))
}

@Test func evidenceOfAnyTypeIsKept() throws {
    let model = mixedModel(seed: 6)
    let service = try TestService([model])
    let given = #"{"cut":"Premium","x,\"y\"":321,"size":"never seen"}"#
    let reply = try service.post("/sample", "{\"n\":60,\"seed\":2,\"given\":\(given)}").decode(SampleReply.self)
    #expect(reply.rows.count == 60)
    #expect(
        reply.rows.allSatisfy { $0[0] == .label("Premium") && $0[3] == .number(321) && $0[4] == .label("never seen") })
    let ordering = model.members[0].ordering.variables
    let first = ["\"Fair\"", "1.5", "1", "300", "\"10\""][ordering[0]]
    let row = (0..<5).map { $0 == ordering[0] ? first : "null" }.joined(separator: ",")
    let exact = try service.post("/sample", "{\"n\":20,\"seed\":2,\"given\":[\(row)]}").decode(SampleReply.self)
    #expect(exact.effectiveSampleSize == nil && exact.rows.count == 20)
    let wrong = try service.post("/sample", #"{"given":{"cut":"Premum"}}"#).decode(ProblemReply.self)
    #expect(wrong.status == 422 && wrong.pointer == "/given/cut" && wrong.detail.hasSuffix("did you mean 'Premium'?"))
}

@Test func mixedConditionalsAreTheOracles() throws {
    let model = mixedModel(members: 2, seed: 8)
    let service = try TestService([model])
    let rows = mixedRows(70, seed: 3)
    let oracle = Oracle(model)
    for member in 0...1 {
        let reply = try conditionals(
            service.post("/conditionals", "{\"rows\":\(WrittenRows(rows).json()),\"member\":\(member)}"))
        let ordering = model.members[member].ordering.variables
        #expect(reply.ordering == ordering.map { mixedVariables[$0].name })
        for (row, entries) in zip(rows, reply.conditionals) {
            let values = row.map(Double.init)
            let outputs = oracle.outputs(of: values, member: member)
            let surprisals = oracle.surprisals(of: values, member: member)
            for (position, entry) in entries.enumerated() {
                let variable = ordering[position]
                #expect(entry.variable == mixedVariables[variable].name && entry.given.count == position)
                let logProbability = try #require(entry.logProbability)
                #expect(abs(logProbability + surprisals[variable]) < 1e-4 * max(1, surprisals[variable].magnitude))
                try check(
                    entry, mixedVariables[variable], Array(outputs[model.layout.outputs[variable]]), row[variable])
            }
        }
    }
}

/// Holds what an entry says of its distribution against the oracle's `outputs`.
private func check(
    _ entry: ConditionalsReply.Entry, _ variable: Variable, _ outputs: [Double], _ value: Float
) throws {
    #expect(entry.type == variable.kind.typeName)
    switch variable.kind {
    case .binary:
        #expect(abs((try #require(entry.probability)) - 1 / (1 + exp(-outputs[0]))) < 1e-5)
        #expect(entry.value == .number(Double(value)) && entry.cdf == nil)
    case .categorical(let categories):
        let probabilities = try #require(entry.probabilities)
        #expect(Set(probabilities.keys) == Set(categories.labels))
        #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-9)
        for (index, label) in categories.labels.enumerated() {
            #expect(abs((probabilities[label] ?? -1) - exp(outputs[index] - logSumExp(outputs))) < 1e-5)
        }
        #expect(entry.value == .label(categories.labels[Int(value)]))
    case .real(let encoding):
        let components = encoding.components(outputs)
        let mean = components.reduce(0) { $0 + $1.weight * $1.mean }
        let square = components.reduce(0) {
            $0 + $1.weight * ($1.standardDeviation * $1.standardDeviation + $1.mean * $1.mean)
        }
        let spread = (square - mean * mean).squareRoot() * encoding.scale
        #expect(abs((try #require(entry.mean)) - (encoding.centre + mean * encoding.scale)) < 1e-4 * spread)
        #expect(abs((try #require(entry.standardDeviation)) - spread) < 1e-4 * spread)
        func cdf(_ x: Double) -> Double {
            components.reduce(0) { sum, component in
                let distance = ((x - encoding.centre) / encoding.scale - component.mean) / component.standardDeviation
                return sum + component.weight * erfc(-distance / 2.0.squareRoot()) / 2
            }
        }
        let quantiles = try #require(entry.quantiles)
        #expect(Set(quantiles.keys) == ["0.05", "0.25", "0.5", "0.75", "0.95"])
        for (label, quantile) in quantiles { #expect(abs(cdf(quantile) - (try #require(Double(label)))) < 1e-4) }
        #expect(abs((try #require(entry.cdf)) - cdf(encoding.decode(value))) < 1e-4)
        #expect(entry.value == .number(encoding.decode(value)))
    }
}

@Test func conditionalsOfUnknownValuesHaveNone() throws {
    let model = mixedModel(seed: 2)
    let service = try TestService([model])
    let reply = try conditionals(service.post("/conditionals", #"{"rows":[{}]}"#))
    let first = mixedVariables[model.members[0].ordering.variables[0]].name
    #expect(reply.conditionals[0].map(\.variable) == [first])
    let entry = reply.conditionals[0][0]
    #expect(entry.value == nil && entry.logProbability == nil && entry.cdf == nil)
}
