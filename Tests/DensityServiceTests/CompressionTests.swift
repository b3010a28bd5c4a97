import Codecs
import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

extension Codec {
    /// One member or frame.
    func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        let compressor = try #require(makeCompressor())
        bytes.withUnsafeBytes { compressor.compress($0, isLast: true, to: &output) }
        return output
    }

    func compressed(_ text: String) throws -> [UInt8] { try compressed(Array(text.utf8)) }

    func expanded(_ bytes: [UInt8]) throws -> [UInt8] {
        let decompressor = try #require(makeDecompressor())
        var output: [UInt8] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty || decompressor.mayHoldOutput {
                var piece = [UInt8](repeating: 0, count: 4096)
                var count = 0
                try piece.withUnsafeMutableBytes { try decompressor.decompress(&rest, into: $0, count: &count) }
                output += piece[..<count]
            }
        }
        #expect(decompressor.isComplete)
        return output
    }
}

extension TestService {
    fileprivate func post(
        _ path: String, _ codec: String, _ body: [UInt8], _ headers: [String] = ["Content-Type: application/json"]
    ) throws -> Response {
        let client = try client()
        try client.send("POST", path, headers: headers + ["Content-Encoding: \(codec)"], body: body)
        return try client.receive()
    }
}

private func lines(_ rows: [[Int]]) -> String { rows.map { "\($0)\n" }.joined() }

@Test(arguments: Codec.allCases)
func compressedBodiesAreAnsweredAsTheyWereBefore(codec: Codec) throws {
    let service = try TestService([randomModel("m", variables: 5, calibrated: true)])
    let rows = randomRows(3000, variables: 5, seed: 1)
    let table = "v0,v1,v2,v3,v4\n" + rows.map { $0.map(String.init).joined(separator: ",") + "\n" }.joined()
    let cases = [
        ("/score", "application/json", body(rows)), ("/score", "application/x-ndjson", lines(rows)),
        ("/score", "text/csv", table), ("/invocations", "application/json", body(rows)),
        ("/conditionals", "application/json", body(Array(rows.prefix(9)))),
        ("/sample", "application/json", #"{"n":3,"seed":7,"given":{"v0":1}}"#),
        ("/v1/models/m:predict", "application/json", "{\"instances\":\(rows)}"),
        (
            "/v2/models/m/infer", "application/json",
            "{\"inputs\":[{\"name\":\"rows\",\"datatype\":\"FP32\",\"shape\":[3000,5],\"data\":\(rows)}]}"
        ),
        ("/v2/repository/index", "application/json", #"{"ready":true}"#),
        ("/models/m/reload", "application/json", "{}"),
    ]
    for (path, type, text) in cases {
        let plain = try service.client()("POST", path, headers: ["Content-Type: \(type)"], body: text)
        let coded = try service.post(path, codec.rawValue, codec.compressed(text), ["Content-Type: \(type)"])
        #expect(plain.status == 200 && coded.status == 200, "\(path): \(coded.text.prefix(200))")
        #expect(plain.body == coded.body, "\(path) \(type)")
    }
}

@Test func rawTensorsMayBeCompressedToo() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let head = #"{"inputs":[{"name":"rows","datatype":"FP32","shape":[2,3],"parameters":{"binary_data_size":24}}]}"#
    let values = [0, 1, 0, 1, 1, 1].flatMap { withUnsafeBytes(of: Float($0), Array.init) }
    let headers = ["Inference-Header-Content-Length: \(head.utf8.count)", "Content-Type: application/octet-stream"]
    let answer = try service.post(
        "/v2/models/m/infer", "gzip", Codec.gzip.compressed(Array(head.utf8) + values), headers)
    #expect(answer.status == 200 && answer.text.contains("log_likelihood"), "\(answer.text)")
}

@Test func oldNamesAndTheIdentityAreTaken() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let text = body([[0, 1, 0]])
    #expect(try service.post("/score", "X-GZip", Codec.gzip.compressed(text)).status == 200)
    #expect(try service.post("/score", "Identity", Array(text.utf8)).status == 200)
    #expect(try service.post("/models/m/reload", "gzip", []).status == 200)
    #expect(try service.post("/score", "gzip", [], ["Content-Type: application/x-ndjson"]).status == 200)
}

