internal import MADE
internal import MADERows
internal import Microhttpd

/// Work on the rows of a request that is other than scoring them, and takes a worker's time.
struct RowWork {
    /// Rows of the request.
    var rowCount: Int
    /// What is measured of its kind: rows, or cells of them.
    var unitCount: Int
    var kind: LoadedModel.Work
    /// Bytes of the answer, roughly.
    var answerBytes: Int
    /// A loop has no time for it, however few they are.
    var isForWorkers = true
}

extension RequestHandler {
    /// Lets `compute` make the answer; nil: nobody waits for it any more.
    ///
    /// - Throws: 413 where it is more than a queue takes; 503 where there is no memory for the answer.
    func run(
        _ work: RowWork, of call: Call, _ model: LoadedModel,
        compute: @escaping @Sendable (CompiledModel.Workspace) -> Reply?
    ) throws(Problem) {
        let limit = core.options.queueRowsMax
        guard work.unitCount <= limit else {
            throw Problem(
                413,
                "that is the work of \(work.unitCount) cells, and a request may ask for \(limit) (queue-rows-max); send "
                    + "fewer rows, or ask for fewer of their values")
        }
        try call.takeMemory(work.answerBytes)
        let cost = model.cost(of: work.kind)
        let task = QueuedTask(
            call: call, rows: max(work.unitCount, 1), isForWorkers: work.isForWorkers,
            expectedNanoseconds: cost.nanoseconds(units: work.unitCount)
        ) { workspace in
            let start = monotonicNanoseconds()
            guard let reply = compute(workspace) else {
                if call.isPastDeadline(at: monotonicNanoseconds()) { call.refuseAsLate() }
                return
            }
            let end = monotonicNanoseconds()
            cost.record(units: work.unitCount, nanoseconds: end - start)
            call.answer(reply, effort: call.effort(rows: work.rowCount, started: start, ended: end))
        }
        run(task, of: model)
    }
}
