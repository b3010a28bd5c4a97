internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /conditionals.
    func conditionals(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.readsJSON()
        try call.answers(with: [.json])
        let shape = BodyScanner.Shape(
            member: "rows", rowsMax: core.options.queueRowsMax, valuesMax: core.options.bodyBytesMax / 2,
            options: ReadingOptions(refusesUnseen: true, missingIsUnknown: true))
        let buffer = RowBuffer(keepsNumbers: true)
        let request = try scan(call, as: shape, schema: model.schema, into: buffer) { (scan) throws(Problem) in
            _ = try faults(of: scan, shape: shape, model: model, areKept: false)
            let fields = try OptionReader(scan, names: ConditionalsRequest.fieldNames, rowsMember: "rows")
            return try ConditionalsRequest(
                fields, rows: Array(buffer.values), numbers: Array(buffer.numbers), model: model)
        }
        let task = QueuedTask(
            call: call, rows: max(request.rowCount, 1),
            expectedNanoseconds: model.cost(of: .conditionals).nanoseconds(rows: request.rowCount)
        ) { workspace in
            let start = monotonicNanoseconds()
            let body = ConditionalsAnswer(request).body(using: workspace)
            let end = monotonicNanoseconds()
            model.cost(of: .conditionals).record(rows: request.rowCount, nanoseconds: end - start)
            call.answer(
                Reply(status: 200, headers: [("Content-Type", MediaType.json.rawValue)], body: body),
                effort: call.effort(rows: request.rowCount, started: start, ended: end))
        }
        run(task, of: model)
    }
}
