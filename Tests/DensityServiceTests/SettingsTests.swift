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
        ("models: [a, ]\nmodels: b", "etc/made.yaml:2: models given twice, first in line 1"),
        ("port:\n\n'port': 1", "etc/made.yaml:3: port given twice, first in line 1"),
        ("port: &p 80\n*p : 1", #"etc/made.yaml:2: "80" is not a setting"#),
        ("<<: {port: 1}", #"etc/made.yaml:1: "<<" is not a setting"#),
        ("- port", "etc/made.yaml:1: not keys and values, such as 'port: 8080'"),
        ("port", "etc/made.yaml:1: not keys and values, such as 'port: 8080'"),
    ]
    for (text, message) in cases { #expect(refusal(text) == message) }
}

@Test func whatIsNoYAMLIsRefusedWithItsLineAndColumn() {
    for (text, place) in [
        ("port: ]", "1:7"), ("port: 1\n  host: x", "2:7"), ("\t", "1:1"), ("port: 1\nhost: @a", "2:7"),
        ("host: é\nport: \u{7}", "2:7"), ("host: é\u{7F}", "1:8"), ("\0", "1:1"),
    ] {
        #expect(refusal(text).hasPrefix("etc/made.yaml:\(place): not YAML: "), "\(text): \(refusal(text))")
        #expect(!refusal(text).contains("\n"))
    }
    // Where the text began that has no end.
    #expect(refusal("port: 1\nhost: 'b\n\n").hasPrefix("etc/made.yaml:4:1: not YAML: "))
    #expect(refusal("port: 1\nhost: 'b\n\n").hasSuffix(" from line 2"))
    #expect(refusal("port: 1\n---\nport: 2") == "etc/made.yaml:2:1: a second document begins")
    #expect(refusal("port: 1\nhost: *y") == "etc/made.yaml:2:7: *y has no &y before it")
    #expect(refusal("models: &m [*m]") == "etc/made.yaml:1:13: *m has no &m before it")
}

@Test func aFileCannotMakeItsReaderTakeMemoryOrStackWithoutEnd() {
    let count = 200_000
    for (text, place) in [
        (String(repeating: "[", count: count), "1:101"), (String(repeating: "{a: ", count: count), "1:398"),
        (String(repeating: "- ", count: count), "1:201"), (String(repeating: "? ", count: count), "1:201"),
        ("models: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100), "1:108"),
    ] {
        #expect(refusal(text) == "etc/made.yaml:\(place): nested more than 100 deep")
    }
    // One more and it would be too deep.
    let brackets = String(repeating: "[", count: 99) + String(repeating: "]", count: 99)
    #expect(refusal("models: \(brackets)") == "etc/made.yaml:1: models: a list of anything but texts is not paths")

    let text = String(repeating: "x", count: 1000)
    let tail = "aliases repeat more than 1048576 bytes"
    #expect(refusal("models: [&a \(text)" + String(repeating: ", *a", count: 1048) + "]").isEmpty)
    #expect(refusal("models: [&a \(text)" + String(repeating: ", *a", count: 1049) + "]").hasSuffix(tail))
    // Lists of lists of lists.
    for leaf in ["x", "~", "[]"] {
        let lists = (1...40).map { "k\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1)]\n" }
        #expect(refusal("k0: &l0 [\(leaf)]\n" + lists.joined()).hasSuffix(tail))
        #expect(refusal("? &l0 [\(leaf)]\n: x\n" + lists.joined()).hasSuffix(tail))
    }
}

/// The words of YAML 1.1 and 1.2 for numbers, truth and nothing are texts to whoever wants a text.
@Test func scalarsAreReadAsTheyStand() throws {
    func model(_ text: String) throws -> String? {
        try configuration(file: "default-model: \(text)").options.defaultModel
    }
    for text in [
        "yes", "No", "true", "0o17", "017", "1_000", "0x1F", "1e3", ".5", ".inf", ".nan", "2026-01-01", "1:30",
    ] {
        #expect(try model(text) == text)
        #expect(try model("'\(text)'") == text)
        #expect(try model("!!str \(text)") == text)
    }
    for text in ["null", "~", "Null", "NULL", ""] {
        #expect(try model(text) == nil)
        #expect(try model("!!null \(text)") == nil)
        #expect(try file("default-model: !!str \(text)").entries["default-model"]?.texts == [text])
    }
    #expect(try model("nULL") == "nULL" && model("'~'") == "~" && model("\"null\"") == "null")
    #expect(try model("a  # b") == "a" && model("a#b") == "a#b" && model("'it''s'") == "it's")
    #expect(try model(#""\x41\u00e9\U0001F600\t\/\0b""#) == "Aé\u{1F600}\t/\0b")
    #expect(try model("|\n  a\n  b\n") == "a\nb\n" && model(">-\n  a\n  b\n") == "a b" && model("a\n  b") == "a b")
    // Numbers are digits, here as in a flag.
    #expect(try configuration(file: "port: 010\nalpha: 1e-3\nwatch-models: 'true'").options.port == 10)
    for (text, said) in [
        ("0o17", "\"0o17\""), ("0x1F", "\"0x1F\""), ("1_0", "\"1_0\""), ("!!str 80", "the text \"80\""),
    ] {
        #expect(refusal("port: \(text)").hasPrefix("etc/made.yaml:1: port: \(said) is not"))
    }
    #expect(refusal("watch-models: yes") == #"etc/made.yaml:1: watch-models: "yes" is not true or false"#)
}

@Test func aliasesRepeatWhatTheirAnchorsHold() throws {
    let options = try configuration(
        file: "models: &m [&x /a, *x, /b]\ncors-origins: []\napi-keys-file: *x\ndefault-model: &x c\nhost: *x"
    ).options
    #expect(options.models == ["/a", "/a", "/b"] && options.apiKeysFile == "/a" && options.defaultModel == "c")
    #expect(options.host == "c")
    let repeated = try file("models: &m [/a]\n\n? &k port\n: &p 81\nqueue-rows-max: *p\ndefault-model: *k")
    #expect(repeated.entries["queue-rows-max"]?.texts == ["81"] && repeated.entries["queue-rows-max"]?.line == 5)
    #expect(repeated.entries["default-model"]?.texts == ["port"] && repeated.entries["port"]?.line == 3)
    #expect(refusal("models: &m [/a]\nport: *m") == "etc/made.yaml:2: port: a list is not a whole number, 0 to 65535")
}

@Test func formsOfAFile() throws {
    for text in [
        "port: 81", "{port: 81}", "{\"port\":81}", "port:\r\n  81\r\n", "\u{FEFF}port: 81", "\u{FEFF}---\nport: 81",
        "--- # a\nport: 81\n...\n# b",
        "%YAML 1.1\n---\nport: 81", "%TAG ! tag:x,2026:\n--- !settings\nport: !!int 81", "? port\n: 81",
        "  port  :  81  \n\n", "\"po\\x72t\": 81",
    ] {
        #expect(try configuration(file: text).options.port == 81, "\(text)")
    }
    #expect(try configuration(file: "models:\n- /a\n- '/b c'\n").options.models == ["/a", "/b c"])
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
