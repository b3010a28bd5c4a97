internal import MADE
internal import Microhttpd
internal import Synchronization

extension ServiceLoop {
    /// GET /v2.
    func v2Server(_ call: Call) {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", "made")
        json.member("version", Build.version)
        json.member("extensions", strings: ["binary_tensor_data", "model_repository", "statistics"])
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// GET /v2/health/live and /v2/health/ready.
    func v2Health(_ call: Call) {
        let isReady = core.isReady
        var json = JSONWriter()
        json.beginObject()
        json.member("live", true)
        json.member("ready", isReady)
        json.endObject()
        call.answer(withRetry(.json(json.bytes, status: isReady || call.route == .v2Live ? 200 : 503)))
    }

    /// GET /v2/models/{model}: the tensors it takes and gives.
    func v2Model(_ call: Call, _ model: LoadedModel) {
        let card = model.card
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.member("name", card.name)
        let versions = core.registry.snapshot.entry(named: card.name)?.models ?? [model]
        json.member("versions", strings: versions.map(\.card.version))
        json.member("platform", "made")
        json.key("inputs")
        json.beginArray()
        json.tensor("rows", datatype: "FP32", shape: [-1, card.variables.count])
        json.endArray()
        json.key("outputs")
        json.beginArray()
        for output in OutputTensor.all(of: card) {
            json.tensor(
                output.rawValue, datatype: output.datatype,
                shape: output.isPerVariable ? [-1, card.variables.count] : [-1])
        }
        json.endArray()
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// GET /v2/models/{model}/ready; a model that is not ready does not get here.
    func v2ModelReady(_ call: Call, _ model: LoadedModel) {
        call.answer(Self.readiness(of: model.card.name))
    }

    /// GET /v2/models/{model}/stats: of all versions, or of the one that the path names.
    func v2Statistics(_ call: Call, _ model: LoadedModel) {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("model_stats")
        json.beginArray()
        let versions = core.registry.snapshot.entry(named: model.card.name)?.models ?? [model]
        for version in Destination(path: call.exchange.path).version == nil ? versions : [model] {
            json.beginObject()
            json.member("name", version.card.name)
            json.member("version", version.card.version)
            version.statistics.write(to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// A model that is ready, in both of the protocol's versions.
    static func readiness(of name: String) -> Reply {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", name)
        json.member("ready", true)
        json.endObject()
        return .json(json.bytes)
    }
}

extension JSONWriter {
    /// A tensor's description as an element; a size of −1 is any.
    fileprivate mutating func tensor(_ name: String, datatype: String, shape: [Int]) {
        beginObject()
        member("name", name)
        member("datatype", datatype)
        key("shape")
        beginArray()
        for size in shape { integer(size) }
        endArray()
        endObject()
    }
}
