import Foundation
import Testing

@testable import DensityService

private func lines(host: String, keys: String? = nil) throws -> [String] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appendingPathComponent("log").path
    let descriptor = open(log, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    let file = folder.appendingPathComponent("keys").path
    if let keys { try keys.write(toFile: file, atomically: true, encoding: .utf8) }
    let sink = LogSink(descriptor: descriptor)
    let service = try TestService([randomModel("m", variables: 3)], sink: sink) {
        $0.host = host
        if keys != nil { $0.apiKeysFile = file }
    }
    service.stop()
    return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
}

@Test func whoLetsEverybodyInIsWarned() throws {
    let key = try NewKey(name: "a", scopes: "score").line
    for (host, keys, isWarned) in [
        ("0.0.0.0", nil, true), ("0", nil, true), ("127.0.0.1", nil, false), ("0.0.0.0", key, false),
    ] {
        let warnings = try lines(host: host, keys: keys).filter { $0.contains(" warning ") }
        #expect(warnings.count == (isWarned ? 1 : 0), "\(host): \(warnings)")
        if isWarned { #expect(warnings[0].contains("there are no API keys host=\(host) setting=api-keys-file")) }
    }
}

@Test func whatKubernetesSetsForAServiceIsPassedOverAndSaid() throws {
    let injected = [
        "MADE_PORT": "tcp://10.0.0.1:8080", "MADE_SERVICE_HOST": "10.0.0.1", "MADE_SERVICE_PORT": "8080",
        "MADE_SERVICE_PORT_HTTP": "8080", "MADE_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "MADE_PORT_8080_TCP_PROTO": "tcp", "MADE_PORT_8080_TCP_PORT": "8080", "MADE_PORT_8080_TCP_ADDR": "10.0.0.1",
        "MADE_CANARY_PORT": "udp://[fd00::1]:8080", "MADE_CANARY_SERVICE_HOST": "10.0.0.2",
        "MADE_CANARY_PORT_53_UDP_ADDR": "10.0.0.2",
    ]
    let configuration = try Configuration(
        flags: [:], environment: injected.merging(["MADE_ALPHA": "0.5"]) { first, _ in first }, file: nil)
    #expect(configuration.ignoredVariables == injected.keys.sorted())
    #expect(configuration.options.port == 8080 && configuration.options.alpha == 0.5)
    let remark = "ignored, as Kubernetes sets them for a Service: \(injected.keys.sorted().joined(separator: ", "))"
    #expect(configuration.remark == remark && configuration.document.hasSuffix("\n# \(remark)\n"))
    _ = try ConfigurationFile(text: configuration.document, path: "printed")
    #expect(try Configuration(flags: [:], environment: ["MADE_PORT": "9"], file: nil).options.port == 9)
    for (name, value) in [
        ("MADE_PORT", "http://a"), ("MADE_SERVICES_HOST", "a"), ("MADE_PORT_80", "1"), ("MADE_PORTS", "tcp://a:1"),
    ] {
        #expect(throws: ServiceError.self, "\(name)") {
            try Configuration(flags: [:], environment: [name: value], file: nil)
        }
    }
}

@Test func aContainersModelsAreServedWhereTheyAreMounted() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let make = { (folder: String) in
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent(folder), withIntermediateDirectories: true)
    }
    try make("opt")
    #expect(try DefaultModels.paths(root: root.path) == [BundledModels.directory()])
    // As packages install it.
    try make("usr/bin")
    #expect(BundledModels.directory(above: root.path + "/usr/bin/made") == nil)
    try make("usr/share/made/models")
    #expect(BundledModels.directory(above: root.path + "/usr/bin/made") == root.path + "/usr/share/made/models")
    try make("usr/bin/config/models")
    #expect(BundledModels.directory(above: root.path + "/usr/bin/made") == root.path + "/usr/bin/config/models")
    try make("mnt/models")
    #expect(try DefaultModels.paths(root: root.path) == [root.path + "/mnt/models"])
    try make("opt/ml/model")
    #expect(try DefaultModels.paths(root: root.path) == ["/opt/ml/model", "/mnt/models"].map { root.path + $0 })
}
