import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// Log-likelihoods as text, digit for digit.
private func logLikelihoods(_ response: Response) throws -> [String] {
    let text = response.text
    let start = try #require(text.range(of: "\"log_likelihood\":["))
    let end = try #require(text[start.upperBound...].firstIndex(of: "]"))
    return text[start.upperBound..<end].split(separator: ",").map(String.init)
}

/// Where a turn's rows are scored: by the loop, by the queue's workers, or by both, the loop helping the workers.
private let budgets = [1_000_000_000, 0, 50]

@Test(arguments: budgets)
func aRowHasTheSameBitsAloneAndInAnyBatch(inlineBudget: Int) throws {
    let model = randomModel("m", variables: 24, hidden: [40, 30], members: 2, seed: 3)
    let service = try TestService([model]) { options in
        options.inlineBudget = inlineBudget
        options.batchRowsMax = 64
    }
    let rows = randomRows(1000, variables: 24, seed: 8)
    let batch = try logLikelihoods(service.post("/score", body(rows)))
    #expect(batch.count == 1000)
    let client = try service.client()
    for index in stride(from: 0, to: 1000, by: 37) {
        #expect(try logLikelihoods(client.post("/score", body([rows[index]]))) == [batch[index]])
    }
    // The core gives the same number, to the bit.
    let compiled = CompiledModel(model)
    var results = [Double](repeating: 0, count: 1000)
    var span = results.mutableSpan
    let values = rows.joined().map(Float.init)
    compiled.score(values.span, into: &span, using: compiled.makeWorkspace())
    #expect(results.map(\.description) == batch)
}

@Test(arguments: budgets)
func aRowHasTheSameBitsFromManyClientsAtOnce(inlineBudget: Int) throws {
    let service = try TestService([randomModel("m", variables: 24, hidden: [40, 30], members: 2, seed: 3)]) { options in
        options.inlineBudget = inlineBudget
        options.batchRowsMax = 32
        options.workers = 3
    }
    let rows = randomRows(320, variables: 24, seed: 8)
    let expected = try logLikelihoods(service.post("/score", body(rows)))
    let port = service.service.port
    // Requests of 1 to 5 rows, and now and then one of more than a batch, some of which ask for surprisals too.
    let answers = try concurrently(64) { client in
        let connection = try TestClient(port: port)
        return try (0..<6).map { turn -> ([Int], [String]) in
            let count = (client + turn) % 16 == 0 ? 100 : 1 + (client + turn) % 5
            let indices = (0..<count).map { (client * 5 + turn * 53 + $0) % rows.count }
            let more = client % 3 == 0 ? ",\"explain\":1" : ""
            return (indices, try logLikelihoods(connection.post("/score", body(indices.map { rows[$0] }, more))))
        }
    }
    for (indices, values) in answers.joined() {
        #expect(values == indices.map { expected[$0] })
    }
    let metrics = try service.get("/metrics").text
    if inlineBudget != 50 {
        #expect(metrics.contains("made_batches_total{place=\"queue\"} 0") == (inlineBudget > 0))
    }
}

@Test func aRequestOfManyBatchesKeepsSurprisalsAndFaultsInPlace() throws {
    let service = try TestService([randomModel("m", variables: 8, members: 2)]) { options in
        options.inlineBudget = 0
        options.batchRowsMax = 16
        options.workers = 4
    }
    let good = randomRows(300, variables: 8, seed: 1)
    var rows = good.map { "[\($0.map(String.init).joined(separator: ","))]" }
    rows.insert("[9]", at: 100)
    rows.append("7")
    let options = ",\"per_variable\":true,\"on_error\":\"row\"}"
    let reply = try service.post("/score", "{\"rows\":[\(rows.joined(separator: ","))]\(options)").decode(
        ScoreReply.self)
    #expect(reply.errors?.map(\.row) == [100, 301])
    let surprisals = try #require(reply.surprisal)
    let explained = try #require(reply.explainedLogLikelihood)
    #expect(surprisals.count == 302 && surprisals[100] == nil && surprisals[301] == nil && explained[100] == nil)
    for row in [0, 99, 101, 300] {
        let values = try #require(surprisals[row])
        #expect(abs(values.reduce(0, +) + (try #require(explained[row]))) < 1e-4)
        let alone = try service.post("/score", body([good[row > 100 ? row - 1 : row]], ",\"per_variable\":true"))
            .decode(ScoreReply.self)
        #expect(alone.surprisal?[0] == values)
    }
}

