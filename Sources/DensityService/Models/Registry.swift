internal import Glibc
internal import MADE
internal import Synchronization

/// The models that are served, by name.
final class Registry: Sendable {
    /// What became of one file.
    enum State: Sendable {
        case ready(LoadedModel)
        /// Why not; one line.
        case failed(String)
    }

    struct Entry: Sendable {
        var name: String
        var path: String
        var state: State

        var model: LoadedModel? {
            if case .ready(let model) = state { return model }
            return nil
        }
    }

    /// All models at one moment.
    struct Snapshot: Sendable {
        /// By name, ascending.
        var entries: [Entry]
        /// The model of a request that names none.
        var defaultName: String?
        /// Grows with every change.
        var generation = 0

        var hasReadyModel: Bool { entries.contains { $0.model != nil } }

        /// The model of a request; `name` is nil where it names none.
        ///
        /// - Throws: 404 where there is no such model, 503 where it is not ready.
        func model(named name: String?, version: String? = nil) throws(Problem) -> LoadedModel {
            guard !entries.isEmpty else { throw Problem(503, "no model is loaded", retryAfter: 5) }
            guard let name = name ?? defaultName else {
                throw Problem(
                    404,
                    "several models are served and none is the default; use /models/{model}/… with one of "
                        + entries.map(\.name).joined(separator: ", "))
            }
            guard let entry = entries.first(where: { $0.name == name }) else {
                throw Problem(
                    404, "no model is called \(quoted(name))\(suggestion(for: name, among: entries.lazy.map(\.name)))")
            }
            guard let model = entry.model else {
                throw Problem(503, "the model \(quoted(name)) is not ready", retryAfter: 5)
            }
            if let version, version != model.card.version {
                throw Problem(
                    404,
                    "the model \(quoted(entry.name)) has no version \(quoted(version)); served is \(quoted(model.card.version))"
                )
            }
            return model
        }
    }

    private let state: Mutex<Snapshot>
    private let environment: LoadedModel.Environment

    var snapshot: Snapshot { state.withLock { $0 } }

    /// Loads every path; a directory stands for the checkpoints in it.
    ///
    /// - Throws: a line for the user where a path holds no model, two models have one name, the default does not exist, or
    ///   none of them can serve.
    init(paths: [String], defaultName: String?, environment: LoadedModel.Environment) throws(ServiceError) {
        var entries: [Entry] = []
        for path in paths {
            for file in try Self.checkpoints(at: path) {
                let entry = Self.load(file, environment: environment)
                if case .failed(let reason) = entry.state, file == path { throw ServiceError(reason) }
                if let other = entries.first(where: { $0.name == entry.name }) {
                    throw ServiceError("two models are called '\(entry.name)': \(other.path) and \(file)")
                }
                entries.append(entry)
            }
        }
        entries.sort { $0.name < $1.name }
        if let defaultName, !entries.contains(where: { $0.name == defaultName }) {
            throw ServiceError(
                "no model is called '\(defaultName)', which shall be the default\(suggestion(for: defaultName, among: entries.map(\.name)))"
            )
        }
        if !entries.contains(where: { $0.model != nil }) {
            let reasons = entries.compactMap { entry -> String? in
                if case .failed(let reason) = entry.state { return reason }
                return nil
            }
            throw ServiceError(reasons.first ?? "no model to serve in \(paths.joined(separator: ", "))")
        }
        self.environment = environment
        let implied = entries.count == 1 ? entries.first : entries.first { $0.name == BundledModels.defaultName }
        state = Mutex(Snapshot(entries: entries, defaultName: defaultName ?? implied?.name))
    }

    /// Reads a model's file again and serves what it holds now; where that fails the old one stays.
    func reload(_ name: String) throws(Problem) -> LoadedModel {
        guard let entry = snapshot.entries.first(where: { $0.name == name }) else {
            throw Problem(404, "no model is called \(quoted(name))")
        }
        let loaded = Self.load(entry.path, environment: environment)
        switch loaded.state {
        case .failed(let reason): throw Problem(422, "the model stays as it was: \(reason)")
        case .ready(let model):
            guard model.card.name == name else {
                throw Problem(422, "the model stays as it was: the file now holds \(quoted(model.card.name))")
            }
            state.withLock { snapshot in
                guard let index = snapshot.entries.firstIndex(where: { $0.name == name }) else { return }
                snapshot.entries[index].state = loaded.state
                snapshot.generation += 1
            }
            return model
        }
    }

    /// Takes a model out of service; requests that it has taken are answered.
    func unload(_ name: String) throws(Problem) {
        let isKnown = state.withLock { snapshot in
            guard let index = snapshot.entries.firstIndex(where: { $0.name == name }) else { return false }
            snapshot.entries[index].state = .failed(Self.unloaded)
            snapshot.generation += 1
            return true
        }
        guard isKnown else { throw Problem(404, "no model is called \(quoted(name))") }
    }

    /// The reason why a model that was taken out of service does not serve.
    static let unloaded = "unloaded"

    private static func load(_ path: String, environment: LoadedModel.Environment) -> Entry {
        do {
            let model = try LoadedModel(path: path, environment: environment)
            return Entry(name: model.card.name, path: path, state: .ready(model))
        } catch {
            return Entry(name: stem(of: path), path: path, state: .failed(error.description))
        }
    }

    /// The files that a path stands for: itself, or the checkpoints of a directory in the order of their names.
    private static func checkpoints(at path: String) throws(ServiceError) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ServiceError("\(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let directory = opendir(path) else {
            throw ServiceError("\(path): \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasSuffix(".safetensors"), !name.hasPrefix(".") { names.append(name) }
        }
        guard !names.isEmpty else { throw ServiceError("\(path): the directory holds no .safetensors file") }
        return names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }

    private static func stem(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".safetensors") ? String(name.dropLast(".safetensors".count)) : name
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
