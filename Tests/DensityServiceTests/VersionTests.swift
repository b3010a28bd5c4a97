import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// Writes a model, over whatever is there, where its place calls it a version of `name`.
func writeVersion(_ version: String, of name: String, in folder: URL, seed: UInt64) throws {
    let directory = folder.appendingPathComponent("\(name)/\(version)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    // What the file calls itself does not count there.
    try Checkpoint.write(
        randomModel("something", variables: 3, seed: seed),
        to: OutputTarget(
            path: directory.appendingPathComponent("model.safetensors").path, kind: .checkpoint, force: true))
}

struct ModelList: Decodable {
    struct Item: Decodable, Equatable {
        var name: String
        var version: String?
        var state: String
        var reason: String?
        var `default`: Bool
    }
    var models: [Item]
}

extension TestService {
    func list() throws -> [ModelList.Item] { try get("/models").decode(ModelList.self).models }

    /// The list in short: `NAME VERSION STATE`, a star after the default.
    func states() throws -> [String] {
        try list().map { "\($0.name) \($0.version ?? "-") \($0.state)\($0.default ? "*" : "")" }
    }
}

@Test func versionsCompareAsNumbers() {
    let ascending = [
        "alpha", "v2", "v10", "0", "1", "1.2", "1.10", "2", "9", "10", "010", "20261122", "99999999999999999999",
    ]
    for (index, version) in ascending.enumerated() {
        for (otherIndex, other) in ascending.enumerated()
        where index != otherIndex && Set([version, other]) != ["10", "010"] {
            #expect(isOlder(version, than: other) == (index < otherIndex), "\(version) \(other)")
        }
        #expect(!isOlder(version, than: version))
    }
    #expect(isOlder("010", than: "10") != isOlder("10", than: "010"))
}

@Test func versionsAreServedSideBySideAndTheNewestByDefault() throws {
    let service = try TestService(
        [randomModel("other", variables: 3)],
        layout: { folder in
            for (version, seed) in [("2", 2), ("10", 10), ("9", 9)] as [(String, UInt64)] {
                try writeVersion(version, of: "m", in: folder, seed: seed)
            }
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("empty/1"), withIntermediateDirectories: true)
        }
    ) {
        $0.defaultModel = "m"
    }
    #expect(try service.states() == ["m 10 ready*", "m 9 ready", "m 2 ready", "other 1 ready"])
    let score = { (path: String) in
        let tensor = #"{"inputs":[{"name":"rows","shape":[1,3],"datatype":"FP32","data":[0,1,1]}]}"#
        return try service.post("/v2/models/\(path)/infer", tensor)
    }
    let native = try service.post("/score", body([[0, 1, 1]])).decode(ScoreReply.self)
    #expect(native.model == "m" && native.version == "10")
    let answers = try ["m", "m/versions/10", "m/versions/9", "m/versions/2"].map { try score($0).text }
    #expect(answers[0] == answers[1])
    #expect(Set(answers).count == 3)
    #expect(answers[2].contains(#""model_name":"m","model_version":"9""#))
    let unknown = try score("m/versions/3")
    #expect(unknown.status == 404 && unknown.text.contains(#"it has \"10\", \"9\", \"2\""#), "\(unknown.text)")
    #expect(try service.get("/v2/models/m/versions/2/ready").status == 200)
    #expect(try service.get("/v2/models/m/versions/3/ready").status == 404)
    for path in ["m", "m/versions/9"] {
        #expect(try service.get("/v2/models/\(path)").text.contains(#""versions":["2","9","10"]"#))
    }
    let counts = { (path: String) in
        try service.get("/v2/models/\(path)/stats").text.matches(of: #/"version":"(\d+)",[^{]*"inference_count":(\d+)/#)
            .map { "\($0.output.1) \($0.output.2)" }
    }
    #expect(try counts("m") == ["2 1", "9 1", "10 3"])
    #expect(try counts("m/versions/9") == ["9 1"])
    let metrics = try service.get("/metrics").text
    for (version, rows, isDefault) in [("10", 3, true), ("9", 1, false), ("2", 1, false)] {
        #expect(metrics.contains(#"made_rows_scored_total{model="m",version="\#(version)"} \#(rows)"#))
        let info = try #require(
            metrics.split(separator: "\n").first {
                $0.hasPrefix(#"made_model_info{model="m",version="\#(version)","#)
            })
        #expect(info.hasSuffix(#"default="\#(isDefault)"} 1"#))
    }
    #expect(try service.get("/v1/models").text == #"{"models":["m","other"]}"#)
    let index = try service.post("/v2/repository/index", "{}").text
    #expect(index.contains(#"{"name":"m","version":"9","state":"READY","reason":""}"#), "\(index)")
    #expect(try service.get("/health").text.contains(#"{"name":"m","version":"2","state":"ready","queue_rows":0}"#))
}

@Test func anOlderVersionAnswersWhereTheNewestCannotBeServed() throws {
    let service = try TestService(
        [],
        layout: { folder in
            try writeVersion("1", of: "m", in: folder, seed: 1)
            try writeVersion("2", of: "m", in: folder, seed: 2)
            try Data("nonsense".utf8).write(to: folder.appendingPathComponent("m/2/model.safetensors"))
        })
    #expect(try service.states() == ["m 2 failed", "m 1 ready*"])
    let reason = try #require(try service.list()[0].reason)
    #expect(reason.hasPrefix("m/2/model.safetensors: ") && !reason.contains(service.path("")), "\(reason)")
    #expect(try service.post("/score", body([[0, 1, 1]])).decode(ScoreReply.self).version == "1")
    #expect(try service.get("/v2/models/m/versions/2/ready").status == 503)
    #expect(try service.get("/readyz").status == 200)
    // Put right, it takes over; the older one stays at its own address.
    try writeVersion("2", of: "m", in: service.folder, seed: 2)
    #expect(try service.post("/models/m/reload", "").status == 200)
    #expect(try service.states() == ["m 2 ready*", "m 1 ready"])
    #expect(try service.post("/score", body([[0, 1, 1]])).decode(ScoreReply.self).version == "2")
}

@Test func aFailedReloadSaysWhyBesideWhatServes() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let before = try service.post("/score", body([[0, 1, 1]])).text
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: service.path(of: "m")))
    let refused = try service.post("/models/m/reload", "")
    #expect(
        refused.status == 422 && refused.text.contains("the model stays as it was: m.safetensors: "), "\(refused.text)")
    #expect(!refused.text.contains(service.path("")))
    #expect(try service.states() == ["m 1 ready*", "m 1 failed"])
    #expect(try service.list()[1].reason?.hasPrefix("m.safetensors: ") == true)
    #expect(try service.post("/score", body([[0, 1, 1]])).text == before)
    // A file that is gone is no reason to go either, where just this model was asked for.
    try FileManager.default.removeItem(atPath: service.path(of: "m"))
    #expect(try service.post("/models/m/reload", "").status == 422)
    #expect(try service.post("/score", body([[0, 1, 1]])).text == before)
    try Checkpoint.write(randomModel("m", variables: 3), to: service.path(of: "m"))
    #expect(try service.post("/models/m/reload", "").status == 200)
    #expect(try service.states() == ["m 1 ready*"])
    let metrics = try service.get("/metrics").text
    #expect(metrics.contains(#"made_model_loads_total{outcome="ready"} 2"#))
    #expect(metrics.contains(#"made_model_loads_total{outcome="failed"} 1"#))
}

