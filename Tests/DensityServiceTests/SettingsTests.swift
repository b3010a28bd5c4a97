import Foundation
import Logging
import MADE
import Testing

@testable import DensityService

private func file(_ text: String) throws -> ConfigurationFile {
    try ConfigurationFile(text: text, path: "etc/made.yaml")
}

private func configuration(
    flags: [String: [String]] = [:], environment: [String: String] = [:], file text: String? = nil
) throws -> Configuration {
    try Configuration(flags: flags, environment: environment, file: text.map(file))
}

/// The message with which `work` ends; empty where it does not fail.
private func refusal(of work: () throws -> Any?) -> String {
    do {
        _ = try work()
        return ""
    } catch {
        return "\(error)"
    }
}

/// The message of a file that is refused.
private func refusal(_ text: String) -> String {
    refusal { try configuration(file: text) }
}

/// A value of each setting that is not its default.
private let unusual = [
    "host": "::1", "port": "9", "connections-max": "7", "address-connections-max": "3", "uri-bytes-max": "512",
    "header-bytes-max": "1024", "header-fields-max": "12", "api-keys-file": "/k s/keys",
    "tls-certificate-file": "/c.pem",
    "tls-key-file": "/k.pem", "tls-client-ca-file": "/a.pem", "key-rate-max": "2.5",
    "key-burst-max": "31", "address-rate-max": "0.5", "address-burst-max": "37",
    "cors-origins": "https://a.example:8443", "body-bytes-max": "2048", "bulk-bytes-max": "4096",
    "bulk-answer-bytes-max": "8192", "memory-bytes-max": "16777216", "head-seconds-max": "0.5",
    "body-seconds-max": "1.25", "idle-seconds-max": "3", "grace-seconds": "0.1", "shutdown-delay-seconds": "1.5",
    "model-read-seconds-max": "2.5", "models": "/a b/c.safetensors",
    "watch-models": "true", "default-model": "null", "alpha": "0.02", "statistic": "cells",
    "activation": "tanh", "weights": "fp16",
    "sample-rows-max": "11",
    "drift-rows": "500",
    "loops": "3",
    "workers": "5", "inline-budget": "17", "batch-rows-max": "19", "delay-max": "23", "queue-rows-max": "29",
    "queue-milliseconds-max": "41",
    "log-level": "error", "log-format": "json",
]

@Test func flagsWinOverTheEnvironmentThatOverTheFileAndThatOverDefaults() throws {
    let text = "port: 11\nqueue-rows-max: 78\nalpha: 0.5"
    let settings = try configuration(
        flags: ["port": ["9"]], environment: ["MADE_PORT": "10", "MADE_QUEUE_ROWS_MAX": "77", "HOME": "/"], file: text)
    let options = settings.options
    #expect(options.port == 9 && options.queueRowsMax == 77 && options.alpha == 0.5 && options.host == "127.0.0.1")
    let lines = settings.document.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == ServiceOptions.settings.count)
    #expect(lines.contains(["port:", "9", "#", "flag"]))
    #expect(lines.contains(["queue-rows-max:", "77", "#", "MADE_QUEUE_ROWS_MAX"]))
    #expect(lines.contains(["alpha:", "0.5", "#", "etc/made.yaml:3"]))
    #expect(lines.contains(["host:", "127.0.0.1", "#", "default"]))
}

@Test func everySettingHasOneNameInEachPlace() throws {
    #expect(Set(unusual.keys) == Set(ServiceOptions.settings.map(\.name)))
    for setting in ServiceOptions.settings {
        let value = try #require(unusual[setting.name])
        let byFlag = try configuration(flags: [setting.name: [value]])
        #expect(setting.texts(byFlag.options) == [value])
        #expect(setting.texts(byFlag.options) != setting.texts(ServiceOptions()))
        let byVariable = try configuration(environment: [setting.variable: value])
        let byFile = try configuration(file: "\(setting.name): \(setting.yaml(of: byFlag.options))")
        for other in ServiceOptions.settings {
            #expect(other.texts(byVariable.options) == other.texts(byFlag.options), "\(setting.name) \(other.name)")
            #expect(other.texts(byFile.options) == other.texts(byFlag.options), "\(setting.name) \(other.name)")
        }
    }
}

@Test func whatPrintConfigShowsIsAFileOfTheSameSettings() throws {
    for text in [
        "auto", "a: b", "#", "-", "", "~", "\"", "é\u{1F600}", "{x}", "x\ny", "\u{7F}", "\u{85}\u{9F}",
        "\u{2028} \u{2029}", "a\u{FEFF}", "\u{FFFF}",
    ] {
        var flags = unusual.mapValues { [$0] }
        flags["models"] = ["/\(text)", "/two"]
        if !text.isEmpty { flags["default-model"] = [text] }
        let first = try configuration(flags: flags)
        let second = try configuration(file: first.document)
        for setting in ServiceOptions.settings {
            #expect(setting.texts(second.options) == setting.texts(first.options), "\(text): \(setting.name)")
        }
    }
}

