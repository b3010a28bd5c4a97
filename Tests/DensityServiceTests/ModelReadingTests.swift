import Dispatch
import Foundation
import Logging
import MADE
import RawHTTP
import Synchronization
import Testing

@testable import DensityService

// MARK: - What is no file

/// Pipes, sockets and devices under the names of models: none is opened, so that nobody waits, and each is named.
@Test func whatIsNoRegularFileIsRefusedByName() throws {
    var kinds = ["pipe.safetensors": "pipe", "m/2/model.safetensors": "pipe", "socket.safetensors": "socket"]
    let service = try TestService(
        [randomModel("good", variables: 3)],
        layout: { folder in
            let path = { (name: String) in folder.appendingPathComponent(name).path }
            try writeVersion("1", of: "m", in: folder, seed: 1)
            try FileManager.default.createDirectory(atPath: path("m/2"), withIntermediateDirectories: true)
            #expect(mkfifo(path("pipe.safetensors"), 0o600) == 0 && mkfifo(path("m/2/model.safetensors"), 0o600) == 0)
            try makeSocket(path("socket.safetensors"))
            // Of /dev/null; only root may make one.
            if mknod(path("device.safetensors"), S_IFCHR | 0o600, 0x103) == 0 {
                kinds["device.safetensors"] = "device"
            }
        })
    let failed = try service.list().filter { $0.state == "failed" }
    #expect(failed.count == kinds.count)
    for (place, kind) in kinds {
        let reason = "\(place): cannot be read: it is a \(kind), not a regular file"
        #expect(failed.contains { $0.reason == reason }, "\(failed)")
    }
    #expect(try service.states().filter { $0.hasSuffix("ready") } == ["good 1 ready", "m 1 ready"])
    let reloaded = try service.post("/models/pipe/reload", "")
    #expect(reloaded.status == 422 && reloaded.text.contains("it is a pipe, not a regular file"), "\(reloaded.text)")
    for place in kinds.keys {
        let path = service.path(place)
        let error = #expect(throws: ServiceError.self) { try Service(models: [path], options: ServiceOptions()) }
        #expect(error?.description.hasPrefix("\(path): cannot be read: it is a ") == true)
    }
}

private func makeSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(bound == 0)
}

// MARK: - What does not answer

/// Files and folders as a disk gives them that may stop to answer.
private final class Disk: Sendable {
    private let stuck = Mutex<[String: DispatchSemaphore]>([:])

    var source: ModelReader.Source {
        var source = ModelReader.Source()
        source.files = { (folder) throws(ServiceError) in
            self.pass(folder)
            return try ModelFile.all(in: folder)
        }
        source.checkpoint = { (path) throws(CheckpointError) in
            self.pass(path)
            return try CheckpointFile(path)
        }
        return source
    }

    /// Signalled by each question that gets no answer.
    let isAsked = DispatchSemaphore(value: 0)

    func stop(_ path: String) { stuck.withLock { $0[path] = DispatchSemaphore(value: 0) } }

    func goOn(_ path: String) {
        let semaphore = stuck.withLock { $0.removeValue(forKey: path) }
        for _ in 0..<100 { semaphore?.signal() }
    }

    private func pass(_ path: String) {
        guard let semaphore = stuck.withLock({ $0[path] }) else { return }
        isAsked.signal()
        semaphore.wait()
    }
}

private struct Shelf {
    let folder: URL
    let disk = Disk()

    init(_ names: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in names { try write(name, version: "1") }
    }

    func path(_ name: String) -> String { folder.appendingPathComponent("\(name).safetensors").path }

    func write(_ name: String, version: String) throws {
        var model = randomModel(name, variables: 3)
        model.version = version
        try Checkpoint.write(model, to: path(name))
    }

    func registry(
        _ paths: [String]? = nil, secondsMax: Double = 3600, source: ModelReader.Source? = nil
    ) throws -> Registry {
        try Registry(
            paths: paths ?? [folder.path], defaultName: nil, mayBeEmpty: false,
            environment: LoadedModel.Environment(
                activation: nil, weights: .fp32, loopCount: 1,
                limits: WorkerQueue.Limits(
                    workerCount: 1, batchRowsMax: 16, waitingRowsMax: 16, waitNanosecondsMax: 1_000_000_000,
                    delay: .zero),
                pending: DispatchGroup(), metrics: Metrics(), driftRows: 0, readSecondsMax: secondsMax),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { queue, environment in
            ModelReader(
                queue: queue, secondsMax: environment.readSecondsMax, slowSeconds: 0, source: source ?? disk.source)
        }
    }
}

extension Registry {
    /// Reads a model again and waits for what comes of it: its version, or why not.
    fileprivate func reloaded(_ name: String) -> String {
        let isOver = DispatchSemaphore(value: 0)
        let outcome = Mutex("")
        reload(name) { result in
            outcome.withLock {
                switch result {
                case .success(let model): $0 = model.card.version
                case .failure(let problem): $0 = problem.detail
                }
            }
            isOver.signal()
        }
        isOver.wait()
        return outcome.withLock { $0 }
    }

