import Foundation
import MADE
import MadeProgram
import RawHTTP
import Testing

/// The bundled nltcs model is small enough to know everything about: all its 2^16 rows.
@Suite(.serialized) struct NLTCSTests {
    private static let variableCount = 16
    private static let allRows = (0..<1 << variableCount).map { row in (0..<variableCount).map { row >> $0 & 1 } }

    private func probabilities(_ client: Client) throws -> [Double] {
        try stride(from: 0, to: Self.allRows.count, by: 4096).flatMap { start in
            try client.score(Array(Self.allRows[start..<start + 4096]), model: "nltcs").map(exp)
        }
    }

    private func sample(_ client: Client, _ options: String) throws -> SampleAnswer {
        let reply = try client.post("/models/nltcs/sample", "{\"n\":20000,\(options)}")
        try #require(reply.status == 200, "\(reply.text)")
        return try JSONDecoder().decode(SampleAnswer.self, from: Data(reply.body))
    }

    @Test func theProbabilitiesOfAllRowsAddUpToOne() throws {
        let server = try ServingProgram([])
        let sum = try probabilities(server.client()).reduce(0, +)
        #expect(abs(sum - 1) < 1e-4)
    }

    /// Of 20,000 samples, without and with evidence, each variable's mean is the exact conditional's, within 4 standard
    /// errors.
    @Test func samplesFollowTheExactMarginalsAndConditionals() throws {
        let server = try ServingProgram([])
        let client = try server.client()
        let probabilities = try probabilities(client)
        let model = try Checkpoint.read(Program.bundled("nltcs"))
        let ordering = model.members[0].ordering.variables
        for (seed, values) in [[], [1], [0, 1, 0], [1, 0, 1, 1, 0]].enumerated() {
            let evidence = Dictionary(uniqueKeysWithValues: zip(ordering, values))
            let given = evidence.map { "\"\(model.variables[$0].name)\":\($1)" }.joined(separator: ",")
            let answer = try sample(client, "\"seed\":\(seed),\"given\":{\(given)}")
            #expect(answer.rows.count == 20_000)
            #expect(answer.rows.allSatisfy { row in evidence.allSatisfy { row[$0] == $1 } })
            let consistent = Self.allRows.indices.filter { row in
                evidence.allSatisfy { Self.allRows[row][$0] == $1 }
            }
            let total = consistent.reduce(0) { $0 + probabilities[$1] }
            // Resampled draws err as their particles do, and once more as draws from those.
            let particles: Double = answer.effective_sample_size ?? .infinity
            let draws = 1 / (1 / 20_000 + 1 / particles)
            for variable in 0..<Self.variableCount where evidence[variable] == nil {
                let exact =
                    consistent.reduce(0) { $0 + probabilities[$1] * Double(Self.allRows[$1][variable]) } / total
                let found = answer.rows.reduce(0) { $0 + Double($1[variable]) } / 20_000
                let error = (exact * (1 - exact) / draws).squareRoot()
                #expect(
                    abs(found - exact) < 4 * error, "evidence \(evidence), variable \(variable): \(found), \(exact)")
            }
        }
    }

    @Test func aRowHasTheSameBitsAloneInABatchFromManyClientsAndFromTheCommandLine() async throws {
        let server = try ServingProgram([])
        var generator = PhiloxGenerator(seed: 17)
        let rows = (0..<1000).map { _ in Self.allRows.randomElement(using: &generator) ?? [] }
        let batch = try server.client().score(rows, model: "nltcs")
        let client = try server.client()
        for (row, expected) in zip(rows.prefix(100), batch) {
            #expect(try client.score([row], model: "nltcs") == [expected])
        }
        let answers = try await withThrowingTaskGroup(of: [Double].self) { group in
            for first in 0..<64 {
                // Threads of their own: 64 blocking clients would starve the pool of tasks.
                group.addTask {
                    try await onThread {
                        let client = try server.client()
                        return try stride(from: first, to: rows.count, by: 64).flatMap {
                            try client.score([rows[$0]], model: "nltcs")
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(answers.sorted() == batch.sorted())

        let names = try Checkpoint.read(Program.bundled("nltcs")).variables.map(\.name).joined(separator: ",")
        let table = rows.map { $0.map(String.init).joined(separator: ",") + "\n" }.joined()
        let outcome = try Program.run(["score", Program.bundled("nltcs"), "-"], input: "\(names)\n\(table)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == "log_likelihood,p_value,anomaly,score,error")
        #expect(lines.dropFirst().map { Double($0.prefix { $0 != "," }) } == batch)
    }
}

/// Runs blocking work on a thread of its own.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: .init(catching: work)) }
    }
}
