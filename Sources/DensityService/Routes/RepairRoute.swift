internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /repair.
    func repair(_ call: Call, _ model: LoadedModel) throws(Problem) {
        let settings = core.options
        let (rows, request) = try sentRows(of: call, model, ReadingOptions()) { (scan) throws(Problem) in
            try RepairRequest(scan, settings: settings, model: model)
        }
        let answer = RepairAnswer(model: model, rows: rows, request: request)
        let work = RowWork(
            rowCount: rows.count, unitCount: rows.count, kind: .repairs,
            answerBytes: rows.count * (512 + 32 * model.schema.columns.count))
        try run(work, of: call, model) { workspace in
            answer.body(while: { call.isWanted(at: monotonicNanoseconds()) }, using: workspace).map { .json($0) }
        }
    }
}
