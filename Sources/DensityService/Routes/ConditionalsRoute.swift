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
            try call.takeMemory(24 * buffer.values.count)
            let fields = try OptionReader(scan, names: ConditionalsRequest.fieldNames, rowsMember: "rows")
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
