internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

extension RequestHandler {
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

    /// GET /v2/health/live.
    func v2Live(_ call: Call) { v2Health(call, isEnough: true) }

    /// GET /v2/health/ready.
    func v2Ready(_ call: Call) { v2Health(call, isEnough: core.isReady) }

    private func v2Health(_ call: Call, isEnough: Bool) {
        let isReady = core.isReady
        var json = JSONWriter()
        json.beginObject()
        json.member("live", true)
        json.member("ready", isReady)
        json.endObject()
        call.answer(withRetry(.json(json.bytes, status: isEnough ? 200 : 503)))
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
        for (name, datatype, shape) in model.inputs { json.tensor(name, datatype: datatype, shape: shape) }
        json.endArray()
        json.key("outputs")
        json.beginArray()
        for output in OutputTensor.all(of: card) {
            json.tensor(
                output.rawValue, datatype: output.datatype,
                shape: output.isPerColumn ? [-1, model.schema.columns.count] : [-1])
        }
        json.endArray()
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// GET /v2/models/{model}/config: what Triton's clients look at first, as far as there is an answer.
    func v2Config(_ call: Call, _ model: LoadedModel) {
        let types = [
            "FP32": "TYPE_FP32", "FP64": "TYPE_FP64", "INT64": "TYPE_INT64", "BYTES": "TYPE_STRING",
            "BOOL": "TYPE_BOOL",
        ]
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.member("name", model.card.name)
        json.member("platform", "made")
        json.member("backend", "made")
        json.member("max_batch_size", core.options.queueRowsMax)
        func write(_ name: String, _ datatype: String, _ sizes: [Int]) {
            json.beginObject()
            json.member("name", name)
            json.member("data_type", types[datatype] ?? "TYPE_INVALID")
            json.key("dims")
            json.beginArray()
            for size in sizes { json.integer(size) }
            json.endArray()
            json.endObject()
        }
        json.key("input")
        json.beginArray()
        for (name, datatype, shape) in model.inputs { write(name, datatype, Array(shape.dropFirst())) }
        json.endArray()
        json.key("output")
        json.beginArray()
        for output in OutputTensor.all(of: model.card) {
            write(output.rawValue, output.datatype, [output.isPerColumn ? model.schema.columns.count : 1])
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
        for version in call.versionInPath == nil ? versions : [model] {
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

extension LoadedModel {
    /// The tensors that it takes: one a column where it knows its table, else whole rows.
    fileprivate var inputs: [(name: String, datatype: String, shape: [Int])] {
        guard let table = card.schema else { return [("rows", "FP32", [-1, card.variables.count])] }
        return zip(schema.columns, table.columns.filter { $0.leftOut == nil }).map { read, column in
            if let clock = read.clock { return (read.name, clock.isNumeric ? "FP64" : "BYTES", [-1, 1]) }
            return switch card.variables[read.variables.lowerBound].kind {
            case .real: (read.name, "FP64", [-1, 1])
            case .categorical: (read.name, "BYTES", [-1, 1])
            case .binary: (read.name, column.truthTexts == nil ? "INT64" : "BYTES", [-1, 1])
            }
        }
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
