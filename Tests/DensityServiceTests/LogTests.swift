import Foundation
import Logging
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// The lines that `work` makes an observer and a sink write.
private func lines(
    _ format: LogFormat, level: Logger.Level = .info, _ work: (Observer, LogSink) throws -> Void
) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString).log")
    let descriptor = open(file.path, O_WRONLY | O_CREAT, 0o600)
    defer {
        close(descriptor)
        try? FileManager.default.removeItem(at: file)
    }
    let sink = LogSink(descriptor: descriptor)
    try work(Observer(sink: sink, level: level, format: format), sink)
    sink.flush()
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.isEmpty || text.hasSuffix("\n"))
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}

private let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

private func answer() -> Observer.Answer {
    Observer.Answer(
        id: "abc", trace: TraceContext(trace), method: "POST", route: RouteTable.standard.match("/score"),
        model: "a \"b\"\nc", status: 200, rows: 3, queue: 1_234_567, compute: 499, total: 2_000_500_000)
}

@Test func linesOfTextHaveTheTimeAndNoLineEndsOfOthers() throws {
    let lines = try lines(.text) { observer, _ in
        observer.note(answer())
        observer.logger.debug("not this")
        observer.logger.notice("said", metadata: ["why": "two words"])
    }
    #expect(lines.count == 2)
    let fields = """
        id=abc trace_id=0af7651916cd43dd8448eb211c80319c parent_id=b7ad6b7169203331 method=POST route=/score \
        model="a \\"b\\" c" status=200 rows=3 queue_ms=1.235 compute_ms=0.000 total_ms=2000.500
        """
    #expect(lines[0].dropFirst(24) == " info request \(fields)")
    #expect(lines[1].dropFirst(24) == #" notice said why="two words""#)
    #expect(lines[0].prefix(24).contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
}

@Test func linesOfJSONAreAnObjectEach() throws {
    let lines = try lines(.json) { observer, _ in
        observer.note(answer())
        observer.logger.debug("not this")
        observer.logger.notice("said \"it\"", metadata: ["why": "two\nwords"])
    }
    #expect(lines.count == 2)
    let objects = try lines.map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: NSObject])
    }
    for object in objects {
        #expect((object["time"] as? String)?.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) == true)
    }
    var first = objects[0]
    first["time"] = nil
    let expected: [String: NSObject] = [
        "level": "info" as NSString, "message": "request" as NSString, "id": "abc" as NSString,
        "trace_id": "0af7651916cd43dd8448eb211c80319c" as NSString, "parent_id": "b7ad6b7169203331" as NSString,
        "method": "POST" as NSString, "route": "/score" as NSString, "model": "a \"b\"\nc" as NSString,
        "status": 200 as NSNumber, "rows": 3 as NSNumber, "queue_ms": 1.235 as NSNumber, "compute_ms": 0 as NSNumber,
        "total_ms": 2000.5 as NSNumber,
    ]
    #expect(first == expected)
    #expect(objects[1]["why"] == "two\nwords" as NSString && objects[1]["message"] == "said \"it\"" as NSString)
}

@Test func aLevelAboveInfoLeavesRequestsOut() throws {
    #expect(try lines(.json, level: .warning) { observer, _ in observer.note(answer()) }.isEmpty)
}

@Test func tracesAreReadAsTheRecommendationHasThem() {
    let read = TraceContext(trace)
    #expect(read?.traceID == "0af7651916cd43dd8448eb211c80319c" && read?.parentID == "b7ad6b7169203331")
    // A later version may say more, the first may not.
    #expect(TraceContext(trace.replacing("00-0af", with: "cc-0af") + "-more") != nil)
    let zeros = String(repeating: "0", count: 32)
    for field in [
        nil, "", "00", trace + "-", trace + "-more", String(trace.dropLast()), trace.uppercased(),
        "ff" + trace.dropFirst(2),
        "0" + trace.dropFirst(2), " " + trace, "\(trace),\(trace)", "00-\(zeros)-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", trace.replacing("0af", with: "0ag"),
    ] {
        #expect(TraceContext(field) == nil, "\(field ?? "nil")")
    }
}

@Test func theTraceOfARequestIsInItsLine() throws {
    let lines = try lines(.json) { _, sink in
        let service = try TestService([randomModel("m", variables: 3)], sink: sink) { $0.logFormat = .json }
        _ = try service.post("/score", body([[0, 1, 0]]), headers: ["traceparent: \(trace)", "X-Request-ID: one"])
        _ = try service.post("/score", body([[0, 1]]), headers: ["traceparent: \(trace)", "X-Request-ID: two"])
        _ = try service.get("/livez", headers: ["traceparent: nonsense", "X-Request-ID: three"])
        service.stop()
    }
    let objects = try lines.map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    func line(_ id: String) throws -> [String: Any] { try #require(objects.first { $0["id"] as? String == id }) }
    for (id, status) in [("one", 200), ("two", 422)] {
        let line = try line(id)
        #expect(line["trace_id"] as? String == "0af7651916cd43dd8448eb211c80319c" && line["status"] as? Int == status)
        #expect(line["parent_id"] as? String == "b7ad6b7169203331" && line["route"] as? String == "/score")
    }
    #expect(try line("one")["rows"] as? Int == 1)
    #expect(try line("three")["trace_id"] == nil)
    // No line holds a row.
    #expect(lines.allSatisfy { !$0.contains("[") })
}

@Test func anAlphaThatAModelCannotReachIsWarnedOfAndListed() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // One model by its folder, one by its own name.
    let named = folder.appendingPathComponent("named.safetensors").path
    try Checkpoint.write(TableModel.model("named", calibrationRows: 20), to: named)
    let models = [TableModel.model("small", calibrationRows: 10), TableModel.model("large")]
    var listed = ""
    let lines = try lines(.json) { _, sink in
        let service = try TestService(models, sink: sink, others: [named], layout: { _ in }) {
            $0.logFormat = .json
            $0.alpha = 0.02
        }
        listed = try service.get("/models").text
        service.stop()
    }
    let warnings = lines.filter { $0.contains(#""warning""#) }
    #expect(warnings.count == 2, "\(lines)")
    for (name, rows) in [("small", 10), ("named", 20)] {
        let note =
            "no row is judged at alpha 0.02: with \(rows) calibration rows no p-value is below \(1 / Double(rows + 1))"
        #expect(warnings.contains { $0.contains(#""\#(name)""#) && $0.contains(note) }, "\(warnings)")
        #expect(listed.components(separatedBy: "\"note\":\"\(note)\"").count == 2, "\(listed)")
    }
}
