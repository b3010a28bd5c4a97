internal import Dispatch
internal import Glibc
internal import Logging
internal import Microhttpd

/// Has the registry read what changes in its folders of models, through inotify.
///
/// `@unchecked Sendable`: everything is touched on `queue` only, from the end of `init` on. It is a queue of its own: a disk
/// that does not answer holds up the watch, and not the registry.
final class ModelWatch: @unchecked Sendable {
    /// Writing is over, or a name came, went or changed.
    private static let settling =
        UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_CREATE) | UInt32(IN_DELETE)
        | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
    private static let everything = settling | UInt32(IN_MODIFY)
    /// Folders are read when nothing has changed for so long, or when it has gone on changing for the longer time.
    private static let quietMilliseconds = 200
    private static let patienceMilliseconds: UInt64 = 2000

    private let registry: Registry
    private let queue = DispatchQueue(label: "made.watch")
    private let descriptor: Int32
    private let source: any DispatchSourceRead
    private let timer: any DispatchSourceTimer
    /// Watched folders by inotify's number.
    private var folders: [Int32: String] = [:]
    /// Folders that hold a served folder, by inotify's number: a served folder itself may be replaced.
    private var parents: [Int32: String] = [:]
    /// Files that were touched since the folders were last read.
    private var touched: Set<String> = []
    /// Files that somebody writes to and has not closed.
    private var unfinished: Set<String> = []
    /// Events were lost.
    private var hasLost = false
    /// What went wrong when the folders were first watched.
    private var failure: String?
    /// Of the first event since the folders were last read.
    private var firstChange: UInt64?

    /// - Throws: a line for the user where the system gives no watch.
    init(_ registry: Registry) throws(ServiceError) {
        self.registry = registry
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else {
            throw ServiceError("cannot watch the models: \(String(cString: strerror(errno)))")
        }
        let descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setCancelHandler { close(descriptor) }
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setHandlerAnywhere { [weak self] in self?.refresh() }
        source.setHandlerAnywhere { [weak self] in self?.readEvents() }
        timer.resume()
        source.resume()
        // What changed since the models were loaded is found by reading the folders again after they are watched.
        let isWatched = DispatchSemaphore(value: 0)
        queue.asyncAnywhere {
            self.failure = self.watchFolders()
            self.refresh()
            isWatched.signal()
        }
        let seconds = registry.environment.readSecondsMax
        guard isWatched.wait(timeout: .now() + seconds) == .success else {
            throw ServiceError(
                "cannot watch the models: their disk did not answer within \(Setting.plain(seconds)) s "
                    + "(model-read-seconds-max)")
        }
        if let failure = queue.sync(execute: { self.failure }) {
            throw ServiceError("cannot watch the models: \(failure)")
        }
    }

    deinit {
        source.cancel()
        timer.cancel()
    }

    private func refresh() {
        firstChange = nil
        if let failure = watchFolders() {
            registry.logger.error("folder not watched", metadata: ["reason": "\(failure)"])
        }
        let scope = hasLost ? Registry.Scope.all : .changed(touched)
        if hasLost { unfinished = [] }
        hasLost = false
        touched.subtract(unfinished)
        registry.queue.asyncAnywhere { [registry, unfinished] in registry.refresh(scope, unfinished: unfinished) }
        touched = touched.intersection(unfinished)
    }

    /// Watches all folders there are now, and no others; what went wrong, if anything did.
    private func watchFolders() -> String? {
        var failure: String?
        let watch = { [descriptor] (path: String, events: UInt32) -> Int32? in
            let number = inotify_add_watch(descriptor, path, events | UInt32(IN_ONLYDIR))
            // A folder that has gone meanwhile is somebody else's news.
            if number < 0, errno != ENOENT, errno != ENOTDIR {
                failure = "\(path): \(String(cString: strerror(errno)))"
            }
            return number < 0 ? nil : number
        }
        var nextFolders: [Int32: String] = [:]
        var nextParents: [Int32: String] = [:]
        for root in registry.sources.folders {
            if let number = watch(Self.parent(of: root), UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)) {
                nextParents[number] = root
            }
            for folder in ModelFile.folders(of: root) {
                if let number = watch(folder, Self.everything) { nextFolders[number] = folder }
            }
        }
        for number in Set(folders.keys).union(parents.keys)
        where nextFolders[number] == nil && nextParents[number] == nil {
            inotify_rm_watch(descriptor, number)
        }
        (folders, parents) = (nextFolders, nextParents)
        return failure
    }

    private static func parent(of path: String) -> String {
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    private func readEvents() {
        var hasNews = false
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var place = 0
                while place < count {
                    let event = buffer.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
                    place += MemoryLayout<inotify_event>.size
                    let name = buffer[place..<place + Int(event.len)].prefix { $0 != 0 }
                    place += Int(event.len)
                    if note(event, name: String(decoding: name, as: UTF8.self)) { hasNews = true }
                }
            }
        }
        if hasNews { schedule() }
    }

    /// Whether the event may change what is to be served.
    private func note(_ event: inotify_event, name: String) -> Bool {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
            hasLost = true
            return true
        }
        if let folder = folders[event.wd] {
            let path = ModelFile.joined(folder, name)
            if event.mask & UInt32(IN_MODIFY) != 0 {
                unfinished.insert(path)
                return false
            }
            let isClosed = UInt32(IN_CLOSE_WRITE) | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM) | UInt32(IN_MOVED_TO)
            if event.mask & isClosed != 0 { unfinished.remove(path) }
            touched.insert(path)
            return true
        }
        // A parent holds much that is not ours.
        guard let root = parents[event.wd] else { return false }
        return name == root.split(separator: "/").last.map(String.init)
    }

    private func schedule() {
        let now = monotonicNanoseconds()
        let first = firstChange ?? now
        firstChange = first
        let left = Self.patienceMilliseconds - min(Self.patienceMilliseconds, (now - first) / 1_000_000)
        timer.schedule(deadline: .now() + .milliseconds(min(Self.quietMilliseconds, Int(left))))
    }
}
