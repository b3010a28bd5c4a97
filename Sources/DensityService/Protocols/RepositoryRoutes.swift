internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /v2/repository/index.
    func v2Index(_ call: Call) throws(Problem) {
        let onlyReady = try optionalFields(of: call, names: ["ready"]) { (fields) throws(Problem) in
            try fields.value("ready", Bool.self, mustBe: "true or false") ?? false
        }
        var json = JSONWriter()
        json.beginArray()
        for version in core.registry.snapshot.entries.flatMap(\.versions) {
            if onlyReady == true, version.state != .ready { continue }
            json.beginObject()
            json.member("name", version.file.name ?? "")
            if let number = version.number { json.member("version", number) }
            json.member("state", version.state.indexed)
            json.member("reason", version.failure?.shown ?? "")
            json.endObject()
        }
        json.endArray()
        call.answer(.json(json.bytes))
    }

    /// POST /v2/repository/models/{model}/load: reads the model's file again.
    func v2Load(_ call: Call) throws(Problem) {
        let name = try repositoryModel(call)
        reload(call, name: name) { _ in .json(Array("{}".utf8)) }
    }

    /// POST /v2/repository/models/{model}/unload: takes it out of service.
    func v2Unload(_ call: Call) throws(Problem) {
        let name = try repositoryModel(call)
        core.registry.unload(name) { result in
            switch result {
            case .success: call.answer(.json(Array("{}".utf8)))
            case .failure(let problem): call.refuse(problem)
            }
        }
    }

    /// The model that a change is about; its parameters concern the repositories of other servers.
    private func repositoryModel(_ call: Call) throws(Problem) -> String {
        try optionalFields(of: call, names: ["parameters"]) { (_) throws(Problem) in }
        return call.modelInPath ?? ""
    }

    /// Reads a body that may be missing.
    @discardableResult
    func optionalFields<Value>(
        of call: Call, names: [String], read: (OptionReader) throws(Problem) -> Value
    ) throws(Problem) -> Value? {
        guard call.bodyByteCount > 0 else { return nil }
        try call.readsJSON()
        return try scan(call, as: .fields, schema: nil, into: RowBuffer()) { (scan) throws(Problem) in
            try read(OptionReader(scan, names: names, rowsMember: ""))
        }
    }
}

extension Registry.State {
    /// As the protocol has it.
    fileprivate var indexed: String {
        switch self {
        case .ready: "READY"
        case .loading: "LOADING"
        case .failed: "UNAVAILABLE"
        }
    }
}
