import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

/// Conditionals given all other values of a row.
@Suite struct OthersTests {
    private struct Reply: Decodable {
        struct Entry: Decodable {
            var variable: String
            var given: [String]
            var type: String
            var probability: Double?
            var probabilities: [String: Double]?
            var mean: Double?
            var standard_deviation: Double?
            var quantiles: [String: Double]?
            var standard_error: Double?
            var value: JSONScalar?
            var log_probability: Double?
            var cdf: Double?
        }
        var ordering: [String]?
        var conditionals: [[Entry]]
    }

    private func ask(_ service: TestService, _ rows: String, _ more: String = "") throws -> [[Reply.Entry]] {
        let response = try service.post("/conditionals", "{\"rows\":[\(rows)],\"given\":\"others\"\(more)}")
        try #require(response.status == 200, "\(response.text)")
        let reply = try JSONDecoder().decode(Reply.self, from: Data(response.body))
        #expect(reply.ordering == nil)
        return reply.conditionals
    }

    @Test func everyVariableIsGivenAllOthers() throws {
        let model = TableModel.model(members: 2)
        let service = try TestService([model])
        let oracle = Oracle(model)
        let entries = try ask(service, TableModel.object())[0]
        let names = TableModel.variables.map(\.name)
        #expect(entries.map(\.variable) == names)
        let row = TableModel.encodedCells.map(Double.init)
        for (index, entry) in entries.enumerated() {
            #expect(entry.given == names.filter { $0 != entry.variable } && entry.standard_error == nil)
            let variable = TableModel.variables[index]
            guard !variable.isReal else {
                let quantiles = try #require(entry.quantiles)
                #expect(try #require(quantiles["0.05"]) < #require(quantiles["0.95"]))
                #expect(try (0.0...1).contains(#require(entry.cdf)) && #require(entry.standard_deviation) > 0)
                continue
            }
            // Rare labels have a probability of their own, not the class that stands for them.
            let labelCount = variable.name == "city" ? 5 : variable.name == "grade" ? 3 : 2
            let values = (0..<labelCount).map(Double.init).filter { variable.name != "city" || $0 != 2 }
            let scores = values.map { value in
                var other = row
                other[index] = value
                return oracle.logLikelihood(of: other)
            }
            let total = logSumExp(scores)
            let found: [Double]
            if case .categorical(let categories) = variable.kind {
                let labels = values.map { categories.label(of: Int($0)) }
                #expect(Set(labels) == Set(try #require(entry.probabilities).keys))
                found = labels.map { entry.probabilities?[$0] ?? .nan }
            } else {
                let one = try #require(entry.probability)
                found = [1 - one, one]
            }
            for (probability, score) in zip(found, scores) {
                #expect(abs(probability - exp(score - total)) < 1e-4, "\(entry)")
            }
            let own = oracle.logLikelihood(of: row) - total
            #expect(abs((entry.log_probability ?? .nan) - own) < 1e-3, "\(entry)")
        }
    }

    @Test func valuesThatAreNotKnownAreSummedOut() throws {
        let service = try TestService([TableModel.model(members: 2)])
        let entry = try ask(
            service, TableModel.object(["city": "null", "price": "null"]), #","variables":["grade","city"]"#)[0]
        #expect(entry.map(\.variable) == ["grade", "city"])
        #expect(entry[0].given == ["side", "flag", "size"] && entry[1].given == ["side", "flag", "grade", "size"])
        #expect(entry[1].value == nil && entry[1].log_probability == nil && entry[0].value == .text("2"))
        #expect(entry.allSatisfy { ($0.standard_error ?? 0) > 0 })
        let sums = entry.map { $0.probabilities?.values.reduce(0, +) ?? .nan }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-9 })
    }

    @Test func manyRowsAnswerAsEachAlone() throws {
        let service = try TestService([TableModel.model()])
        let rows = (0..<40).map { TableModel.object(["price": "\($0 * 99)"]) }
        let all = try ask(service, rows.joined(separator: ","), #","variables":["price","size"]"#)
        for row in [0, 17, 39] {
            let alone = try ask(service, rows[row], #","variables":["price","size"]"#)[0]
            #expect(alone.map(\.mean) == all[row].map(\.mean), "\(row)")
        }
        #expect(try ask(service, "").isEmpty)
    }

    @Test func whatContradictsItselfIsRefused() throws {
        let service = try TestService([randomModel("m", variables: 3)]) { $0.queueRowsMax = 100 }
        for (more, status, pointer, detail) in [
            (#","given":"others","member":0"#, 422, "/member", "leave it out"),
            (#","given":"rest""#, 422, "/given", "\"predecessors\" or \"others\""),
            (#","given":7"#, 400, "/given", "a string"),
            (#","given":"others","variables":["v7"]"#, 422, "/variables/0", "not a variable"),
        ] {
            let problem = try service.post("/conditionals", "{\"rows\":[[0,1,0]]\(more)}").decode(ProblemReply.self)
            #expect(problem.status == status && problem.pointer == pointer, "\(problem)")
            #expect(problem.detail.contains(detail), "\(problem)")
        }
        let rows = [String](repeating: "[0,1,0]", count: 34).joined(separator: ",")
        let problem = try service.post("/conditionals", "{\"rows\":[\(rows)],\"given\":\"others\"}")
            .decode(ProblemReply.self)
        #expect(problem.status == 413 && problem.detail.contains("the work of 102 cells"), "\(problem)")
    }
}
