internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// GET /models.
    func models(_ call: Call) throws(Problem) {
        try call.answers(with: [.json])
        let snapshot = core.registry.snapshot
        var json = JSONWriter()
        json.beginObject()
        json.key("models")
        json.beginArray()
        for entry in snapshot.entries {
            for version in entry.versions {
                write(version, isDefault: version.model.map(snapshot.isDefault) ?? false, to: &json)
            }
        }
        json.endArray()
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// One version: what serves, and beside it why its file as it is now does not.
    private func write(_ version: Registry.Version, isDefault: Bool, to json: inout JSONWriter) {
        var states = [version.state]
        if version.state == .ready, version.failure != nil { states.append(.failed) }
        for state in states {
            json.beginObject()
            json.member("name", version.file.name ?? "")
            if let number = version.number { json.member("version", number) }
            json.member("state", state.rawValue)
            json.member("default", isDefault && state == .ready)
            if state == .ready, let model = version.model {
                json.member("variables", model.schema.columns.count)
                json.member("members", model.card.orderings.count)
                json.member("calibrated", model.card.calibration != nil)
                if let note = model.judgementNote { json.member("note", note) }
            }
            if state == .failed, let failure = version.failure { json.member("reason", failure.shown) }
            json.endObject()
        }
    }

    /// GET /models/{model}.
    func modelCard(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.answers(with: [.json])
        call.answer(.json(model.document))
    }

    /// POST /models/{model}/reload.
    func reload(_ call: Call) throws(Problem) {
        try optionalFields(of: call, names: []) { (_) throws(Problem) in }
        reload(call, name: call.modelInPath ?? "") { .json($0.document) }
    }

    /// Reads a model's files again; answers with what `reply` makes of what serves now.
    func reload(_ call: Call, name: String, reply: @escaping @Sendable (LoadedModel) -> Reply) {
        core.registry.reload(name) { result in
            switch result {
            case .success(let model): call.answer(reply(model))
            case .failure(let problem): call.refuse(problem)
            }
        }
    }
}

extension Reply {
    /// An answer in JSON.
    static func json(_ body: [UInt8], status: Int = 200) -> Reply {
        Reply(status: status, headers: [("Content-Type", MediaType.json.rawValue)], body: body)
    }
}