@Test func whatASettingDoesNotTakeIsRefused() throws {
    for setting in ServiceOptions.settings {
        let byVariable = refusal { try configuration(environment: [setting.variable: ""]) }
        #expect(byVariable == "\(setting.variable): \"\" is not \(setting.takes)")
        let byFlag = refusal { try configuration(flags: [setting.name: [""]]) }
        #expect(byFlag == "--\(setting.name): \"\" is not \(setting.takes)")
        // A mapping is of no setting's type.
        #expect(
            refusal("\n\(setting.name): {a: 1}")
                == "etc/made.yaml:2: \(setting.name): a mapping is not \(setting.takes)")
    }
    for (name, value) in [
        ("port", "65536"), ("port", "-1"), ("alpha", "0"), ("alpha", "1.01"), ("alpha", "nan"),
        ("grace-seconds", "inf"),
        ("loops", "257"), ("queue-rows-max", "0"), ("body-bytes-max", "1e9"), ("workers", "two"),
        ("activation", "ReLU"),
        ("port", "yes"), ("log-level", "loud"), ("key-rate-max", "-1"), ("address-rate-max", "nan"),
        ("cors-origins", "https://a.example/"), ("cors-origins", "a.example"), ("cors-origins", "https://A.example"),
    ] {
        let takes = Setting.named(name).takes
        #expect(refusal("# a\n\n\(name): \(value)") == "etc/made.yaml:3: \(name): \"\(value)\" is not \(takes)")
    }
}

@Test func aFileIsRefusedWithItsLineAndKey() {
    let number = "a whole number, 0 to 65535"
    let cases = [
        ("prot: 1", #"etc/made.yaml:1: "prot" is not a setting; did you mean 'port'?"#),
        (
            "host: x\nqueue_rows_max: 1",
            #"etc/made.yaml:2: "queue_rows_max" is not a setting; did you mean 'queue-rows-max'?"#
        ),
        ("zzzzzzzz: 1", #"etc/made.yaml:1: "zzzzzzzz" is not a setting"#),
        ("[a]: 1", #"etc/made.yaml:1: "(no text)" is not a setting"#),
        ("port: \"80\"", "etc/made.yaml:1: port: the text \"80\" is not \(number)"),
        ("port: [80]", "etc/made.yaml:1: port: a list is not \(number)"),
        ("models: [a, [b]]", "etc/made.yaml:1: models: a list of anything but texts is not paths"),
        ("models: [a, ]\nmodels: b", "etc/made.yaml:1: models given twice"),
        ("- port", "etc/made.yaml:1: not keys and values, such as 'port: 8080'"),
        ("port", "etc/made.yaml:1: not keys and values, such as 'port: 8080'"),
    ]
    for (text, message) in cases { #expect(refusal(text) == message) }
    for text in ["port: [", "port: 1\n  host: x", "a: 'b", "\t", "port: 1\n---\nport: 2", "x: *y"] {
        #expect(refusal(text).contains(#/^etc/made\.yaml:\d: not YAML: /#), "\(text): \(refusal(text))")
        #expect(!refusal(text).contains("\n"))
    }
    // More than any setting is deep: neither a crash nor a stack without end.
    #expect(refusal(String(repeating: "[", count: 200_000)).hasPrefix("etc/made.yaml:"))
}

@Test func aKeyWithoutValueIsAsNone() throws {
    for text in ["", "# nothing\n", "port:\nalpha: ~\nmodels: null", "---\n", "{}"] {
        let settings = try configuration(file: text)
        #expect(settings.sources.values.allSatisfy { $0 == .preset }, "\(text)")
    }
}

@Test func modelsOfAFileStartAtItsFolder() throws {
    #expect(try configuration(file: "models: a").options.models == ["etc/a"])
    #expect(try configuration(file: "models: [/a, b/c]").options.models == ["/a", "etc/b/c"])
    #expect(try configuration(file: "api-keys-file: a").options.apiKeysFile == "etc/a")
    #expect(try configuration(environment: ["MADE_MODELS": "a:b"]).options.models == ["a", "b"])
    #expect(try ConfigurationFile(text: "models: a", path: "made.yaml").entries["models"]?.texts == ["a"])
}

@Test func anUnknownVariableIsRefusedWithTheNearest() throws {
    #expect(try configuration(environment: ["MADE_CONFIG": "x"]).options.port == 8080)
    #expect(
        refusal { try configuration(environment: ["MADE_PROT": "1"]) }
            == "MADE_PROT is not a setting; did you mean 'MADE_PORT'?")
}

@Test func filesThatCannotBeReadAreNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = folder.appendingPathComponent("text")
    try Data([0x70, 0xff]).write(to: text)
    let large = folder.appendingPathComponent("large")
    try Data(repeating: 0x23, count: 1 << 20 + 1).write(to: large)
    for (path, reason) in [
        ("/no/such/file", "No such file or directory"), (folder.path, "Is a directory"), (text.path, "not UTF-8"),
        (large.path, "over the limit of 1048576 bytes"),
    ] {
        #expect(refusal { try ConfigurationFile.read(path) } == "\(path): \(reason)")
    }
}

/// The committed file is the documentation of every setting, with no setting changed.
@Test func theCommittedFileDocumentsEverySetting() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let committed = try String(contentsOf: root.appendingPathComponent("config/made.yaml"), encoding: .utf8)
    #expect(committed == Configuration.template, "config/made.yaml must read:\n\(Configuration.template)")
    #expect(try file(committed).entries.isEmpty)
    for setting in ServiceOptions.settings { #expect(committed.contains("\n#\(setting.name):")) }
    #expect(!committed.contains { $0 == "\t" } && committed.split(separator: "\n").allSatisfy { $0.count <= 120 })
    // Every key without its '#' is the default.
    let active = committed.replacing(#/(?m)^#(?=\S)/#, with: "")
    let settings = try configuration(file: active)
    for setting in ServiceOptions.settings {
        #expect(setting.texts(settings.options) == setting.texts(ServiceOptions()))
    }
}
