internal import Dispatch
internal import Glibc
internal import Logging
internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

/// The models that are served, by name and version.
///
/// Requests read a snapshot. All changes are made on one queue, one after the other: a file is read, checked and tried out
/// there, beside what serves, and put in its place in a moment.
final class Registry: Sendable {
    /// Why a file does not serve.
    enum Failure: Sendable, Equatable {
        /// It cannot be read, or holds no model that can serve; the first text is for the log, the second for clients.
        case unusable(String, shown: String)
        /// Another file holds this version.
        case duplicate(String)
        /// It was asked to be taken out of service.
        case unloaded

        /// One line for clients, without the paths that lead to the models.
        var shown: String {
            switch self {
            case .unusable(_, let shown), .duplicate(let shown): shown
            case .unloaded: "unloaded"
            }
        }
    }

    /// One file, and what became of it.
    struct Version: Sendable {
        var file: ModelFile
        /// What requests call it; nil of a file that was never read.
        var number: String?
        /// What serves.
        var model: LoadedModel?
        /// What the last attempt to read the file came to; beside a model, that is the one from before.
        var failure: Failure?
        /// The file as it was read then; where it could not be read, as its folder had it.
        var identity: FileIdentity?

        var state: State {
            if model != nil { return .ready }
            return failure == nil ? .loading : .failed
        }
    }

    enum State: String {
        case ready, loading, failed
    }

    /// A model.
    struct Entry: Sendable {
        var name: String
        /// The newest first.
        var versions: [Version]

        /// What answers requests that ask for no version: the newest that is ready.
        var model: LoadedModel? { versions.first { $0.model != nil }?.model }
        /// All that are ready, the oldest first.
        var models: [LoadedModel] { versions.reversed().compactMap(\.model) }
    }

    /// All models at one moment.
    struct Snapshot: Sendable {
        /// By name, ascending.
        var entries: [Entry] = []
        /// The model of a request that names none.
        var defaultName: String?
        /// Everything that was there at the start has been read.
        fileprivate var isWhole = false

        var hasReadyModel: Bool { entries.contains { $0.model != nil } }

        /// Whether it answers requests that name no model.
        func isDefault(_ model: LoadedModel) -> Bool {
            model.card.name == defaultName && entry(named: model.card.name)?.model === model
        }

        func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

        /// The model of a request; `name` is nil where it names none.
        ///
        /// - Throws: 404 where there is no such model or version, 503 where it is not ready.
        func model(named name: String?, version: String? = nil) throws(Problem) -> LoadedModel {
            let entry = try entry(ofRequestFor: name)
            guard let version else {
                guard let model = entry.model else {
                    throw Problem(503, "the model \(quoted(entry.name)) is not ready", retryAfter: 5)
                }
                return model
            }
            guard let found = entry.versions.first(where: { $0.number == version }) else {
                let known = entry.versions.compactMap(\.number).map { quoted($0) }.joined(separator: ", ")
                throw Problem(
                    404, "the model \(quoted(entry.name)) has no version \(quoted(version)); it has \(known)")
            }
            guard let model = found.model else {
                throw Problem(
                    503, "version \(quoted(version)) of the model \(quoted(entry.name)) is not ready", retryAfter: 5)
            }
            return model
        }

        /// - Throws: 404 where there is no such model, 503 where there is none at all.
        func entry(ofRequestFor name: String?) throws(Problem) -> Entry {
            guard !entries.isEmpty else { throw Problem(503, "no model is loaded", retryAfter: 5) }
            guard let name = name ?? defaultName else {
                throw Problem(
                    404,
                    "several models are served and none is the default; use /models/{model}/… with one of "
                        + entries.map(\.name).joined(separator: ", "))
            }
            guard let entry = entry(named: name) else {
                throw Problem(
                    404, "no model is called \(quoted(name))\(suggestion(for: name, among: entries.lazy.map(\.name)))")
            }
            return entry
        }
    }

    /// Where models come from.
    struct Sources: Sendable {
        /// Files that were named themselves.
        var files: [ModelFile] = []
        /// Folders whose files are served.
        var folders: [String] = []
    }

    let sources: Sources
    let environment: LoadedModel.Environment
    let logger: Logger
    /// Where all changes are made; nothing on it waits for a disk.
    let queue: DispatchQueue
    let reader: ModelReader
    private let state: Mutex<Snapshot>
    private let configuredName: String?

    var snapshot: Snapshot { state.withLock { $0 } }

