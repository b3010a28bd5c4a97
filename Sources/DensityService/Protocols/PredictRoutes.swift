internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// GET /v1/models.
    func v1Models(_ call: Call) {
        var json = JSONWriter()
        json.beginObject()
        json.member("models", strings: core.registry.snapshot.entries.lazy.filter { $0.model != nil }.map(\.name))
        json.endObject()
        call.answer(.json(json.bytes))
    }

    /// GET /v1/models/{model}; a model that is not ready does not get here.
    func v1Model(_ call: Call, _ model: LoadedModel) {
        call.answer(Self.readiness(of: model.card.name))
    }

    /// POST /v1/models/{model}:predict.
    func v1Predict(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try predict(call, model, explains: false)
    }

    /// POST /v1/models/{model}:explain.
    func v1Explain(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try predict(call, model, explains: true)
    }

    /// POST /invocations, SageMaker's: what /score takes, or `instances`.
    func invocations(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.readsJSON(or: MediaType.ofLines)
        if try hasInstances(call) { try predict(call, model, explains: false) } else { try score(call, model) }
    }

    /// Whether a body's rows are called `instances`. They are the first member most often, which tells without reading all.
    private func hasInstances(_ call: Call) throws(Problem) -> Bool {
        let first = call.withBody { body in
            let text = body.drop { $0 <= 0x20 }.dropFirst().drop { $0 <= 0x20 }
            return body.isEmpty ? nil : [UInt8](text.prefix(#""instances""#.utf8.count))
        }
        if first?.elementsEqual(#""instances""#.utf8) == true { return true }
        if first?.starts(with: #""rows""#.utf8) == true { return false }
        return try scan(call, as: .fields, schema: nil, into: RowBuffer()) { (scan) throws(Problem) in
            UnsafeBufferPointer(start: scan.members, count: scan.member_count).contains {
                String($0.name) == "instances"
            }
        }
    }

    private func predict(_ call: Call, _ model: LoadedModel, explains: Bool) throws(Problem) {
        try call.readsJSON()
        try call.answers(with: [.json])
        let shape = BodyScanner.Shape(
            member: "instances", rowsMax: core.options.queueRowsMax,
            valuesMax: core.options.bodyBytesMax / 2, kept: explains ? model.schema.columns.map(\.name) : [])
        try gather(call, for: model) { (batch) throws(Problem) in
            let first = batch.rowCount
            let (specialRowCount, cells) = try self.scan(call, as: shape, schema: model.schema, into: batch.rows) {
                (scan) throws(Problem) in
                // What such clients send beside the instances chooses among a server's functions; there is one here.
                _ = try OptionReader(scan, names: ["id", "parameters", "signature_name"], rowsMember: "instances")
                _ = try self.faults(of: scan, shape: shape, model: model, areKept: false)
                return (scan.special_row_count, explains ? try self.sentCells(of: scan, call, model) : [])
            }
            var options = ScoreOptions(alpha: self.core.options.alpha, model: model)
            if explains { options.explain = model.schema.columns.count }
            return ScoreJob(
                call: call, model: model, options: options, batch: batch, rows: first..<batch.rowCount,
                specialRowCount: specialRowCount, sentCells: cells,
                encode: { PredictAnswer(job: $0, sheet: $1).reply() })
        }
    }
}
