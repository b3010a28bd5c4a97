import Foundation
import Logging
import MADE
import MADERows
import RawHTTP
import Testing

@testable import DensityService

@Test func numbersReadBackAsTheyWere() throws {
    var generator = PhiloxGenerator(seed: 21)
    var json = JSONWriter()
    json.beginArray()
    var values = [0, -0.0, 1, 0.1, 1e300, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 123_456_789]
    for _ in 0..<2000 {
        let value = Double(bitPattern: generator.next())
        if value.isFinite { values.append(value) }
    }
    for value in values { json.number(value) }
    json.endArray()
    #expect(
        try JSONDecoder().decode([Double].self, from: Data(json.bytes)).map(\.bitPattern) == values.map(\.bitPattern))
}

@Test func whatIsNoNumberInJSONIsNull() {
    var json = JSONWriter()
    json.beginArray()
    json.number(Double.nan)
    json.number(-Double.infinity)
    json.number(Float.infinity)
    json.endArray()
    #expect(String(decoding: json.bytes, as: UTF8.self) == "[null,null,null]")
}

@Test func stringsReadBackAsTheyWere() throws {
    let texts = ["", "plain", "\"\\/", "\u{0}\u{1}\u{1f}\n\r\t", "é€𝄞", String(repeating: "\"", count: 100)]
    var json = JSONWriter()
    json.beginObject()
    for (index, text) in texts.enumerated() { json.member("\(index)\"", text) }
    json.endObject()
    let read = try JSONDecoder().decode([String: String].self, from: Data(json.bytes))
    #expect(texts.indices.map { read["\($0)\""] } == texts)
}

@Test func theNearestNameIsSuggested() {
    #expect(nearest(to: "explian", among: ["rows", "explain"]) == "explain")
    #expect(nearest(to: "Carat", among: ["cut", "carat"]) == "carat")
    #expect(nearest(to: "xyz", among: ["rows", "explain"]) == nil)
    #expect(nearest(to: "", among: []) == nil)
}

@Test func theMediaTypeIsTheClientsChoice() {
    let offers: [MediaType] = [.json, .csv]
    let cases: [(String?, MediaType?)] = [
        (nil, .json), ("*/*", .json), ("text/csv", .csv), ("text/*", .csv), ("application/json, text/csv", .json),
        ("application/json;q=0.1, text/csv;q=0.2", .csv), ("text/csv;q=0, */*", .json), ("image/png", nil),
        ("application/json;q=0, */*;q=0", nil), ("*/*;q=0.1, TEXT/CSV ; q=0.9", .csv), ("text/json", .json),
    ]
    for (accept, expected) in cases {
        #expect(MediaType.preferred(offers, accept: accept) == expected, "\(accept ?? "nil")")
    }
}

@Test func histogramsCountUpToTheirBounds() {
    let histogram = Histogram(bounds: [1, 10, 100])
    for value in [0, 1, 2, 10, 11, 100, 101] { histogram.record(value) }
    #expect(histogram.cumulativeCounts == [2, 4, 6, 7])
    #expect(histogram.sum == 225)
}

@Test func timeNeverRunsBackwards() {
    #expect(nanoseconds(from: 3, to: 5) == 2)
    #expect(nanoseconds(from: 5, to: 3) == 0)
}

@Test func aDearBatchMovesTheEstimateLittle() {
    let cost = CostEstimate(nanosecondsPerUnit: 1000)
    cost.record(units: 1, nanoseconds: 100_0000_000)
    #expect((1000...1400).contains(cost.nanoseconds(units: 1)))
    for _ in 0..<100 { cost.record(units: 10, nanoseconds: 50_000) }
    #expect((4900...5100).contains(cost.nanoseconds(units: 1)))
}

@Test func whatCannotServeIsSaidInOneLine() throws {
    func reason(_ models: [String], _ change: (inout ServiceOptions) -> Void = { _ in }) -> String {
        var options = ServiceOptions()
        options.port = 0
        change(&options)
        do {
            _ = try Service(models: models, options: options)
            return ""
        } catch {
            return error.description
        }
    }
    let service = try TestService([randomModel("m")])
    let file = service.path(of: "m")
    #expect(reason(["/no/such/file"]) == "/no/such/file: cannot be read: No such file or directory")
    #expect(reason([file, file]).hasPrefix("two models are called 'm'"))
    #expect(reason([file]) { $0.defaultModel = "n" }.hasPrefix("no model is called 'n'"))
    #expect(reason([file]) { $0.port = service.service.port }.contains("in use by another process"))
    let nonsense = FileManager.default.temporaryDirectory.appendingPathComponent(
        "made-\(UUID().uuidString).safetensors")
    try Data("nonsense".utf8).write(to: nonsense)
    defer { try? FileManager.default.removeItem(at: nonsense) }
    #expect(reason([nonsense.path]).hasPrefix(nonsense.path))
    #expect(!reason([nonsense.path]).contains("\n"))
}
