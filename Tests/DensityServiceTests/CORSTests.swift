import Foundation
import RawHTTP
import Testing

@testable import DensityService

private func service(_ origins: String...) throws -> TestService {
    try TestService([randomModel("m")]) { $0.corsOrigins = origins }
}

@Test func aBrowserIsToldWhatItMaySend() throws {
    let service = try service("https://app.example", "http://localhost:3000")
    for origin in ["https://app.example", "http://localhost:3000"] {
        let answer = try service.client()(
            "OPTIONS", "/models/m/score",
            headers: [
                "Origin: \(origin)", "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type,x-api-key",
            ])
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(answer.header("Access-Control-Allow-Origin") == origin)
        #expect(answer.header("Vary") == "Origin")
        #expect(answer.header("Access-Control-Allow-Methods") == "POST, OPTIONS")
        let fields = try #require(answer.header("Access-Control-Allow-Headers"))
        for field in ["Authorization", "Content-Type", "X-API-Key", "X-Request-ID", "X-Timeout-Ms"] {
            #expect(fields.contains(field))
        }
        #expect(answer.header("Access-Control-Max-Age") == "600")
    }
}

@Test func onlyPagesOfTheListMayReadAnswersAndErrorsToo() throws {
    let service = try service("https://app.example")
    let requests: [(String, String, String?, Int)] = [
        ("GET", "/models", nil, 200), ("GET", "/nowhere", nil, 404), ("PUT", "/score", "{}", 405),
        ("POST", "/score", "{", 400), ("OPTIONS", "/score", nil, 204), ("OPTIONS", "/nowhere", nil, 404),
    ]
    for (method, path, body, status) in requests {
        let ask = { (headers: [String]) in try service.client()(method, path, headers: headers, body: body) }
        let known = try ask(["Origin: https://app.example"])
        #expect(known.status == status, "\(method) \(path)")
        #expect(known.header("Access-Control-Allow-Origin") == "https://app.example")
        #expect(known.header("Access-Control-Expose-Headers")?.contains("Retry-After") == true)
        #expect(known.header("Vary") == "Origin")
        for headers in [["Origin: https://app.example.evil"], ["Origin: http://app.example"], ["Origin: null"], []] {
            let other = try ask(headers)
            #expect(other.status == status && other.header("Vary") == "Origin")
            #expect(other.header("Access-Control-Allow-Origin") == nil, "\(headers)")
        }
    }
}

@Test func aStarIsForEveryPage() throws {
    let answer = try service("*").get("/models", headers: ["Origin: https://anywhere.example"])
    #expect(answer.header("Access-Control-Allow-Origin") == "*" && answer.header("Vary") == nil)
}

@Test func byDefaultNoPageIsToldAnything() throws {
    let service = try service()
    let answer = try service.get("/models", headers: ["Origin: https://app.example"])
    #expect(answer.status == 200 && answer.header("Access-Control-Allow-Origin") == nil && answer.header("Vary") == nil)
    #expect(try service.client()("OPTIONS", "/models").status == 405)
}

@Test func aPreflightNeedsNoKey() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
    try "a score \(String(repeating: "0", count: 64))".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let service = try TestService([randomModel("m")]) { options in
        options.apiKeysFile = path
        options.corsOrigins = ["https://app.example"]
    }
    let origin = ["Origin: https://app.example"]
    #expect(try service.client()("OPTIONS", "/score", headers: origin).status == 204)
    let refused = try service.get("/models", headers: origin)
    #expect(refused.status == 401 && refused.header("Access-Control-Allow-Origin") == "https://app.example")
}

@Test func originsAreWhatBrowsersSend() {
    for text in ["https://a.example", "http://localhost:3000", "http://[::1]:80", "chrome-extension://abcdef"] {
        #expect(Origins.isOrigin(text), "\(text)")
    }
    for text in ["", "a.example", "https://", "https://a.example/", "https://A.example", "://a", "https://a b", "null"]
    {
        #expect(!Origins.isOrigin(text), "\(text)")
    }
}
