internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /v2/models/{model}/infer: the rows join the turn's batch.
    func v2Infer(_ call: Call, _ model: LoadedModel) throws(Problem) {
        let stated = call.exchange.header(InferAnswer.headerLength)
        // Raw tensors after the JSON are no JSON; their clients say so, or nothing.
        if stated == nil || !call.isOctetStream { try call.readsJSON() }
        try call.answers(with: [.json, .binary])
        try gather(call, for: model) { (batch) throws(Problem) in
            try call.withBody { body in
                Result { () throws(Problem) in
                    var jsonCount = body.count
                    if let stated {
                        guard let count = wholeNumber(stated, in: 0...body.count) else {
                            throw Problem(
                                400,
                                "\(InferAnswer.headerLength) is \(quoted(stated)); it must be a whole number, 0 to \(body.count), the length of the body"
                            )
                        }
                        jsonCount = count
                    }
                    return try charging(call) { () throws(Problem) in
                        try inferJob(
                            call, model, batch, json: UnsafeRawBufferPointer(rebasing: body[..<jsonCount]),
                            binary: UnsafeRawBufferPointer(rebasing: body[jsonCount...]))
                    }
                }
            }.get()
        }
    }

    private func inferJob(
        _ call: Call, _ model: LoadedModel, _ batch: RowBatch, json: UnsafeRawBufferPointer,
        binary: UnsafeRawBufferPointer
    ) throws(Problem) -> ScoreJob {
        guard let scanner, let tensorScanner else {
            throw .memory
        }
        let scan = scanner.scan(json, as: .fields, schema: nil, into: batch.rows)
        if let problem = Problem(scan, shape: .fields) {
            guard scan.status != MADE_SCAN_MEMORY_REFUSED, json.hasNaN else { throw problem }
            try call.takeMemory(json.count + json.count / 3)
            let nulls = json.withNullsForNaN()
            return try nulls.withUnsafeBytes { bytes in
                Result { () throws(Problem) in
                    let json = UnsafeRawBufferPointer(rebasing: bytes.dropLast(scanPadding))
                    return try inferJob(call, model, batch, json: json, binary: binary)
                }
            }.get()
        }
        // Fields that the protocol has not got are passed over: clients send some.
        let fields = OptionReader(scan)
        let (request, tensors) = try InferRequest.read(fields, card: model.card)
        var options = ScoreOptions(alpha: core.options.alpha, model: model)
        try options.read(call.exchange.queryItems, model: model)
        try readJudging(fields, into: &options, model: model)
        options.perVariable = request.outputs.contains { $0.tensor == .surprisal }
        options.tellsGains = request.outputs.contains { $0.tensor.isOfGains }
        let input = InputTensors(
            model: model, options: options.reading, rowsMax: core.options.queueRowsMax,
            valuesMax: core.options.bodyBytesMax / 2,
            takeMemory: call.takeMemory)
        let first = batch.rowCount
        let count = try input.read(tensors, binary: binary, into: batch.rows, using: tensorScanner)
        return ScoreJob(
            call: call, model: model, options: options, batch: batch, rows: first..<first + count.rows,
            specialRowCount: count.special, encode: { InferAnswer(request: request, job: $0, sheet: $1).reply() })
    }
}

extension Call {
    /// Whether the body is said to be raw bytes.
    fileprivate var isOctetStream: Bool {
        exchange.header("Content-Type")?.lowercased().hasPrefix(MediaType.binary.rawValue) ?? false
    }
}