    fileprivate func refreshed(_ scope: Scope) {
        let isOver = DispatchSemaphore(value: 0)
        queue.async { self.refresh(scope) { _ in isOver.signal() } }
        isOver.wait()
    }

    fileprivate func version(of name: String) -> String? { snapshot.entry(named: name)?.model?.card.version }
}

@Test func aFileThatDoesNotAnswerHoldsUpNoOther() throws {
    let shelf = try Shelf(["a", "b", "c"])
    defer { try? FileManager.default.removeItem(at: shelf.folder) }
    let registry = try shelf.registry()
    for name in ["a", "b", "c"] { try shelf.write(name, version: "2") }
    shelf.disk.stop(shelf.path("a"))
    let isOver = DispatchSemaphore(value: 0)
    registry.reload("a") { _ in isOver.signal() }
    shelf.disk.isAsked.wait()
    #expect(registry.reloaded("b") == "2")
    // It is asked once, however often somebody wants it.
    #expect(registry.reloaded("a").contains("a.safetensors: cannot be read: it has been asked before"))
    #expect(registry.version(of: "a") == "1", "the old one serves")
    registry.refreshed(.all)
    #expect(registry.version(of: "c") == "2" && registry.version(of: "a") == "1")
    shelf.disk.goOn(shelf.path("a"))
    isOver.wait()
    #expect(registry.version(of: "a") == "2")
}

@Test func aFileThatDoesNotAnswerInTimeHasFailedAndTheOthersServe() throws {
    let shelf = try Shelf(["a", "b"])
    defer { try? FileManager.default.removeItem(at: shelf.folder) }
    shelf.disk.stop(shelf.path("a"))
    let registry = try shelf.registry(secondsMax: 2)
    #expect(registry.version(of: "a") == nil && registry.version(of: "b") == "1")
    #expect(
        registry.snapshot.entry(named: "a")?.versions.first?.failure?.shown
            == "a.safetensors: cannot be read: its disk did not answer within 2 s (model-read-seconds-max)")
    shelf.disk.goOn(shelf.path("a"))
    // It is free for the next question when the late answer has come.
    var outcome = registry.reloaded("a")
    while outcome.contains("asked before") { outcome = registry.reloaded("a") }
    #expect(outcome == "1")
    shelf.disk.stop(shelf.path("b"))
    defer { shelf.disk.goOn(shelf.path("b")) }
    #expect(throws: ServiceError.self) { try shelf.registry([shelf.path("b")], secondsMax: 0.01) }
}

@Test func aFolderThatDoesNotAnswerHoldsUpNoOther() throws {
    let (shelf, other) = (try Shelf(["a"]), try Shelf(["b"]))
    defer { for folder in [shelf.folder, other.folder] { try? FileManager.default.removeItem(at: folder) } }
    let registry = try shelf.registry([shelf.folder.path, other.path("b")])
    for (shelf, name) in [(shelf, "a"), (other, "b")] { try shelf.write(name, version: "2") }
    shelf.disk.stop(shelf.folder.path)
    registry.reloadAll()
    shelf.disk.isAsked.wait()
    #expect(registry.reloaded("b") == "2")
    #expect(registry.reloaded("a") == "the model stays as it was: the folder of the models cannot be read")
    #expect(registry.version(of: "a") == "1")
    shelf.disk.goOn(shelf.folder.path)
    while registry.version(of: "a") != "2" { sched_yield() }
}

// MARK: - What changes meanwhile

/// A file that another one replaces while it is loaded is followed by the other, wherever it was named.
@Test(arguments: [true, false])
func aFileThatIsReplacedWhileItIsReadIsReadAgain(isNamed: Bool) throws {
    let shelf = try Shelf(["a"])
    defer { try? FileManager.default.removeItem(at: shelf.folder) }
    let isFirst = Mutex(true)
    var source = ModelReader.Source()
    source.checkpoint = { (path) throws(CheckpointError) in
        let file = try CheckpointFile(path)
        let wasFirst = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        if wasFirst { #expect(throws: Never.self) { try shelf.write("a", version: "2") } }
        return file
    }
    let registry = try shelf.registry([isNamed ? shelf.path("a") : shelf.folder.path], source: source)
    if !isNamed {
        #expect(registry.version(of: "a") == "1")
        registry.refreshed(.changed([]))
    }
    #expect(registry.version(of: "a") == "2")
}