    /// Loads every path; a folder stands for the models in it.
    ///
    /// - Parameter mayBeEmpty: models may come later.
    /// - Throws: a line for the user where a path holds no model, two models have one name and version, the default does
    ///   not exist, or none of them can serve.
    init(
        paths: [String], defaultName: String?, mayBeEmpty: Bool, environment: LoadedModel.Environment, logger: Logger,
        makeReader: (DispatchQueue, LoadedModel.Environment) -> ModelReader = { queue, environment in
            ModelReader(queue: queue, secondsMax: environment.readSecondsMax)
        }
    ) throws(ServiceError) {
        self.environment = environment
        self.logger = logger
        configuredName = defaultName
        let queue = DispatchQueue(label: "made.models")
        let reader = makeReader(queue, environment)
        (self.queue, self.reader) = (queue, reader)
        var sources = Sources()
        var versions: [Version] = []
        for path in paths {
            if try reader.isFolder(path) {
                sources.folders.append(path)
                continue
            }
            let version = try Self.firstVersion(in: path, reader: reader, environment: environment)
            sources.files.append(version.file)
            versions.append(version)
        }
        self.sources = sources
        state = Mutex(Snapshot(entries: Self.entries(of: versions)))
        for version in versions { log(version, isNew: true) }
        for folder in sources.folders where try reader.files(in: folder).isEmpty && !mayBeEmpty {
            throw ServiceError(
                "\(folder): the folder holds neither NAME.safetensors nor NAME/VERSION/model.safetensors")
        }
        let isRead = DispatchSemaphore(value: 0)
        queue.asyncAnywhere {
            self.refresh(.changed([])) { _ in
                self.state.withLock { $0.isWhole = true }
                self.change { _ in }
                isRead.signal()
            }
        }
        isRead.wait()
        try checkStart(versions, paths: paths, mayBeEmpty: mayBeEmpty)
    }

    /// Changes what is served, in a moment. On the queue.
    func change(_ edit: (inout [Version]) -> Void) {
        dispatchPrecondition(condition: .onQueue(queue))
        state.withLock { snapshot in
            var versions = snapshot.entries.flatMap(\.versions)
            edit(&versions)
            snapshot.entries = Self.entries(of: versions)
            snapshot.defaultName = defaultName(of: snapshot)
        }
    }

    /// The one that the configuration names; else the one that it was, the only one, or the bundled one.
    private func defaultName(of snapshot: Snapshot) -> String? {
        if let configuredName { return configuredName }
        guard snapshot.isWhole else { return nil }
        if let name = snapshot.defaultName, snapshot.entry(named: name) != nil { return name }
        if snapshot.entries.count == 1 { return snapshot.entries[0].name }
        return snapshot.entry(named: BundledModels.defaultName)?.name
    }

    private static func entries(of versions: [Version]) -> [Entry] {
        let models = Dictionary(grouping: versions) { $0.file.name ?? "" }
        return models.map { name, versions in
            Entry(name: name, versions: versions.sorted { isOlder($1.number ?? "", than: $0.number ?? "") })
        }.sorted { $0.name < $1.name }
    }

    private static func firstVersion(
        in path: String, reader: ModelReader, environment: LoadedModel.Environment
    ) throws(ServiceError) -> Version {
        var file = ModelFile(path: path)
        do {
            let checkpoint = try reader.checkpoint(at: path)
            let model = try LoadedModel(file: file, checkpoint: checkpoint, environment: environment)
            file.name = model.card.name
            return Version(file: file, number: model.card.version, model: model, identity: checkpoint.identity)
        } catch {
            throw ServiceError(error.description)
        }
    }

    private func checkStart(_ named: [Version], paths: [String], mayBeEmpty: Bool) throws(ServiceError) {
        for (index, version) in named.enumerated() {
            let same = named[..<index].first { $0.file.name == version.file.name && $0.number == version.number }
            guard let same else { continue }
            throw ServiceError(
                "two models are called '\(version.file.name ?? "")': \(same.file.path) and \(version.file.path)")
        }
        let entries = snapshot.entries
        let failures = entries.flatMap(\.versions).compactMap(\.failure)
        for case .duplicate(let reason) in failures { throw ServiceError(reason) }
        if let configuredName, snapshot.entry(named: configuredName) == nil {
            throw ServiceError(
                "no model is called '\(configuredName)', which shall be the default\(suggestion(for: configuredName, among: entries.map(\.name)))"
            )
        }
        if entries.contains(where: { $0.model != nil }) { return }
        if mayBeEmpty {
            logger.warning("no model to serve yet in \(paths.joined(separator: ", ")); waiting for one (watch-models)")
            return
        }
        if case .unusable(let reason, _) = failures.first { throw ServiceError(reason) }
        throw ServiceError("no model to serve in \(paths.joined(separator: ", "))")
    }
}

/// Why the service cannot start; one line for the person at the terminal.
public struct ServiceError: Error, CustomStringConvertible {
    /// What is wrong, and where.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
