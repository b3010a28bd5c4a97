import Codecs
import MADE
import RawHTTP
import Testing

@testable import DensityService

private let megabyte = 1 << 20

/// A service that has 8 MiB for bodies and answers.
private func narrowService(_ change: (inout ServiceOptions) -> Void = { _ in }) throws -> TestService {
    try TestService([randomModel("m", variables: 4, calibrated: true)]) {
        $0.bodyBytesMax = megabyte
        $0.memoryBytesMax = 8 * megabyte
        $0.loops = 1
        change(&$0)
    }
}

extension TestService {
    fileprivate func memoryFigure(_ name: String) throws -> Double? {
        try get("/metrics").lines(startingWith: "\(name) ").first.flatMap { Double($0.split(separator: " ")[1]) }
    }
}

@Test func largeBodiesBeyondTheMemoryAreRefusedAndOthersServed() throws {
    let service = try narrowService()
    let rows = body(randomRows(1000, variables: 4, seed: 1))
    let text = String(rows.dropLast()) + String(repeating: " ", count: 900 << 10) + "}"
    // All but the last byte: whoever is not refused waits.
    var waiting: [TestClient] = []
    var refused = 0
    for _ in 0..<12 {
        let client = try service.client()
        try client.send("POST", "/score", headers: ["Content-Length: \(text.utf8.count)"])
        _ = client.send(Array(text.utf8.dropLast()))
        waiting.append(client)
        // On the same loop: it has read what was sent before.
        #expect(try service.get("/livez").status == 200)
        #expect(try service.post("/score", #"{"rows":[[0,1,0,1]]}"#).status == 200)
    }
    let taken = try #require(try service.memoryFigure("made_memory_bytes"))
    #expect(taken > Double(5 * megabyte) && taken <= Double(8 * megabyte + 2 * (64 << 10)), "\(taken)")
    #expect(try service.memoryFigure("made_memory_bytes_max") == Double(8 * megabyte))
    for client in waiting { _ = client.send("}") }
    for client in waiting {
        let answer = try client.receive()
        if answer.status == 503 {
            refused += 1
            #expect(answer.text.contains("memory-bytes-max") && answer.header("Retry-After") == "1", "\(answer.text)")
        } else {
            #expect(answer.status == 200, "\(answer.text.prefix(200))")
        }
    }
    // The body and what is read of it take three times its bytes.
    #expect(refused == 10, "\(refused)")
    let count = try service.get("/metrics").text.contains("made_rejected_total{reason=\"memory\"} \(refused)\n")
    #expect(count)
    // All of it has been given back: there is room for the largest body again.
    waiting = []
    #expect(try service.post("/score", text).status == 200)
}

