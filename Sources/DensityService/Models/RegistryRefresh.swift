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
            self.refresh(.model(name)) { failures in
                then(Result { () throws(Problem) in try self.outcome(of: name, failures) })
            }
        }
    }

    /// Reads all files again, and finds new ones and those that are gone; returns at once.
    func reloadAll() {
        queue.asyncAnywhere { self.refresh(.all) }
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
            self.releaseMemorySoon()
            self.logger.info("model unloaded", metadata: ["model": "\(name)"])
            then(.success(()))
        }
    }

    /// Reads the files that `scope` says, but those in `unfinished`, one after the other; one that is slow holds up no
    /// other. On the queue; returns at once.
    ///
    /// - Parameter then: called on the queue with what failed, a line each for clients.
    func refresh(
        _ scope: Scope, unfinished: Set<String> = [], then: @escaping @Sendable ([String]) -> Void = { _ in }
    ) {
        dispatchPrecondition(condition: .onQueue(queue))
        let pass = RegistryPass(scope: scope, unfinished: unfinished, then: then)
        reader.find(sources) { findings in
            for finding in findings {
                guard let reason = finding.failure else { continue }
                if self.mayHold(finding.place, filesOf: scope) {
                    pass.failures.append("the folder of the models cannot be read")
                }
                self.logger.error("folder not read; its models stay as they were", metadata: ["reason": "\(reason)"])
            }
            self.retire(allBut: findings, pass)
            pass.files =
                findings.flatMap(\.files).filter {
                    !unfinished.contains($0.file.path) && self.isDue($0, scope)
                }[...]
            self.loadNext(of: pass)
        }
    }

    /// Reads the next file of a pass, and those after it; all that were slow end the pass with the last.
    private func loadNext(of pass: RegistryPass) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard let found = pass.files.popFirst() else {
            if pass.pendingCount == 0 { pass.finish() }
            return
        }
        pass.pendingCount += 1
        noteLoading(found.file)
        // Whoever is called first, slow or done, goes on with the next.
        let goesOn = Once()
        let source = reader.source
        let read = { @Sendable in
            Result { () throws(CheckpointError) in try source.checkpoint(found.file.path) }
        }
        reader.ask(found.file.path, read) {
            if goesOn.isFirst { self.loadNext(of: pass) }
        } then: { answer in
            if let failure = self.load(found, answer) { pass.failures.append(failure) }
            pass.pendingCount -= 1
            if pass.isOver { self.releaseMemorySoon() }
            if goesOn.isFirst { self.loadNext(of: pass) } else if pass.isOver { pass.finish() }
        }
    }

    /// Gives back the memory of files that were read and of models that were replaced or unloaded, once whoever holds them
    /// yet, this pass and the requests under way, has let go.
    private func releaseMemorySoon() {
        queue.asyncAnywhere(after: .seconds(1)) { releaseFreeMemory() }
    }

    private func outcome(of name: String, _ failures: [String]) throws(Problem) -> LoadedModel {
        let entry = try snapshot.entry(ofRequestFor: name)
        if !failures.isEmpty {
            throw Problem(422, "the model stays as it was: \(failures.joined(separator: "; "))")
        }
        guard let model = entry.model else { throw Problem(422, "the model has no file that can be served") }
        return model
    }

    /// Whether a folder holds files that `scope` says, as far as is known.
    private func mayHold(_ folder: String, filesOf scope: Scope) -> Bool {
        guard case .model(let name) = scope, let entry = snapshot.entry(named: name) else { return true }
        return entry.versions.contains { $0.file.folder == folder }
    }

    private func isDue(_ found: FoundFile, _ scope: Scope) -> Bool {
        let file = found.file
        let entry = file.name.flatMap { snapshot.entry(named: $0) }
        let isUnloaded = entry?.versions.allSatisfy { $0.failure == .unloaded } ?? false
        let known = entry?.versions.first { $0.file.path == file.path }
        switch scope {
        case .model(let name): return file.name == name
        case .all: return !isUnloaded
        case .changed(let paths):
            guard let known else { return !isUnloaded }
            return !isUnloaded
                && (paths.contains(file.path) || known.identity.map { $0 != found.identity } ?? true)
        }
    }

    /// Takes out of service what is no longer in its folder.
    private func retire(allBut findings: [Finding], _ pass: RegistryPass) {
        let paths = Set(findings.flatMap(\.files).map(\.file.path))
        let unreadable = Set(findings.filter { $0.failure != nil }.map(\.place))
        let gone = snapshot.entries.flatMap(\.versions).filter { version in
            guard let folder = version.file.folder, !paths.contains(version.file.path) else { return false }
            if case .model(let name) = pass.scope, version.file.name != name { return false }
            return !unreadable.contains(folder)
        }
        guard !gone.isEmpty else { return }
        if case .model(let name) = pass.scope, gone.count == snapshot.entry(named: name)?.versions.count {
            // Who asks for a model to be read again does not ask for it to go away.
            return pass.failures += gone.map { "\($0.file.shownPath): No such file or directory" }
        }
        let gonePaths = Set(gone.map(\.file.path))
        change { versions in versions.removeAll { gonePaths.contains($0.file.path) } }
        for version in gone {
            logger.info("model retired: its file is gone", metadata: metadata(of: version.file, version.number))
        }
    }

    private func known(_ file: ModelFile) -> Version? {
        snapshot.entries.lazy.flatMap(\.versions).first { $0.file.path == file.path }
    }

    /// A file that does not serve yet is said to be on its way.
    private func noteLoading(_ file: ModelFile) {
        var version = known(file) ?? Version(file: file, number: file.version)
        guard version.model == nil else { return }
        version.failure = nil
        put(version)
    }

    /// Serves what was read of a file where that goes well; else says why not.
    private func load(
        _ found: FoundFile, _ answer: ModelReader.Answer<Result<CheckpointFile, CheckpointError>>
    ) -> String? {
        let file = found.file
        // It may have been retired or unloaded since, which is the later wish.
        guard var version = known(file), version.failure != .unloaded else { return nil }
        let isNew = version.model == nil
        // What gave no answer is due at the next look.
        if case .value = answer { version.identity = found.identity } else { version.identity = nil }
        do throws(LoadedModel.LoadError) {
            let checkpoint = try ModelReader.checkpoint(in: answer, at: file.path)
            version.identity = checkpoint.identity
            let model = try LoadedModel(
                file: file, checkpoint: checkpoint, heirOf: version.model, environment: environment)
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
        log(version, isNew: isNew)
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

    /// Says what came of a file that was read.
    func log(_ version: Version, isNew: Bool) {
        environment.metrics.countLoad(succeeded: version.failure == nil)
        var fields = metadata(of: version.file, version.number)
        switch version.failure {
        case nil:
            if let model = version.model { fields["sha256"] = "\(model.digest)" }
            logger.info(isNew ? "model ready" : "model reloaded", metadata: fields)
            if let note = version.model?.judgementNote {
                fields["reason"] = "\(note)"
                logger.warning("alpha is too small for the model", metadata: fields)
            }
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
