import Foundation
import Glibc
import Microhttpd
import RawHTTP
import Testing

@testable import DensityService

/// A file of keys: alices-key may score, operators-key load and unload, prometheus-key read metrics.
private final class Keys {
    static let text = """
        alice      score    78cb25670068db732b666acc160a6fc90b66ba60ec2e2a2b6119771c89d81957
        operator   admin    efbefc3cb71091b4504c341e37fe4e036397126ebc37ff35d3bea9cd056abf66
        prometheus metrics  99c935fadbb07b2c7ef58b1cf7ae678ae138bf726bb8953691770a31efb8a2f3
        """
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path

    init() throws { try write(Self.text) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
}

private func keyed(
    _ keys: Keys, sink: LogSink? = nil, options change: (inout ServiceOptions) -> Void = { _ in }
) throws -> TestService {
    try TestService([randomModel("m", calibrated: true)], sink: sink) { options in
        options.apiKeysFile = keys.path
        change(&options)
    }
}

private func key(_ name: String) -> [String] { ["X-API-Key: \(name)-key"] }

/// A request that each route takes.
private func request(_ path: String, _ method: String) -> String? {
    method == "POST" ? (path.contains("/v2/") ? "{\"inputs\":[]}" : "{\"rows\":[]}") : nil
}

@Test func everyRouteAsksForItsScopeAndNoOther() throws {
    let keys = try Keys()
    let service = try keyed(keys)
    for route in RouteTable.standard.routes {
        for path in route.paths.map({ $0.replacing("{model}", with: "m").replacing("{version}", with: "1") }) {
            for method in route.methods.map(\.rawValue) where path != "/v2/repository/models/m/unload" {
                let ask = { (headers: [String]) in
                    try service.client()(method, path, headers: headers, body: request(path, method))
                }
                let bare = try ask([])
                guard case .key(let scope) = route.requirement else {
                    #expect(bare.status == 200, "\(path)")
                    continue
                }
                #expect(bare.status == 401 && bare.header("WWW-Authenticate") == "Bearer realm=\"made\"", "\(path)")
                for (name, its) in [("alices", Scope.score), ("operators", .admin), ("prometheus", .metrics)] {
                    let answer = try ask(key(name))
                    #expect((answer.status == 403) == (its != scope), "\(method) \(path) \(name): \(answer.status)")
                    guard its != scope, method != "HEAD" else { continue }
                    #expect(answer.text.contains("the scope '\(scope.rawValue)'"), "\(answer.text)")
                    #expect(
                        answer.header("WWW-Authenticate")
                            == "Bearer realm=\"made\", error=\"insufficient_scope\", scope=\"\(scope.rawValue)\"")
                }
            }
        }
    }
}

