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
        let request = try readRows(of: call, model, as: shape, into: buffer) { (scan) throws(Problem) in
            try ConditionalsRequest.Fields(scan)
        } use: { (_, fields) throws(Problem) in
            try call.takeMemory(24 * buffer.values.count)
            return try ConditionalsRequest(
                fields, rows: Array(buffer.values), numbers: Array(buffer.numbers), model: model)
        }
        let isOfOthers = request.given == .others
        let work = RowWork(
            rowCount: request.rowCount, unitCount: isOfOthers ? request.completionCount : request.rowCount,
            kind: isOfOthers ? .cells : .conditionals,
            // A name, and the numbers of its distribution.
            answerBytes: request.rowCount
                * (64 * model.card.variables.count + 24 * model.compiled.layout.outputUnitCount),
            isForWorkers: isOfOthers)
        try run(work, of: call, model) { workspace in
            ConditionalsAnswer(request).body(
                while: { call.isWanted(at: monotonicNanoseconds()) }, using: workspace
            ).map { .json($0) }
        }
    }
}
