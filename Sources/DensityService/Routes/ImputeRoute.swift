internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /impute.
    func impute(_ call: Call, _ model: LoadedModel) throws(Problem) {
        let (rows, request) = try sentRows(of: call, model, Imputer.readingOptions) {
            (scan) throws(Problem) in try ImputeRequest(scan)
        }
        let answer = ImputeAnswer(model: model, rows: rows, method: request.method)
        let weight = rows.reduce(0) { $0 + answer.imputer.weight(of: $1) }
        let work = RowWork(
            rowCount: rows.count, unitCount: weight, kind: .cells,
            answerBytes: rows.count * 64 * model.schema.columns.count)
        try run(work, of: call, model) { workspace in
            answer.body(while: { call.isWanted(at: monotonicNanoseconds()) }, using: workspace).map { .json($0) }
        }
    }
}
