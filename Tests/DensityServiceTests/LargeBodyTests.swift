import Codecs
import Foundation
import MADE
import RawHTTP
import Synchronization
import Testing

@testable import DensityService

extension TestService {
    /// The most bytes of bodies that a loop has read in one turn. What was answered in a turn is counted at its end, which the
    /// next answer on the same loop comes after.
    fileprivate func longestTurnBytes() throws -> Int {
        _ = try get("/livez")
        return service.core.longestTurnBytes.load(ordering: .relaxed)
    }
}

/// Bodies of `count` rows for every route that reads any.
private func largeBodies(_ count: Int) -> [(path: String, text: String)] {
    let rows = randomRows(count, variables: 4, seed: 3)
    let named = rows.map { row in
        "{\(row.enumerated().map { "\"v\($0.offset)\":\($0.element)" }.joined(separator: ","))}"
    }.joined(separator: ",")
    let flat = rows.flatMap { $0 }
    let tensor = { (data: String) in
        "{\"inputs\":[{\"name\":\"rows\",\"datatype\":\"FP32\",\"shape\":[\(count),4],\"data\":\(data)}]}"
    }
    return [
        ("/score", body(rows)), ("/score", "{\"rows\":[\(named)]}"),
        (
            "/score",
            "{\"missing\":\"unknown\",\"particles\":2,\"rows\":[[null,1,0,1]\(rows.map { ",\($0)" }.joined())]}"
        ),
        ("/conditionals", body(rows)), ("/invocations", body(rows)), ("/invocations", "{\"instances\":\(rows)}"),
        ("/invocations", "{\"parameters\":{},\"instances\":\(rows)}"),
        ("/v1/models/m:predict", "{\"instances\":\(rows)}"), ("/v1/models/m:explain", "{\"instances\":\(rows)}"),
        ("/v2/models/m/infer", tensor("\(rows)")), ("/v2/models/m/infer", tensor("\(flat)")),
        ("/sample", "{\"n\":1,\"given\":{\"v0\":1},\"seed\":1\(String(repeating: " ", count: 70_000))}"),
        ("/v2/repository/index", "{\(String(repeating: " ", count: 70_000))}"),
    ]
}

@Test func noLargeBodyIsReadOnALoop() throws {
    let service = try TestService([randomModel("m", variables: 4, calibrated: true)])
    for (path, text) in largeBodies(9000) {
        #expect(text.utf8.count > LoopBatches.bodyBytesMax, "\(path)")
        let answer = try service.post(path, text)
        #expect(answer.status == 200, "\(path): \(answer.text.prefix(200))")
    }
    #expect(try service.longestTurnBytes() == 0)
}

@Test func largeBodiesAreAnsweredLikeSmallOnes() throws {
    let service = try TestService([randomModel("m", variables: 4, calibrated: true)])
    for ((path, large), (_, small)) in zip(largeBodies(9000), largeBodies(10)) where path != "/sample" {
        let (many, few) = (try service.post(path, large), try service.post(path, small))
        #expect(many.status == few.status && many.header("Content-Type") == few.header("Content-Type"))
    }
    let bad = try service.post("/score", "{\"rows\":[[0,1,0,2]]\(String(repeating: " ", count: 70_000))}")
    #expect(bad.status == 422 && bad.text.contains("rows[0].v3"), "\(bad.text)")
    let rows = randomRows(9000, variables: 4, seed: 3)
    let lines = try service.client()(
        "POST", "/score", headers: ["Content-Type: application/x-ndjson", "Accept: application/json"],
        body: rows.map { "\($0)\n" }.joined())
    let found = try service.post("/score", body(rows)).decode(ScoreReply.self)
    #expect(try found.logLikelihood == lines.decode(ScoreReply.self).logLikelihood)
}

@Test func aTurnReadsNoMoreThanItsBytesHoweverManyAsk() throws {
    let service = try TestService([randomModel("m", variables: 4)]) {
        $0.loops = 1
        $0.queueRowsMax = 1 << 20
    }
    let text = body(randomRows(6000, variables: 4, seed: 1))
    #expect((48 << 10...LoopBatches.bodyBytesMax).contains(text.utf8.count))
    let expected = try service.post("/score", text).body
    let port = service.service.port
    let answers = try concurrently(32) { _ in
        let client = try TestClient(port: port)
        return try (0..<3).map { _ in try client.post("/score", text).body }
    }
    #expect(answers.allSatisfy { $0.allSatisfy { $0 == expected } })
    let most = try service.longestTurnBytes()
    #expect(most >= text.utf8.count && most <= LoopBatches.bytesMax, "\(most)")
}