@Test func twoFilesOfOneNameAndVersionAreRefused() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    try writeVersion("1", of: "m", in: service.folder, seed: 4)
    let before = try service.post("/score", body([[0, 1, 1]])).text
    let refused = try service.post("/models/m/reload", "")
    #expect(
        refused.status == 422 && refused.text.contains("m.safetensors and m/1/model.safetensors"), "\(refused.text)")
    #expect(try service.post("/score", body([[0, 1, 1]])).text == before)
}

@Test func aModelIsLoadedAndUnloadedWithoutABody() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let client = try service.client()
    for path in [
        "/models/m/reload", "/v2/repository/models/m/unload", "/v2/repository/models/m/load", "/v2/repository/index",
    ] {
        // What `curl -X POST` sends.
        client.send("POST \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.reply().status == 200, "\(path)")
    }
    client.send("POST /score HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.reply().status == 411)
}

@Test func aModelThatDoesNotServeCanBeReloaded() throws {
    let service = try TestService([randomModel("a", variables: 3), randomModel("b", variables: 3)])
    #expect(try service.post("/v2/repository/models/a/unload", "").status == 200)
    #expect(try service.states() == ["a 1 failed", "b 1 ready"])
    #expect(try service.list()[0].reason == "unloaded")
    #expect(try service.post("/models/a/reload", "").status == 200)
    #expect(try service.states() == ["a 1 ready", "b 1 ready"])
}

@Test func statisticsOfAVersionOutliveItsFile() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    _ = try service.post("/score", body([[0, 1, 1], [1, 1, 1]]))
    #expect(try service.post("/models/m/reload", "").status == 200)
    _ = try service.post("/score", body([[0, 1, 1]]))
    #expect(try service.get("/metrics").text.contains(#"made_rows_scored_total{model="m",version="1"} 3"#))
    #expect(try service.get("/v2/models/m/stats").text.contains(#""inference_count":3"#))
}