@Test func aStreamWaitsWhereMemoryIsTakenAndLosesNothing() throws {
    let service = try narrowService()
    // Answers of some 1.5 MB each, more than there is for all of them at once.
    let rows = randomRows(20_000, variables: 4, seed: 2)
    let text = rows.map { "\($0)\n" }.joined()
    let expected = try service.client()(
        "POST", "/score", headers: ["Content-Type: application/x-ndjson"], body: text
    ).text
    #expect(expected.utf8.count > megabyte && expected.utf8.count < 2 * megabyte, "\(expected.utf8.count)")
    let port = service.service.port
    let answers = try concurrently(8) { _ in
        let client = try TestClient(port: port)
        return try client("POST", "/score", headers: ["Content-Type: application/x-ndjson"], body: text)
    }
    for answer in answers {
        #expect(answer.status == 200 && answer.text == expected || answer.status == 503, "\(answer.text.prefix(200))")
        if answer.status == 503 { #expect(answer.text.contains("memory-bytes-max")) }
    }
    #expect(answers.contains { $0.status == 200 })
}

@Test func anAnswerLargerThanTheMemoryIsRefused() throws {
    let service = try narrowService()
    let answer = try service.client()(
        "POST", "/score", headers: ["Content-Type: application/x-ndjson"],
        body: String(repeating: "1\n", count: 200_000))
    #expect(answer.status == 413 && answer.text.contains("memory-bytes-max"), "\(answer.text.prefix(300))")
    let sample = try service.get("/sample?n=100000")
    #expect(sample.status == 413 && sample.text.contains("memory-bytes-max"), "\(sample.text.prefix(300))")
    #expect(try service.get("/sample?n=1000").status == 200)
}

@Test func memoryTooSmallForABodyIsNoSetting() throws {
    let error = #expect(throws: ServiceError.self) { try narrowService { $0.memoryBytesMax = 3 * megabyte } }
    #expect(error?.description.contains("memory-bytes-max is 3145728") == true, "\(String(describing: error))")
    #expect(ServiceOptions().memoryBytes >= 4 * ServiceOptions().bodyBytesMax)
}

/// Rows that are faulty, each of which takes more memory than its two bytes and what was taken with them.
private func faultyRows(_ count: Int) -> String {
    "{\"on_error\":\"row\",\"rows\":[\(Array(repeating: "0", count: count).joined(separator: ","))]}"
}

extension TestService {
    /// The answer once the memory of earlier requests has come back, which is soon after their answers.
    fileprivate func postPatiently(_ path: String, _ text: String) throws -> Response {
        for _ in 0..<1000 {
            let answer = try post(path, text)
            if answer.status != 503 { return answer }
        }
        return try post(path, text)
    }
}

@Test func whatNeverFitsIsRefusedForGoodAndWhatFitsLaterIsNot() throws {
    let service = try narrowService { $0.queueRowsMax = 1 << 20 }
    // 6,000 faults fit, but not beside the bodies of others.
    let some = faultyRows(6000) + String(repeating: " ", count: 100_000)
    var others: [TestClient] = []
    for _ in 0..<2 {
        let client = try service.client()
        try client.send("POST", "/score", headers: ["Content-Length: \(megabyte)"])
        _ = client.send([UInt8](repeating: 0x20, count: megabyte - 1))
        others.append(client)
        #expect(try service.get("/livez").status == 200)
    }
    let taken = try #require(try service.memoryFigure("made_memory_bytes"))
    #expect(taken > Double(6 * megabyte), "\(taken)")
    let later = try service.post("/score", some)
    #expect(later.status == 503 && later.header("Retry-After") == "1", "\(later.text.prefix(300))")
    #expect(later.text.prefix(300).contains("memory-bytes-max"), "\(later.text.prefix(300))")
    for client in others {
        _ = client.send(" ")
        #expect(try client.receive().status == 400)
    }
    others = []
    #expect(try service.postPatiently("/score", some).status == 200)
    // What is read of 300,000 faulty rows, of two bytes each.
    let tooMany = try service.postPatiently("/score", faultyRows(300_000))
    #expect(tooMany.status == 413 && tooMany.header("Retry-After") == nil, "\(tooMany.text.prefix(300))")
    #expect(tooMany.text.contains("of \(8 * megabyte) (memory-bytes-max)"), "\(tooMany.text.prefix(300))")
    // What is read of these takes no more than was taken with their body, but the answer does.
    let tooLong = try service.postPatiently("/score", body(randomRows(60_000, variables: 4, seed: 4)))
    #expect(tooLong.status == 413 && tooLong.header("Retry-After") == nil, "\(tooLong.text.prefix(300))")
    #expect(tooLong.text.contains("of \(8 * megabyte) (memory-bytes-max)"), "\(tooLong.text.prefix(300))")
    #expect(try service.postPatiently("/score", some).status == 200)
}

@Test func aMalformedBodyIsReadInBoundedMemory() throws {
    let service = try narrowService()
    // Brackets and commas: an index of it all would be four times as large.
    let row = "[" + Array(repeating: "0", count: 4).joined(separator: ",") + "],"
    let text = "{\"rows\": [" + String(repeating: row, count: (megabyte - 100) / row.utf8.count)
    for end in ["", "}", "[0,1,0]]", "[0,1,0,\u{01}]]}", "[0,1,0,1]]"] {
        let answer = try service.postPatiently("/score", text + end)
        #expect(answer.status == 400 && answer.text.contains("not JSON"), "\(answer.text.prefix(300))")
    }
    let nested = try service.postPatiently("/v2/models/m/infer", "{\"inputs\":[" + text + "]}]}")
    #expect(nested.status == 400, "\(nested.text.prefix(300))")
}
