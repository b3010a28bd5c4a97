import Foundation
import Oracle
import Testing

@testable import MADE

/// A file is one model, whatever happens to its place while it is read.
@Suite struct CheckpointFileTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/m.safetensors"
        try Checkpoint.write(Self.model(seed: 1), to: path)
        // Long ago: whoever writes now changes the time, as coarse as the clock of files may be.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: path)
    }

    private static func model(seed: UInt64) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.binary(variableCount: 4, hiddenWidths: [5], memberCount: 1, using: &generator)
    }

    private func overwrite(at offset: UInt64, _ bytes: [UInt8]) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    private func expectRefusal(_ work: @escaping () throws -> Void) {
        let whileReading: () -> Void = { _ = #expect(throws: Never.self) { try work() } }
        let error = #expect(throws: CheckpointError.self) { try CheckpointFile(path, whileReading: whileReading) }
        #expect(error == CheckpointError(path, .unreadable("it was written to while it was read")))
    }

    @Test func whatTheSystemSaysOfAReadIsSaid() throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8)
        let error = #expect(throws: CheckpointError.self) {
            try bytes.withUnsafeMutableBytes { try SafetensorsFile.fill($0, from: descriptor, at: 0, path: path) }
        }
        #expect(error == CheckpointError(path, .unreadable(String(cString: strerror(EBADF)))))
    }

    @Test func aFileThatIsWrittenToWhileItIsReadIsRefused() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        // Bytes of the last tensor, of the header; fewer bytes, and more.
        expectRefusal { try overwrite(at: UInt64(whole.count - 4), [0, 0, 0, 0]) }
        expectRefusal { try overwrite(at: 12, [UInt8(ascii: " ")]) }
        try whole.write(to: URL(fileURLWithPath: path))
        expectRefusal { #expect(truncate(path, off_t(whole.count - 1)) == 0) }
        try whole.write(to: URL(fileURLWithPath: path))
        expectRefusal { try overwrite(at: UInt64(whole.count), [0]) }
    }

    @Test func aFileThatIsReplacedWhileItIsReadIsTheOneThatWasOpened() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let model = try Checkpoint.read(path)
        let aside = "\(folder.path)/aside.safetensors"
        try Checkpoint.write(Self.model(seed: 2), to: aside)
        let file = try CheckpointFile(path) { #expect(rename(aside, path) == 0) }
        #expect(file.withBytes { Data($0) } == whole)
        #expect(try file.model().networks == model.networks)
        #expect(file.identity != FileIdentity(of: path))
        #expect(try CheckpointFile(path).identity == FileIdentity(of: path))
    }

    @Test func whatIsNoRegularFileIsNotOpened() throws {
        let pipe = "\(folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        var nodes = [(pipe, "pipe"), (folder.path, "folder")]
        // Of /dev/zero, which never ends; only root may make one.
        let device = "\(folder.path)/device"
        if mknod(device, S_IFCHR | 0o600, 0x105) == 0 { nodes.append((device, "device")) }
        for (path, kind) in nodes {
            #expect(throws: CheckpointError(path, .unreadable("it is a \(kind), not a regular file"))) {
                try Checkpoint.load(path)
            }
        }
    }
}