@Test func aFullQueueRefusesAtOnceAndSaysWhenToComeBack() throws {
    let service = try TestService([randomModel("m", variables: 64, hidden: [400, 400])]) { options in
        options.inlineBudget = 0
        options.workers = 1
        options.queueRowsMax = 1000
    }
    let request = body(randomRows(900, variables: 64, seed: 4))
    let port = service.service.port
    let answers = try concurrently(24) { _ in try TestClient(port: port).post("/score", request) }
    #expect(Set(answers.map(\.status)) == [200, 503])
    for answer in answers where answer.status == 503 {
        #expect(Int(answer.header("Retry-After") ?? "") ?? 0 >= 1)
        #expect(try answer.decode(ProblemReply.self).detail.contains("wait"))
    }
    #expect(Set(try answers.filter { $0.status == 200 }.map(logLikelihoods)).count == 1)
    let refused = answers.count { $0.status == 503 }
    #expect(try service.get("/metrics").text.contains("made_rejected_total{reason=\"queue_full\"} \(refused)"))
}

@Test func aRequestPastItsOwnDeadlineAnswers504() throws {
    let service = try TestService([randomModel("m", variables: 64, hidden: [400, 400])]) { options in
        options.inlineBudget = 0
        options.workers = 1
    }
    let request = body(randomRows(2000, variables: 64, seed: 4))
    let port = service.service.port
    let answers = try concurrently(8) { client in
        try TestClient(port: port).post("/score", request, headers: client == 0 ? [] : ["X-Timeout-Ms: 1"])
    }
    #expect(answers[0].status == 200)
    #expect(answers.dropFirst().allSatisfy { $0.status == 504 })
    #expect(try answers[1].decode(ProblemReply.self).title == "Gateway Timeout")
    #expect(try service.post("/score", request, headers: ["X-Timeout-Ms: 3600000"]).status == 200)
}

@Test func aBatchWaitsForMoreWhereAskedTo() throws {
    let service = try TestService([randomModel("m", variables: 8)]) { options in
        options.inlineBudget = 0
        options.delayMax = 200_000
        options.workers = 1
    }
    let port = service.service.port
    let request = body(randomRows(1, variables: 8, seed: 4))
    let answers = try concurrently(16) { _ in try TestClient(port: port).post("/score", request) }
    #expect(answers.allSatisfy { $0.status == 200 })
    let batches = try #require(
        service.get("/metrics").lines(startingWith: "made_batches_total{place=\"queue\"}").first)
    #expect(Int(try #require(batches.split(separator: " ").last)) ?? 16 < 16)
}

@Test func aServiceThatStopsAnswersWhatItAccepted() throws {
    for inlineBudget in budgets {
        let service = try TestService([randomModel("m", variables: 24, hidden: [200, 200])]) { options in
            options.inlineBudget = inlineBudget
            options.loops = 2
            // Every client sends on until it is told to close, however late a busy machine lets it.
            options.restSecondsMax = 60
            options.graceSeconds = 60
        }
        let port = service.service.port
        let request = body(randomRows(40, variables: 24, seed: 4))
        let running = service.service
        let started = Counters(count: 1)
        let counts = try concurrently(17) { client -> Int in
            if client == 16 {
                // Not before every client has had an answer.
                while started.value(at: 0) < 16 { sched_yield() }
                #expect(running.stop())
                return 0
            }
            let connection = try TestClient(port: port)
            var count = 0
            while true {
                let answer = try connection.post("/score", request)
                #expect(answer.status == 200)
                if count == 0 { started.add(1, at: 0) }
                count += 1
                // The server says goodbye with an answer, never without one.
                if answer.header("Connection")?.lowercased() == "close" { return count }
            }
        }
        #expect(counts.prefix(16).allSatisfy { $0 > 0 })
        #expect(throws: ClientError.self) { try TestClient(port: port) }
    }
}
