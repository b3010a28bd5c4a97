internal import Dispatch
internal import Logging
internal import MADE
internal import MADERows
internal import Microhttpd

extension Registry {
    /// Which files to read.
    enum Scope {
        /// All.
        case all
        /// Those of one model, also where it was taken out of service.
        case model(String)
        /// New ones, those that are not what they were, and these.
        case changed(Set<String>)
    }

    /// Reads a model's files again and serves what they hold now; what fails stays as it was. `then` is called on the
    /// queue, with what answers requests for the model.
    func reload(_ name: String, then: @escaping @Sendable (Result<LoadedModel, Problem>) -> Void) {
        queue.asyncAnywhere {
            let failures = self.refresh(.model(name))
            then(Result { () throws(Problem) in try self.outcome(of: name, failures) })
        }
    }

    /// Reads all files again, and finds new ones and those that are gone; returns at once.
    func reloadAll() {
        queue.asyncAnywhere { _ = self.refresh(.all) }
    }

    /// Takes all versions of a model out of service; requests that they have taken are answered.
    func unload(_ name: String, then: @escaping @Sendable (Result<Void, Problem>) -> Void) {
        queue.asyncAnywhere {
            guard self.snapshot.entry(named: name) != nil else {
                return then(.failure(Problem(404, "no model is called \(quoted(name))")))
            }
            self.change { versions in
                for index in versions.indices where versions[index].file.name == name {
                    versions[index].model = nil
                    versions[index].failure = .unloaded
                }
            }
            self.logger.info("model unloaded", metadata: ["model": "\(name)"])
            then(.success(()))
        }
    }

    /// Reads the files that `scope` says, but those in `unfinished`, one after the other. On the queue.
    ///
    /// - Returns: what failed, a line each for clients.
    func refresh(_ scope: Scope, unfinished: Set<String> = []) -> [String] {
        dispatchPrecondition(condition: .onQueue(queue))
        var files = sources.files
        var failures: [String] = []
        var unreadable: Set<String> = []
        for folder in sources.folders {
            do {
                files += try ModelFile.all(in: folder)
            } catch {
                unreadable.insert(folder)
                failures.append("the folder of the models cannot be read")
                logger.error("folder not read; its models stay as they were", metadata: ["reason": "\(error)"])
            }
        }
        retire(allBut: Set(files.map(\.path)), scope: scope, unreadable: unreadable, failures: &failures)
        for file in files where !unfinished.contains(file.path) && isDue(file, scope) {
            if let failure = load(file) { failures.append(failure) }
            // Of reading it, and of models that were replaced.
            releaseFreeMemory()
        }
        return failures
    }

    private func outcome(of name: String, _ failures: [String]) throws(Problem) -> LoadedModel {
        let entry = try snapshot.entry(ofRequestFor: name)
        if !failures.isEmpty {
            throw Problem(422, "the model stays as it was: \(failures.joined(separator: "; "))")
        }
        guard let model = entry.model else { throw Problem(422, "the model has no file that can be served") }
        return model
    }

    private func isDue(_ file: ModelFile, _ scope: Scope) -> Bool {
        let entry = file.name.flatMap { snapshot.entry(named: $0) }
        let isUnloaded = entry?.versions.allSatisfy { $0.failure == .unloaded } ?? false
        let known = entry?.versions.first { $0.file.path == file.path }
        switch scope {
        case .model(let name): return file.name == name
        case .all: return !isUnloaded
        case .changed(let paths):
            guard let known else { return !isUnloaded }
            return !isUnloaded
                && (paths.contains(file.path) || known.identity.map { $0 != FileIdentity(of: file.path) } ?? true)
        }
    }

    /// Takes out of service what is no longer in its folder.
    private func retire(allBut paths: Set<String>, scope: Scope, unreadable: Set<String>, failures: inout [String]) {
        let gone = snapshot.entries.flatMap(\.versions).filter { version in
            guard let folder = version.file.folder, !paths.contains(version.file.path) else { return false }
            if case .model(let name) = scope, version.file.name != name { return false }
            return !unreadable.contains(folder)
        }
        guard !gone.isEmpty else { return }
        if case .model(let name) = scope, gone.count == snapshot.entry(named: name)?.versions.count {
            // Who asks for a model to be read again does not ask for it to go away.
            return failures += gone.map { "\($0.file.shownPath): No such file or directory" }
        }
        let gonePaths = Set(gone.map(\.file.path))
        change { versions in versions.removeAll { gonePaths.contains($0.file.path) } }
        for version in gone {
            logger.info("model retired: its file is gone", metadata: metadata(of: version.file, version.number))
        }
    }

    /// Reads a file, and serves it where that went well; else says why not.
    private func load(_ file: ModelFile) -> String? {
        let known = snapshot.entries.lazy.flatMap(\.versions).first { $0.file.path == file.path }
        var version = known ?? Version(file: file, number: file.version)
        if version.model == nil {
            version.failure = nil
            put(version)
        }
        version.identity = FileIdentity(of: file.path)
        do throws(LoadedModel.LoadError) {
            let model = try LoadedModel(file: file, heirOf: version.model, environment: environment)
            // Half of one file and half of another may look like a whole.
            guard version.identity == FileIdentity(of: file.path) else {
                throw LoadedModel.LoadError(description: "\(file.path): it was written to while it was read")
            }
            version.failure = duplicate(of: model, in: file)
            if version.failure == nil {
                version.model = model
                version.number = model.card.version
            }
        } catch {
            version.failure = .unusable(
                error.description, shown: error.description.replacing(file.path, with: file.shownPath))
        }
        put(version)
        log(version, isNew: known?.model == nil)
        return version.failure?.shown
    }

    private func put(_ version: Version) {
        change { versions in
            if let index = versions.firstIndex(where: { $0.file.path == version.file.path }) {
                versions[index] = version
            } else {
                versions.append(version)
            }
        }
    }

    private func duplicate(of model: LoadedModel, in file: ModelFile) -> Failure? {
        let others = snapshot.entry(named: model.card.name)?.versions ?? []
        let other = others.first { $0.file.path != file.path && $0.number == model.card.version }
        return other.map { other in
            .duplicate(
                "two models are called '\(model.card.name)' and have version '\(model.card.version)': \(other.file.shownPath) and \(file.shownPath)"
            )
        }
    }

    private func log(_ version: Version, isNew: Bool) {
        environment.metrics.countLoad(succeeded: version.failure == nil)
        var fields = metadata(of: version.file, version.number)
        switch version.failure {
        case nil:
            if let model = version.model { fields["sha256"] = "\(model.digest)" }
            logger.info(isNew ? "model ready" : "model reloaded", metadata: fields)
        case .unusable(let reason, _), .duplicate(let reason):
            fields["reason"] = "\(reason)"
            logger.error(
                version.model == nil ? "model failed" : "model not reloaded: the old one stays", metadata: fields)
        case .unloaded: break
        }
    }

    private func metadata(of file: ModelFile, _ version: String?) -> Logger.Metadata {
        var fields: Logger.Metadata = ["model": "\(file.name ?? "")"]
        if let version { fields["version"] = "\(version)" }
        return fields
    }
}
