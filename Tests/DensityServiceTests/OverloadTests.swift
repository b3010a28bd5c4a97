import Foundation
import RawHTTP
import Testing

@testable import DensityService

/// A service whose queue waits three seconds before it begins, so that what happens meanwhile happens in time.
private func slowService(_ change: (inout ServiceOptions) -> Void = { _ in }) throws -> TestService {
    try TestService([randomModel("m", variables: 16, hidden: [32])]) { options in
        options.inlineBudget = 0
        options.delayMax = 3_000_000
        options.workers = 1
        change(&options)
    }
}

extension TestService {
    /// The value of a sample of /metrics.
    fileprivate func metric(_ name: String) throws -> Int {
        let answer = try get("/metrics")
        let line = try #require(
            answer.lines(startingWith: name + " ").first, "\(name) is missing from '\(answer.text)'")
        return try #require(Int(line.dropFirst(name.count + 1)))
    }

    /// Asks until a sample has a value.
    fileprivate func wait(until name: String, is value: Int) throws {
        let start = ContinuousClock.now
        while try metric(name) != value, ContinuousClock.now - start < .seconds(20) { sched_yield() }
        #expect(try metric(name) == value, "\(name)")
    }
}

extension TestClient {
    fileprivate func ask(_ rows: String) throws {
        try send("POST", "/score", headers: ["Content-Type: application/json"], body: Array(rows.utf8))
    }
}

private let queued = "made_queue_rows{model=\"m\",version=\"1\"}"
private let hungUp = "made_cancelled_total{reason=\"hang_up\"}"
private let late = "made_cancelled_total{reason=\"deadline\"}"
private let scored = "made_rows_scored_total{model=\"m\",version=\"1\"}"

private func json(_ rows: Int) -> String { body(randomRows(rows, variables: 16, seed: 2)) }

@Test func aDeadlineIsKeptThoughTheQueueHasNotBegun() async throws {
    let service = try slowService()
    let client = try service.client()
    for path in ["/score", "/conditionals", "/v1/models/m:predict"] {
        let text = path.hasPrefix("/v1") ? json(2).replacing("rows", with: "instances") : json(2)
        let reply = try client.post(path, text, headers: ["X-Timeout-Ms: 20", "X-Request-ID: q7"])
        #expect(reply.status == 504 && reply.text.contains("X-Timeout-Ms"), "\(path)")
        #expect(reply.header("X-Request-ID") == "q7")
    }
    #expect(try service.metric(late) == 3)
    // The work is dropped when its turn comes, and the queue is as it was.
    try client.ask(json(2))
    #expect(try await client.lateReply().status == 200)
    try service.wait(until: queued, is: 0)
    #expect(try service.metric(scored) == 2)
    #expect(try service.metric("made_batches_total{place=\"queue\"}") == 1)
    #expect(try service.metric(late) == 3)
}

@Test func queuedWorkOfAClientThatLeftIsDroppedAndCounted() async throws {
    let service = try slowService()
    do {
        let clients = try (0..<5).map { _ in try service.client() }
        for client in clients { try client.ask(json(3)) }
        try service.wait(until: queued, is: 15)
    }
    let staying = try service.client()
    try staying.ask(json(4))
    #expect(try await staying.lateReply().status == 200)
    #expect(try service.metric(hungUp) == 5)
    #expect(try service.metric(scored) == 4)
    #expect(try service.metric(late) == 0)
    try service.wait(until: queued, is: 0)
}

@Test func workOfABulkClientThatLeftIsDroppedAndCounted() async throws {
    let service = try slowService()
    // More than the queue's blocks hold, so that the client is paused; and one that leaves in the middle of its body.
    let line = "[\(Array(repeating: "1", count: 16).joined(separator: ","))]\n"
    let text = Array(String(repeating: line, count: 10_000).utf8)
    let head = { (count: Int) in
        "POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: \(count)\r\n\r\n"
    }
    do {
        let (whole, half) = (try service.client(), try service.client())
        whole.send(head(text.count))
        whole.send(text)
        half.send(head(2 * 100_000))
        half.send(text.prefix(100_000))
        try service.wait(until: queued, is: 2048)
    }
    try service.wait(until: hungUp, is: 2)
    let next = try service.client()
    try next.ask(json(1))
    #expect(try await next.lateReply().status == 200)
    try service.wait(until: queued, is: 0)
    #expect(try service.metric(scored) == 1)
}

@Test func moreWorkThanTheQueuesTimeIsRefusedAtOnce() async throws {
    let service = try slowService { options in
        options.queueMillisecondsMax = 1
        options.batchRowsMax = 64
    }
    // Far more than a millisecond's work of any processor; nothing stands before the first one.
    let heavy = json(20_000)
    let first = try service.client()
    try first.ask(heavy)
    // Not read yet.
    try service.wait(until: queued, is: 1 + heavy.utf8.count >> 10)
    for (path, text) in [("/score", heavy), ("/score", json(1)), ("/conditionals", json(1))] {
        let refused = try service.post(path, text)
        #expect(refused.status == 503 && refused.text.contains("too many rows wait"), "\(path)")
        #expect(Int(refused.header("Retry-After") ?? "") ?? 0 >= 1)
    }
    #expect(try service.get("/livez").status == 200)
    #expect(try await first.lateReply().status == 200)
    #expect(try service.metric("made_rejected_total{reason=\"queue_full\"}") == 3)
    // It is over, and all of it has been taken off what is expected.
    let next = try service.client()
    try next.ask(json(1))
    #expect(try await next.lateReply().status == 200)
}

@Test func streamsThatWaitRefuseNoRequest() async throws {
    // A block of a stream is expected to take far more than the queue's time.
    let service = try TestService([randomModel("m", variables: 16, hidden: [1024, 1024])]) { options in
        options.inlineBudget = 0
        options.delayMax = 3_000_000
        options.workers = 1
        options.queueMillisecondsMax = 20
    }
    let line = "[\(Array(repeating: "1", count: 16).joined(separator: ","))]\n"
    let streams = try (0..<4).map { _ in try service.client() }
    for stream in streams {
        try stream.send(
            "POST", "/score", headers: ["Content-Type: application/x-ndjson"], body: Array(line.utf8))
    }
    try service.wait(until: queued, is: 4 * 1024)
    let beside = try service.client()
    try beside.ask(json(1))
    #expect(try await beside.lateReply().status == 200)
    for stream in streams { #expect(try await stream.lateReply().status == 200) }
    #expect(try service.metric("made_rejected_total{reason=\"queue_full\"}") == 0)
}

@Test func streamsGetAQuarterOfTheTimeBesideRequests() {
    var share = WorkerQueue.StreamShare()
    #expect(!share.isEnough(for: 1))
    var (requests, streams) = (0, 0)
    for _ in 0..<1000 {
        if share.isEnough(for: 47) {
            share.noteStream(47)
            streams += 47
        } else {
            share.noteRequests(9)
            requests += 9
        }
    }
    #expect(abs(Double(streams) / Double(requests + streams) - 0.25) < 0.01)
    #expect(WorkerQueue.StreamShare.nanoseconds(besideRequestsOf: 300) == 100)
}

@Test func onlyAQueueThatRefusesOthersRefusesWhatWaitedTooLong() {
    var state = WorkerQueue.State(idle: [])
    state.forgetRefusals()
    #expect(!state.isOverdue(5, at: 1000, after: 100))
    state.isRefusing = true
    #expect(state.isOverdue(5, at: 106, after: 100))
    #expect(!state.isOverdue(5, at: 105, after: 100))
    state.forgetRefusals()
    #expect(!state.isOverdue(5, at: 106, after: 100))
}
