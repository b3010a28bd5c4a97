internal import Dispatch
internal import MADE

/// One reading of the registry's files. On the registry's queue only, hence `@unchecked Sendable`.
final class RegistryPass: @unchecked Sendable {
    let scope: Registry.Scope
    let unfinished: Set<String>
    /// Those that are still to be read.
    var files: ArraySlice<FoundFile> = []
    /// Those that are being read.
    var pendingCount = 0
    /// What failed, a line each for clients.
    var failures: [String] = []
    private var then: (@Sendable ([String]) -> Void)?

    init(scope: Registry.Scope, unfinished: Set<String>, then: @escaping @Sendable ([String]) -> Void) {
        self.scope = scope
        self.unfinished = unfinished
        self.then = then
    }

    var isOver: Bool { files.isEmpty && pendingCount == 0 }

    func finish() {
        then?(failures)
        then = nil
    }
}

/// A model's file, as its folder has it.
struct FoundFile: Sendable {
    var file: ModelFile
    var identity: FileIdentity?
}

/// What was found in a folder of models, or of a file that was named itself.
struct Finding: Sendable {
    var place: String
    var files: [FoundFile] = []
    /// Why the folder could not be read.
    var failure: String?
}

/// True the first time that it is asked. On one queue only, hence `@unchecked Sendable`.
final class Once: @unchecked Sendable {
    private var wasAsked = false

    var isFirst: Bool {
        defer { wasAsked = true }
        return !wasAsked
    }
}

extension ModelReader {
    /// Whether there is a folder at `path`.
    ///
    /// - Throws: a line for the user where that cannot be told in time.
    func isFolder(_ path: String) throws(ServiceError) -> Bool {
        try value(of: path, wait(for: path) { ModelFile.isFolder(path) })
    }

    /// The models of a folder.
    ///
    /// - Throws: a line for the user where the folder cannot be read, or not in time.
    func files(in folder: String) throws(ServiceError) -> [ModelFile] {
        let source = source
        return try value(
            of: folder, wait(for: folder) { Result { () throws(ServiceError) in try source.files(folder) } }
        ).get()
    }

    /// A model's file.
    ///
    /// - Throws: why it cannot be read, or not in time.
    func checkpoint(at path: String) throws(LoadedModel.LoadError) -> CheckpointFile {
        let source = source
        return try Self.checkpoint(
            in: wait(for: path) { Result { () throws(CheckpointError) in try source.checkpoint(path) } }, at: path)
    }

    /// What an answer says of the file at `path`.
    static func checkpoint(
        in answer: Answer<Result<CheckpointFile, CheckpointError>>, at path: String
    ) throws(LoadedModel.LoadError) -> CheckpointFile {
        switch answer {
        case .value(.success(let checkpoint)): return checkpoint
        case .value(.failure(let error)): throw LoadedModel.LoadError(description: error.description)
        case .nothing(let reason): throw LoadedModel.LoadError(description: "\(path): cannot be read: \(reason)")
        }
    }

    private func value<Value>(of place: String, _ answer: Answer<Value>) throws(ServiceError) -> Value {
        switch answer {
        case .value(let value): return value
        case .nothing(let reason): throw ServiceError("\(place): \(reason)")
        }
    }

    /// Looks at all places of models at once, and gives what is there in their order, files before folders. On the queue.
    func find(_ sources: Registry.Sources, then: @escaping @Sendable ([Finding]) -> Void) {
        let search = Search(places: sources.files.map(\.path) + sources.folders, then: then)
        for (index, file) in sources.files.enumerated() {
            let identify = { @Sendable in FileIdentity(of: file.path) }
            ask("the facts of \(file.path)", identify) { answer in
                var found = FoundFile(file: file)
                if case .value(let identity) = answer { found.identity = identity }
                search.take(at: index) { $0.files = [found] }
            }
        }
        let source = source
        for (index, folder) in sources.folders.enumerated() {
            ask(folder) {
                Result { () throws(ServiceError) in
                    try source.files(folder).map { FoundFile(file: $0, identity: FileIdentity(of: $0.path)) }
                }
            } then: { answer in
                search.take(at: sources.files.count + index) { finding in
                    switch answer {
                    case .value(.success(let files)): finding.files = files
                    case .value(.failure(let error)): finding.failure = error.description
                    case .nothing(let reason): finding.failure = "\(folder): \(reason)"
                    }
                }
            }
        }
    }
}

/// What is known of the places that are being looked at. On the reader's queue only, hence `@unchecked Sendable`.
private final class Search: @unchecked Sendable {
    private var findings: [Finding]
    private var openCount: Int
    private let then: @Sendable ([Finding]) -> Void

    init(places: [String], then: @escaping @Sendable ([Finding]) -> Void) {
        findings = places.map { Finding(place: $0) }
        openCount = places.count
        self.then = then
        if places.isEmpty { then([]) }
    }

    func take(at index: Int, _ edit: (inout Finding) -> Void) {
        edit(&findings[index])
        openCount -= 1
        if openCount == 0 { then(findings) }
    }
}