@Test func aKeyIsTakenFromEitherHeader() throws {
    let keys = try Keys()
    let service = try keyed(keys)
    let right = [
        "Authorization: Bearer alices-key", "authorization: bearer alices-key", "AUTHORIZATION: BEARER  alices-key",
        "X-API-Key: alices-key", "x-api-key:alices-key",
    ]
    for header in right { #expect(try service.get("/models", headers: [header]).status == 200, "\(header)") }
    let wrong = [
        "Authorization: Bearer alices-keys", "Authorization: Basic alices-key", "Authorization: alices-key",
        "Authorization: Bearer", "Authorization: Bearer ", "Authorization: Beareralices-key", "X-API-Key:",
        "X-API-Key: Bearer alices-key", "X-API-Keys: alices-key", "Cookie: X-API-Key: alices-key",
        "X-API-Key: 78cb25670068db732b666acc160a6fc90b66ba60ec2e2a2b6119771c89d81957",
    ]
    for header in wrong {
        let answer = try service.get("/models", headers: [header])
        #expect(answer.status == 401 && answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true, "\(header)")
    }
    // A proxy's own Authorization is no obstacle.
    #expect(try service.get("/models", headers: ["Authorization: Bearer jwt"] + key("alices")).status == 200)
    #expect(try service.get("/models?key=alices-key").status == 401)
    let unknown = try service.get("/models", headers: key("bobs"))
    #expect(unknown.header("WWW-Authenticate") == "Bearer realm=\"made\", error=\"invalid_token\"")
    let problem: ProblemReply = try unknown.decode()
    #expect(problem.status == 401 && problem.title == "Unauthorized" && !unknown.text.contains("bobs-key"))
    #expect(problem.requestId == unknown.header("X-Request-ID"))
    #expect(try service.get("/v2/models/m").text == #"{"error":"\#(problem0)"}"#)
}

private let problem0 = "this needs a key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"

@Test func withoutAKeyNoBodyIsRead() throws {
    let keys = try Keys()
    let service = try keyed(keys)
    for type in ["application/json", "text/csv", "application/x-ndjson"] {
        let client = try service.client()
        client.send("POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: 50000000\r\n\r\n")
        #expect(try client.reply().status == 401, "\(type)")
    }
}

@Test func whatWatchesTheServiceNeedsNoKeyAndIsNeverToldToWait() throws {
    let keys = try Keys()
    let service = try keyed(keys) { options in
        options.addressRateMax = 0.001
        options.addressBurstMax = 1
    }
    for _ in 0..<3 {
        for path in ["/livez", "/readyz", "/health", "/ping", "/v2/health/live", "/v2/health/ready"] {
            #expect(try service.get(path).status == 200, "\(path)")
        }
    }
}

@Test func keysAreReadAgainAndABadFileChangesNothing() throws {
    let keys = try Keys()
    let log = Pipe()
    let sink = LogSink(descriptor: log.fileHandleForWriting.fileDescriptor)
    let service = try keyed(keys, sink: sink)
    let client = try service.client()
    #expect(try client("GET", "/models", headers: key("alices")).status == 200)
    try keys.write("alice score no-digest")
    service.service.core.reloadAccess()
    #expect(try client("GET", "/models", headers: key("alices")).status == 200)
    try FileManager.default.removeItem(atPath: keys.path)
    service.service.core.reloadAccess()
    #expect(try client("GET", "/models", headers: key("alices")).status == 200)
    try keys.write("bob score 479a61d5370a0351ad498a8f324e0f9ad50bfafbe4c044ea49cbe3981e8cb573")
    service.service.core.reloadAccess()
    #expect(try client("GET", "/models", headers: key("alices")).status == 401)
    #expect(try client("GET", "/models", headers: key("new")).status == 200)
    service.stop()
    try log.fileHandleForWriting.close()
    let lines = String(decoding: try #require(try log.fileHandleForReading.readToEnd()), as: UTF8.self)
        .split(separator: "\n").filter { $0.contains("API keys") }
    try #require(lines.count == 3)
    #expect(lines[0].contains("not reloaded, the old ones stay") && lines[0].contains("\(keys.path):1: a SHA-256 is"))
    #expect(lines[1].contains("No such file") && lines[2].contains("API keys reloaded"))
}

@Test func aFileThatCannotBeUsedStopsTheStart() throws {
    let keys = try Keys()
    try keys.write("alice score")
    let error = #expect(throws: ServiceError.self) { try keyed(keys) }
    #expect(error?.description.hasPrefix("\(keys.path):1: 2 fields") == true)
}

@Test func theLogNamesTheKeyAndHoldsNone() throws {
    let keys = try Keys()
    let log = Pipe()
    let sink = LogSink(descriptor: log.fileHandleForWriting.fileDescriptor)
    let service = try keyed(keys, sink: sink)
    let client = try service.client()
    _ = try client("GET", "/models", headers: key("alices") + ["X-Request-ID: a1"])
    _ = try client("GET", "/metrics", headers: key("alices") + ["X-Request-ID: a2"])
    _ = try client("GET", "/models", headers: key("bobs") + ["X-Request-ID: a3"])
    _ = try client.post("/score", body([[0, 0, 0, 0, 0, 0]]), headers: key("alices") + ["X-Request-ID: a4"])
    service.stop()
    try log.fileHandleForWriting.close()
    let text = String(decoding: try #require(try log.fileHandleForReading.readToEnd()), as: UTF8.self)
    let line = { (id: String) in text.split(separator: "\n").first { $0.contains("id=\(id) ") } ?? "" }
    #expect(line("a1").contains(" route=/models client=alice status=200 "))
    #expect(line("a2").contains(" route=/metrics client=alice status=403 "))
    #expect(line("a3").contains(" route=/models status=401 "))
    #expect(line("a4").contains(" route=/score client=alice ") && line("a4").contains(" status=200 "))
    #expect(!text.contains("-key") && !text.contains("78cb25"))
}

@Test func overItsRateAKeyWaitsAndAnotherDoesNot() throws {
    let keys = try Keys()
    try keys.write(Keys.text.replacing("operator   admin", with: "operator   score"))
    let service = try keyed(keys) { options in
        options.keyRateMax = 0.01
        options.keyBurstMax = 2
    }
    let ask = { (name: String) in try service.get("/models", headers: key(name)) }
    #expect(try ask("alices").status == 200 && ask("alices").status == 200)
    let refused = try ask("alices")
    #expect(refused.status == 429)
    #expect(["99", "100"].contains(refused.header("Retry-After")))
    let problem: ProblemReply = try refused.decode()
    #expect(
        problem.detail
            == "over the limit of 0.01 requests a second, 2 at once, of the key 'alice' (key-rate-max)")
    #expect(try ask("operators").status == 200)
    // The count outlives a new file of keys.
    service.service.core.reloadAccess()
    #expect(try ask("alices").status == 429)
    let metrics = try service.get("/metrics", headers: key("prometheus")).text
    #expect(metrics.contains("made_rejected_total{reason=\"key_rate\"} 2\n"))
    #expect(metrics.contains("made_http_requests_total{route=\"/models\",status=\"429\"} 2\n"))
}

@Test func overItsRateAnAddressWaitsOnAllItsConnections() throws {
    let service = try TestService([randomModel("m")]) { options in
        options.addressRateMax = 0.5
        options.addressBurstMax = 3
    }
    for _ in 0..<3 { #expect(try service.post("/score", body([[0, 0, 0, 0, 0, 0]])).status == 200) }
    for path in ["/models", "/", "/nowhere", "/openapi.json", "/metrics"] {
        let refused = try service.get(path)
        #expect(refused.status == 429 && ["1", "2"].contains(refused.header("Retry-After")), "\(path)")
    }
    let bulk = try service.client()
    bulk.send("POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nContent-Length: 50000000\r\n\r\n")
    #expect(try bulk.reply().status == 429)
}

@Test func wrongKeysAreCountedByReason() throws {
    let keys = try Keys()
    let service = try keyed(keys)
    _ = try service.get("/models")
    for _ in 0..<2 { _ = try service.get("/models", headers: key("bobs")) }
    for _ in 0..<3 { _ = try service.get("/models", headers: key("operators")) }
    let metrics = try service.get("/metrics", headers: key("prometheus")).text
    for (reason, count) in [("no_key", 1), ("wrong_key", 2), ("scope", 3), ("key_rate", 0), ("not_local", 0)] {
        #expect(metrics.contains("made_rejected_total{reason=\"\(reason)\"} \(count)\n"), "\(reason)")
    }
}

/// An address of this machine that is not the loopback's; nil where it has none.
private let ownAddress: String? = {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return nil }
    defer { freeifaddrs(first) }
    for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
        guard let address = entry?.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { continue }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if !name.hasPrefix("127.") { return name }
    }
    return nil
}()

/// In the routes' order: the last one unloads the model.
private let changes = RouteTable.standard.routes.filter { $0.requirement == .key(.admin) }.flatMap(\.paths)
    .map { $0.replacing("{model}", with: "m").replacing("{version}", with: "1") }

@Test(.enabled(if: ownAddress != nil, "this machine has no address but the loopback's"))
func withoutKeysModelsAreChangedFromThisMachineOnly() throws {
    let service = try TestService([randomModel("m")]) { $0.host = "0.0.0.0" }
    for path in changes {
        let far = try TestClient(host: #require(ownAddress), port: service.service.port)
        let answer = try far.post(path, "{}")
        #expect(answer.status == 403 && answer.text.contains("api-keys-file"), "\(path): \(answer.text)")
        #expect(try far("GET", "/models/m").status == 200)
    }
    for path in changes { #expect(try service.post(path, "{}").status == 200, "\(path)") }
}

@Test func withoutKeysNeitherAProxyNorAForeignPageChangesModels() throws {
    let service = try TestService([randomModel("m")])
    for header in [
        "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1", "Via: 1.1 proxy",
        "Origin: https://evil.example", "Origin: null", "Origin: http://localhost.evil.example",
        "Origin: http://127.0.0.1.evil.example:8080",
    ] {
        for path in changes {
            let answer = try service.post(path, "{}", headers: [header])
            #expect(answer.status == 403, "\(header), \(path): \(answer.text)")
        }
    }
    for header in ["Origin: http://localhost:8080", "Origin: http://127.0.0.1", "Origin: http://[::1]:8080"] {
        #expect(try service.post(changes[0], "{}", headers: [header]).status == 200, "\(header)")
    }
    let metrics = try service.get("/metrics").text
    #expect(metrics.contains("made_rejected_total{reason=\"not_local\"} \(8 * changes.count)\n"))
    #expect(changes.count >= 3)
}

@Test func withKeysAProxyMayPassOnAnOperator() throws {
    let keys = try Keys()
    let service = try keyed(keys)
    let forwarded = ["X-Forwarded-For: 192.0.2.1"]
    #expect(try service.post(changes[0], "{}", headers: forwarded + key("operators")).status == 200)
    #expect(try service.post(changes[0], "{}").status == 401)
}

@Test func theDocumentSaysWhichScopeEachRouteNeeds() throws {
    for keys in [try Keys(), nil] {
        let service = try TestService([randomModel("m")]) { $0.apiKeysFile = keys?.path }
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(service.get("/openapi.json").body)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for route in RouteTable.standard.routes {
            for path in route.paths {
                for method in route.methods {
                    let operation = try #require(paths[path]?[method.rawValue.lowercased()] as? [String: Any])
                    let security = try #require(operation["security"] as? [[String: [String]]])
                    let statuses = Set(try #require(operation["responses"] as? [String: Any]).keys)
                    guard case .key(let scope) = route.requirement else {
                        #expect(security.isEmpty && !statuses.contains("401"), "\(path)")
                        #expect(statuses.contains("429") == (route.requirement == .moderation), "\(path)")
                        continue
                    }
                    let schemes = [["bearer": [scope.rawValue]], ["api_key": [scope.rawValue]]]
                    #expect(security == (keys == nil ? [[:]] : []) + schemes, "\(path)")
                    #expect(statuses.isSuperset(of: ["401", "403", "429"]), "\(path)")
                }
            }
        }
    }
}
