import Foundation
import MADE
import RawHTTP
import Testing

@testable import DensityService

/// A service of a folder that it watches, with the model `m`, version 1, and `n`.
private func watched() throws -> TestService {
    try TestService(
        [randomModel("n", variables: 3)],
        layout: { folder in
            try writeVersion("1", of: "m", in: folder, seed: 1)
        }
    ) {
        $0.watchesModels = true
    }
}

extension TestService {
    /// Asks until the list of models is this. The folder is read when it has been quiet for a while, so there is nothing
    /// else to wait for; a while means that it will never be.
    fileprivate func expect(_ expected: [String], _ comment: String = "") throws {
        let start = ContinuousClock.now
        var states = try states()
        while states != expected, ContinuousClock.now - start < .seconds(20) {
            sched_yield()
            states = try self.states()
        }
        #expect(states == expected, "\(comment)")
    }

    fileprivate func version() throws -> String {
        try post("/models/m/score", body([[0, 1, 1]])).decode(ScoreReply.self).version
    }
}

@Test func aNewVersionIsServedWhenItsFolderAppears() throws {
    let service = try watched()
    try writeVersion("2", of: "m", in: service.folder, seed: 2)
    try service.expect(["m 2 ready", "m 1 ready", "n 1 ready"])
    #expect(try service.version() == "2")
    // Made elsewhere and moved in whole.
    let aside = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: aside) }
    try writeVersion("3", of: "m", in: aside, seed: 3)
    try FileManager.default.moveItem(
        atPath: aside.appendingPathComponent("m/3").path, toPath: service.path("m/3"))
    try service.expect(["m 3 ready", "m 2 ready", "m 1 ready", "n 1 ready"])
}

@Test func aNewModelIsServedAndOneThatIsDeletedIsNot() throws {
    let service = try watched()
    try Checkpoint.write(randomModel("x", variables: 3), to: service.path(of: "k"))
    try service.expect(["k 1 ready", "m 1 ready", "n 1 ready"])
    try FileManager.default.removeItem(atPath: service.path(of: "k"))
    try writeVersion("2", of: "m", in: service.folder, seed: 2)
    try service.expect(["m 2 ready", "m 1 ready", "n 1 ready"])
    try FileManager.default.removeItem(atPath: service.path("m/2"))
    try service.expect(["m 1 ready", "n 1 ready"])
    #expect(try service.version() == "1")
}

@Test func aFileThatIsReplacedInOneGoIsReadAgain() throws {
    let service = try watched()
    let row = body([[0, 1, 1]])
    let before = try service.post("/models/n/score", row).text
    // Checkpoint.write renames a whole file into place.
    var model = randomModel("n", variables: 3, seed: 9)
    model.version = "2026"
    try Checkpoint.write(model, to: service.path(of: "n"))
    try service.expect(["m 1 ready", "n 2026 ready"])
    #expect(try service.post("/models/n/score", row).text != before)
}

@Test func aHalfWrittenFileChangesNothingUntilItIsWhole() throws {
    let service = try watched()
    let aside = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: aside) }
    var model = randomModel("n", variables: 3, seed: 9)
    model.version = "2"
    try Checkpoint.write(model, to: aside.path)
    let bytes = try Data(contentsOf: aside)
    let row = body([[0, 1, 1]])
    let before = try service.post("/models/n/score", row).text
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: service.path(of: "n")))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: bytes.prefix(bytes.count / 2))
    // Another change, so that the folder is read while the file is half written.
    try writeVersion("2", of: "m", in: service.folder, seed: 2)
    try service.expect(["m 2 ready", "m 1 ready", "n 1 ready"])
    #expect(try service.post("/models/n/score", row).text == before)
    try file.write(contentsOf: bytes.suffix(from: bytes.count / 2))
    try file.close()
    try service.expect(["m 2 ready", "m 1 ready", "n 2 ready"])
}

@Test func aFileThatCannotBeServedIsListedAndPutRight() throws {
    let service = try watched()
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: service.path(of: "n")))
    try service.expect(["m 1 ready", "n 1 ready", "n 1 failed"])
    try Checkpoint.write(
        randomModel("n", variables: 3, seed: 9),
        to: OutputTarget(path: service.path(of: "n"), kind: .checkpoint, force: true))
    try service.expect(["m 1 ready", "n 1 ready"])
}

@Test func aFolderOfLinksIsFollowed() throws {
    // As volumes of configuration are mounted: the names are links through a folder that is replaced as a whole.
    let service = try TestService(
        [],
        layout: { folder in
            try writeVersion("1", of: "m", in: folder, seed: 1)
            for (name, version) in [("..one", "1"), ("..two", "2")] {
                let data = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
                var model = randomModel("n", variables: 3)
                model.version = version
                try Checkpoint.write(model, to: data.appendingPathComponent("n.safetensors").path)
            }
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("..data").path, withDestinationPath: "..one")
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("n.safetensors").path, withDestinationPath: "..data/n.safetensors"
            )
        }
    ) {
        $0.watchesModels = true
    }
    try service.expect(["m 1 ready", "n 1 ready"])
    try FileManager.default.createSymbolicLink(atPath: service.path("..new"), withDestinationPath: "..two")
    #expect(rename(service.path("..new"), service.path("..data")) == 0)
    try service.expect(["m 1 ready", "n 2 ready"])
}

@Test func aWatchedFolderMayBeEmptyAtFirst() throws {
    let log = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString).log").path
    let descriptor = open(log, O_WRONLY | O_CREAT, 0o600)
    defer {
        close(descriptor)
        unlink(log)
    }
    let sink = LogSink(descriptor: descriptor)
    let service = try TestService([], sink: sink, options: { $0.watchesModels = true })
    defer { service.stop() }
    #expect(try service.get("/readyz").status == 503)
    sink.flush()
    let lines = try String(contentsOfFile: log, encoding: .utf8)
    #expect(lines.contains("warning no model to serve yet in \(service.folder.path)"), "\(lines)")
    try writeVersion("1", of: "m", in: service.folder, seed: 1)
    try service.expect(["m 1 ready*"])
    #expect(try service.get("/readyz").status == 200)
}

@Test func aWatchedFolderThatIsReplacedIsReadAgain() throws {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: parent) }
    let (served, next) = (parent.appendingPathComponent("served"), parent.appendingPathComponent("next"))
    try writeVersion("1", of: "m", in: served, seed: 1)
    try writeVersion("2", of: "m", in: next, seed: 2)
    let service = try TestService([randomModel("n", variables: 3)], others: [served.path], layout: { _ in }) {
        $0.watchesModels = true
        $0.defaultModel = "m"
    }
    try FileManager.default.moveItem(at: served, to: parent.appendingPathComponent("old"))
    try FileManager.default.moveItem(at: next, to: served)
    try service.expect(["m 2 ready*", "n 1 ready"])
    // What happens there from then on is seen, too.
    try writeVersion("3", of: "m", in: served, seed: 3)
    try service.expect(["m 3 ready*", "m 2 ready", "n 1 ready"])
}