@Test func anUnknownCodingIsToldWhichAreRead() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    for type in ["application/json", "text/csv"] {
        let answer = try service.post("/score", "br", [1, 2, 3], ["Content-Type: \(type)"])
        #expect(answer.status == 415 && answer.header("Accept-Encoding") == "gzip, zstd", "\(answer.head)")
    }
    // Another 415 says nothing of codings.
    let other = try service.client()("POST", "/score", headers: ["Content-Type: image/png"], body: "x")
    #expect(other.status == 415 && other.header("Accept-Encoding") == nil)
}

@Test(arguments: Codec.allCases)
func severalMembersAreOneBodyAndWhatIsNoneIsRefused(codec: Codec) throws {
    let service = try TestService([randomModel("m", variables: 3)])
    for type in ["application/json", "application/x-ndjson"] {
        let isJSON = type == "application/json"
        let (first, second) = isJSON ? ("{\"rows\":", "[[0,1,0]]}") : ("[0,1,0]\n[1,", "1,1]\n")
        let whole = try codec.compressed(first) + codec.compressed(second)
        let headers = ["Content-Type: \(type)"]
        let answer = try service.post("/score", codec.rawValue, whole, headers)
        #expect(answer.status == 200, "\(answer.text)")
        let expected = isJSON ? body([[0, 1, 0]]) : first + second
        #expect(try answer.body == service.client()("POST", "/score", headers: headers, body: expected).body)
        let cut = try service.post("/score", codec.rawValue, Array(whole.dropLast()), headers)
        #expect(cut.status == 400 && cut.text.contains("end early, after \(whole.count - 1) bytes"), "\(cut.text)")
        let more = try service.post("/score", codec.rawValue, whole + Array("garbage".utf8), headers)
        #expect(more.status == 400 && more.text.contains("corrupt at byte"), "\(more.text)")
    }
}

/// What a body of so many equal bytes is refused for.
private func refusal(of service: TestService, _ codec: Codec, _ count: Int, _ type: String) throws -> Response {
    let bomb = try codec.compressed([UInt8](repeating: UInt8(ascii: "\n"), count: count))
    return try service.post("/score", codec.rawValue, bomb, ["Content-Type: \(type)"])
}

@Test(arguments: Codec.allCases)
func bodiesThatExpandBeyondAllMeasureAreRefused(codec: Codec) throws {
    let service = try TestService([randomModel("m", variables: 3)]) {
        $0.bodyBytesMax = 3 << 20
        $0.bulkBytesMax = 3 << 20
    }
    let rows = try codec.compressed(lines(randomRows(330_000, variables: 3, seed: 4)))
    for (type, setting) in [("application/json", "body-bytes-max"), ("application/x-ndjson", "bulk-bytes-max")] {
        // A megabyte of nothing is no bomb.
        #expect(try refusal(of: service, codec, 1 << 20, type).status == (type == "application/json" ? 400 : 200))
        let bomb = try refusal(of: service, codec, 2 << 20, type)
        #expect(bomb.status == 413 && bomb.text.contains("more than 200 times"), "\(bomb.text)")
        // Rows that compress less are held against the limit of all bodies.
        let large = try service.post("/score", codec.rawValue, rows, ["Content-Type: \(type)"])
        #expect(large.status == 413 && large.text.contains("\(3 << 20) bytes (\(setting))"), "\(large.text)")
    }
}

/// Two layers of compression are refused by their name, and the inner one counts as the body where only one is named.
@Test func aBombInABombIsOneLayer() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let inner = try Codec.gzip.compressed([UInt8](repeating: 0, count: 64 << 20))
    let outer = try Codec.gzip.compressed(inner)
    let answer = try service.post("/score", "gzip", outer)
    #expect(answer.status == 400 && answer.text.contains("the body is not"), "\(answer.text)")
    #expect(try service.post("/score", "gzip, gzip", outer).status == 415)
}

@Test func aBulkBodyInManyPiecesIsExpandedAsItComes() throws {
    let service = try TestService([randomModel("m", variables: 4)])
    let text = lines(randomRows(60_000, variables: 4, seed: 8))
    let headers = ["Content-Type: application/x-ndjson"]
    let plain = try service.client()("POST", "/score", headers: headers, body: text)
    for codec in Codec.allCases {
        #expect(try service.post("/score", codec.rawValue, codec.compressed(text), headers).body == plain.body)
        // One byte of the data a time, then all of the rest.
        let coded = try codec.compressed(text)
        let client = try service.client()
        client.send(
            "POST /score HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(codec)\r\nContent-Type: application/x-ndjson\r\n"
                + "Content-Length: \(coded.count)\r\n\r\n")
        for byte in coded.prefix(20) { client.send([byte]) }
        client.send(coded.dropFirst(20))
        #expect(try client.receive().body == plain.body)
    }
}

