internal import Dispatch
internal import MADE
internal import Microhttpd

extension ServiceLoop {
    /// GET /models.
    func models(_ call: Call) throws(Problem) {
        try call.answers(with: [.json])
        let snapshot = core.registry.snapshot
        var json = JSONWriter()
        json.beginObject()
        json.key("models")
        json.beginArray()
        for entry in snapshot.entries {
            json.beginObject()
            json.member("name", entry.name)
            if let model = entry.model { json.member("version", model.card.version) }
            json.member("state", entry.model == nil ? "failed" : "ready")
            json.member("default", entry.name == snapshot.defaultName)
            if let model = entry.model {
                json.member("variables", model.card.variables.count)
                json.member("members", model.card.orderings.count)
                json.member("calibrated", model.card.calibration != nil)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// GET /models/{model}.
    func modelCard(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.answers(with: [.json])
        call.answer(.json(model.document))
    }

    /// POST /models/{model}/reload, from this machine only.
    func reload(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.isFromThisMachine()
        try optionalFields(of: call, names: []) { (_) throws(Problem) in }
        reload(call, name: model.card.name) { .json($0.document) }
    }

    /// Reads a model's file again; answers with what `reply` makes of what it holds now.
    func reload(_ call: Call, name: String, reply: @escaping @Sendable (LoadedModel) -> Reply) {
        // Reading and checking a file takes seconds; a loop has none.
        DispatchQueue.global().async { [core] in
            do throws(Problem) {
                call.answer(reply(try core.reloadModel(name)))
            } catch {
                call.refuse(error)
            }
        }
    }
}

extension Call {
    /// - Throws: 403 where the request comes from elsewhere.
    func isFromThisMachine() throws(Problem) {
        guard ["127.0.0.1", "::1", "::ffff:127.0.0.1"].contains(exchange.remoteAddress) else {
            throw Problem(403, "models are loaded and unloaded from the machine of the service only")
        }
    }
}

extension Reply {
    /// An answer in JSON.
    static func json(_ body: [UInt8], status: Int = 200) -> Reply {
        Reply(status: status, headers: [("Content-Type", MediaType.json.rawValue)], body: body)
    }
}
