internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// GET and POST /sample.
    func sample(_ call: Call, _ model: LoadedModel) throws(Problem) {
        var request = SampleRequest()
        let limit = min(core.options.sampleRowsMax, max(1, (16 << 20) / model.card.variables.count))
        let query = call.exchange.queryItems
        try request.read(query, limit: limit)
        if !query.contains(where: { $0.name == "format" }) {
            let type = try call.answers(with: SampleRequest.Format.allCases.map(\.mediaType))
            request.format = SampleRequest.Format.allCases.first { $0.mediaType == type } ?? .json
        }
        if call.exchange.method == .post { try readBody(of: call, model, limit: limit, into: &request) }
        request.mediaType = request.format.mediaType.name(accept: call.exchange.header("Accept"), contentType: nil)
        // A row's numbers, and the text of each.
        try call.takeMemory(request.count * (32 + 16 * model.card.variables.count))
        let drawn = request
        let task = QueuedTask(
            call: call, rows: drawn.count, expectedNanoseconds: model.cost(of: .sample).nanoseconds(units: drawn.count)
        ) { workspace in
            let start = monotonicNanoseconds()
            let reply = drawn.reply(model: model, using: workspace)
            let end = monotonicNanoseconds()
            model.cost(of: .sample).record(units: drawn.count, nanoseconds: end - start)
            call.answer(reply, effort: call.effort(rows: drawn.count, started: start, ended: end))
        }
        run(task, of: model)
    }

    private func readBody(
        of call: Call, _ model: LoadedModel, limit: Int, into request: inout SampleRequest
    ) throws(Problem) {
        try call.readsJSON()
        let columns = model.sentColumns
        var shape = BodyScanner.Shape.given
        shape.kept = columns.names
        let buffer = RowBuffer()
        let read = request
        request = try readRows(of: call, model, as: shape, into: buffer) { (scan) throws(Problem) in
            var request = read
            try request.read(scan, limit: limit)
            return request
        } use: { (scan, request) throws(Problem) in
            var request = request
            request.evidence = Array(buffer.values)
            if scan.row_count > 0 {
                let cells = KeptCells(scan.kept, row: 0, count: columns.names.count)
                request.given = GivenCells(columns.row(cells, values: buffer.values), of: columns)
            }
            return request
        }
    }
}