@Test func answersAreCompressedWhereTheClientAsks() throws {
    let service = try TestService([randomModel("m", variables: 4)])
    let rows = randomRows(500, variables: 4, seed: 2)
    let requests = [
        ("POST", "/score", "application/json", body(rows)), ("POST", "/score", "application/x-ndjson", lines(rows)),
        ("GET", "/sample?n=500&seed=3", "text/csv", nil), ("GET", "/openapi.json", "", nil), ("GET", "/", "", nil),
        ("GET", "/docs", "", nil),
        (
            "POST", "/v2/models/m/infer", "application/json",
            "{\"inputs\":[{\"name\":\"rows\",\"datatype\":\"FP32\",\"shape\":[500,4],\"data\":\(rows)}]}"
        ),
    ]
    for (method, path, type, text) in requests {
        let ask = { (accepted: String?) in
            let accept = accepted.map { ["Accept-Encoding: \($0)"] } ?? []
            return try service.client()(method, path, headers: ["Content-Type: \(type)"] + accept, body: text)
        }
        let plain = try ask(nil)
        #expect(plain.status == 200 && plain.header("Content-Encoding") == nil)
        #expect(plain.header("Vary") == "Accept-Encoding", "\(path)")
        for codec in Codec.allCases {
            let coded = try ask(codec.rawValue)
            #expect(coded.header("Content-Encoding") == codec.rawValue && coded.header("Vary") == "Accept-Encoding")
            #expect(coded.body.count < plain.body.count && coded.header("Content-Type") == plain.header("Content-Type"))
            #expect(try codec.expanded(coded.body) == plain.body, "\(path) \(codec)")
        }
        #expect(try ask("identity").header("Content-Encoding") == nil)
    }
    // Small ones are not worth it.
    let small = try service.get("/livez", headers: ["Accept-Encoding: gzip"])
    #expect(small.header("Content-Encoding") == nil && small.header("Vary") == nil)
    let head = try service.client()("HEAD", "/openapi.json", headers: ["Accept-Encoding: gzip"])
    let get = try service.get("/openapi.json", headers: ["Accept-Encoding: gzip"])
    #expect(head.header("Content-Length") == get.header("Content-Length"))
    #expect(head.header("Content-Encoding") == "gzip")
}

@Test func theClientsWeightsDecideHowAnswersAreCompressed() {
    let cases: [(String?, Codec?)] = [
        (nil, nil), ("", nil), ("gzip", .gzip), ("GZIP", .gzip), ("x-gzip", .gzip), ("zstd", .zstd),
        ("gzip, deflate, br, zstd", .zstd), ("gzip, zstd;q=0.9", .gzip), ("gzip;q=0", nil), ("gzip;q=0, *", .zstd),
        ("*", .zstd), ("*;q=0", nil), ("zstd;q=0, *;q=0.1", .gzip), ("identity", nil), ("identity, gzip;q=0.5", nil),
        ("identity;q=0.5, gzip", .gzip), ("identity;q=0, gzip;q=0.1", .gzip), ("br, deflate", nil),
        ("gzip ; q=0.2 , zstd ; q=0.3", .zstd), ("gzip;q=nonsense", nil),
    ]
    for (field, expected) in cases { #expect(ContentCoding.accepted(by: field) == expected, "\(field ?? "nil")") }
}

@Test func curlsOwnCompressionWorks() throws {
    let service = try TestService([randomModel("m", variables: 4)])
    let rows = randomRows(500, variables: 4, seed: 2)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString).gz")
    try Data(Codec.gzip.compressed(body(rows))).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    curl.arguments = [
        "curl", "-s", "--compressed", "--data-binary", "@\(file.path)", "-H", "Content-Encoding: gzip", "-H",
        "Content-Type: application/json", "\(service.service.url)/score",
    ]
    let output = Pipe()
    curl.standardOutput = output
    try curl.run()
    let answer = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    curl.waitUntilExit()
    #expect(curl.terminationStatus == 0 || curl.terminationStatus == 127)
    if curl.terminationStatus == 0 { #expect(try answer == service.post("/score", body(rows)).body) }
}
