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
        guard try hasInstances(call) else { return try score(call, model) }
        // The route takes what /score takes in its query, which predictions have no answer for.
        try call.exchange.checkQuery(ScoreOptions.judgingQueryNames)
        try predict(call, model, explains: false)
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
        var options = ScoreOptions(alpha: core.options.alpha, model: model)
        if explains { options.explain = model.schema.columns.count }
        let body = ScoredBody(member: "instances", encode: { PredictAnswer(job: $0, sheet: $1).reply() }) {
            (scan, options) throws(Problem) in
            // The name of a signature chooses among a server's functions; there is one here.
            let names = ScoreOptions.judgingNames + ["id", "parameters", "signature_name"]
            let fields = try OptionReader(scan, names: names, rowsMember: "instances")
            try self.readJudging(fields, into: &options, model: model)
        }
        try score(body, of: call, model, options)
    }
}
