import Foundation
import MADE
import Oracle
import Testing

/// What outputs replace, and what they leave alone.
@Suite struct OutputFileTests {
    private static let note = OutputKind("a note", prefix: "note: ")
    private static let byForce = "choose another name"

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }
    private func file(_ name: String, _ text: String) throws -> String { try folder.file(name, Array(text.utf8)) }
    private func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }
    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return lstat(path(name), &status) == 0 ? status.st_mode : 0
    }

    private func target(_ name: String, inputs: [String] = [], force: Bool = false) throws -> OutputTarget {
        try OutputTarget(path: path(name), kind: Self.note, inputs: inputs, force: force)
    }

    /// Expects that neither the check nor a write that was checked before goes on, and that the folder stays as it is.
    private func expectRefusal(
        _ name: String, inputs: [String] = [], force: Bool = false, _ reason: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try names()
        let error = #expect(throws: OutputError.self, sourceLocation: sourceLocation) {
            try target(name, inputs: inputs, force: force)
        }
        #expect(error?.description == "\(path(name)): \(reason)", sourceLocation: sourceLocation)
        #expect(try names() == before, sourceLocation: sourceLocation)
    }

    @Test func aNewFileIsWrittenWholeAndNothingElseIsLeft() throws {
        let target = try target("new")
        #expect(try names().isEmpty, "the check leaves nothing")
        try target.write(Array("note: ".utf8), [], Array("one".utf8))
        #expect(try names() == ["new"] && text("new") == "note: one")
        let usual = open(path("usual"), O_WRONLY | O_CREAT, 0o666)
        close(usual)
        #expect(mode("new") == mode("usual"))
        try target.write(Array("note: two".utf8))
        #expect(text("new") == "note: two")
        target.remove()
        target.remove()
        #expect(try names() == ["usual"])
    }

    @Test(arguments: [mode_t(0o640), 0o600, 0o444]) func theNextOfItsKindKeepsThePermissions(_ bits: mode_t) throws {
        let other = try file("own", "note: old")
        #expect(chmod(other, bits) == 0 && link(other, path("hard")) == 0)
        try target("own").write(Array("note: new".utf8))
        #expect(mode("own") == S_IFREG | bits && text("own") == "note: new")
        #expect(text("hard") == "note: old", "another name of the old file is left to it")
    }

    @Test func otherFilesAreGivenUpByForceOnly() throws {
        for content in ["", "note", "a,b\n1,0\n", " note: x"] {
            _ = try file("other", content)
            try expectRefusal("other", "is not a note; \(Self.byForce)")
            #expect(text("other") == content)
        }
        let forced = try target("other", force: true)
        #expect(text("other") == " note: x", "nothing happens before the work is done")
        try forced.write(Array("note: x".utf8))
        #expect(try names() == ["other"] && text("other") == "note: x")
    }

    @Test func aCheckpointReplacesACheckpointAndNoOtherTensors() throws {
        var generator = PhiloxGenerator(seed: 1)
        let model = RandomModel.binary(
            variableCount: 3, hiddenWidths: [4], activation: .relu, direct: false, encoding: .plusMinusOne,
            using: &generator)
        try Checkpoint.write(model, to: path("m"))
        try Checkpoint.write(model, to: path("m"))
        let bytes = try Data(contentsOf: URL(filePath: path("m")))
        _ = try folder.file("short", Array(bytes.dropLast()))
        let fixture = try #require(Bundle.module.resourceURL).path + "/Fixtures/net_random_relu_deep.safetensors"
        try FileManager.default.copyItem(atPath: fixture, toPath: path("state"))
        for name in ["short", "state"] {
            #expect(throws: OutputError(path(name), .otherKind("a checkpoint"))) {
                try Checkpoint.write(model, to: path(name))
            }
        }
        #expect(try names() == ["m", "short", "state"])
    }

    @Test func whatIsReadIsNotReplacedWhateverItsName() throws {
        let data = try file("data", "note: data")
        #expect(link(data, path("hard")) == 0 && symlink(data, path("soft")) == 0)
        let inputs = ["/nowhere", data]
        try expectRefusal("data", inputs: inputs, "is a file that is read; \(Self.byForce)")
        try expectRefusal("hard", inputs: inputs, "is the same file as \(data), which is read; \(Self.byForce)")
        try expectRefusal(
            "data", inputs: [path("soft")], "is the same file as \(path("soft")), which is read; \(Self.byForce)")
        try target("data", inputs: inputs, force: true).write(Array("note: new".utf8))
        #expect(text("data") == "note: new" && text("hard") == "note: data")
    }

    @Test func aLinkStaysAndLeadsToTheNewFileByForce() throws {
        _ = try file("far", "table")
        #expect(symlink("far", path("near")) == 0)
        try expectRefusal("near", "is a symbolic link; \(Self.byForce)")
        try target("near", force: true).write(Array("note: new".utf8))
        #expect(mode("near") & S_IFMT == S_IFLNK && text("far") == "note: new")
        #expect(try names() == ["far", "near"])
    }

    @Test func linksToNoFileAreNeverFollowed() throws {
        #expect(symlink("none", path("dangling")) == 0 && symlink("loop", path("loop")) == 0)
        #expect(symlink(folder.path, path("folder")) == 0)
        try expectRefusal(
            "dangling", force: true, "cannot be written: a link to no file: No such file or directory")
        try expectRefusal(
            "loop", force: true, "cannot be written: a link to no file: Too many levels of symbolic links")
        try expectRefusal("folder", force: true, "is a folder, which is never replaced; choose another name")
        // A folder on the way may be a link.
        try target("folder/new").write(Array("note: new".utf8))
        #expect(text("new") == "note: new")
    }

    @Test(arguments: [false, true]) func specialFilesAreNeverReplaced(force: Bool) throws {
        let way = "which is never replaced; choose another name"
        #expect(mkdir(path("folder"), 0o777) == 0 && mkfifo(path("pipe"), 0o666) == 0)
        #expect(mknod(path("socket"), S_IFSOCK | 0o666, 0) == 0)
        for (name, what) in [("folder", "a folder"), ("pipe", "a pipe"), ("socket", "a socket")] {
            try expectRefusal(name, force: force, "is \(what), \(way)")
        }
        try expectRefusal("folder/", force: force, "names a folder; a file's name is needed")
        #expect(throws: OutputError("", .noFileName)) { try OutputTarget(path: "", kind: Self.note, force: force) }
        // Nodes of their own, with the numbers of null and full; only root may make them, and not everywhere.
        for (name, kind, number) in [("null", S_IFCHR, 0x103), ("full", S_IFCHR, 0x107), ("disk", S_IFBLK, 0x700)] {
            guard mknod(path(name), kind | 0o666, dev_t(number)) == 0 else { continue }
            try expectRefusal(name, force: force, "is a device, \(way)")
            #expect(symlink(name, path("to-\(name)")) == 0)
            try expectRefusal(
                "to-\(name)", force: force, force ? "is a device, \(way)" : "is a symbolic link; \(Self.byForce)")
            #expect(mode(name) & S_IFMT == kind)
        }
    }

    @Test func whatCannotBeWrittenIsFoundBeforeTheWork() throws {
        _ = try file("data", "a\n")
        try expectRefusal("none/new", "cannot be written: No such file or directory")
        try expectRefusal("data/new", "cannot be written: Not a directory")
        try expectRefusal(
            String(repeating: "x", count: 256), "cannot be written: File name too long")
        #expect(throws: OutputError.self) { try OutputTarget(path: "/proc/made", kind: Self.note) }
        // The temporary's name is not made of the output's.
        let longest = String(repeating: "x", count: 255)
        try target(longest).write(Array("note: x".utf8))
        #expect(text(longest) == "note: x")
    }

    /// Attributes as `chattr` sets them, where the file system has them and this user may.
    private func withAttribute(_ bit: UInt32, of name: String, _ body: () throws -> Void) throws {
        let descriptor = open(path(name), O_RDONLY)
        defer { close(descriptor) }
        var attributes: UInt32 = 0
        guard ioctl(descriptor, 0x8008_6601, &attributes) == 0 else { return }
        var more = attributes | bit
        guard ioctl(descriptor, 0x4008_6602, &more) == 0 else { return }
        defer { _ = ioctl(descriptor, 0x4008_6602, &attributes) }
        try body()
    }

    @Test func filesAndFoldersThatDoNotChangeAreFoundBeforeTheWork() throws {
        _ = try file("fixed", "note: x")
        try withAttribute(0x10, of: "fixed") {
            try expectRefusal("fixed", "cannot be written: Operation not permitted")
        }
        #expect(mkdir(path("growing"), 0o777) == 0)
        try withAttribute(0x20, of: "growing") {
            try expectRefusal("growing/new", "cannot be written: Operation not permitted")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path("growing")).isEmpty)
        }
    }

    @Test(arguments: [false, true]) func whatCameDuringTheWorkIsNotReplaced(force: Bool) throws {
        let target = try target("new", force: force)
        #expect(mkfifo(path("new"), 0o666) == 0)
        #expect(throws: OutputError(path("new"), .special("a pipe"))) { try target.write([1]) }
        #expect(mode("new") & S_IFMT == S_IFIFO)
        target.remove()
        #expect(try names() == ["new"])
        unlink(path("new"))
        if !force {
            _ = try file("new", "a table")
            #expect(throws: OutputError(path("new"), .otherKind("a note"))) { try target.write([1]) }
            target.remove()
            #expect(try names() == ["new"] && text("new") == "a table")
        }
    }
}
