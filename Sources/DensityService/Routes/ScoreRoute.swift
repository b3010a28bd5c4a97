internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// POST /score: the rows join the turn's batch.
    func score(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.readsJSON(or: MediaType.ofLines)
        let type = try call.answers(with: MediaType.ofScores)
        var options = ScoreOptions(alpha: core.options.alpha, model: model)
        options.lines = type == .json ? nil : LineFormat.allCases.first { $0.mediaType == type }
        let body = ScoredBody(member: "rows") { (scan, options) throws(Problem) in
            if scan.member_count > 0 { try options.read(scan, model: model) }
            if options.lines != nil, options.perVariable {
                throw Problem(406, "'per_variable' needs 'Accept: application/json'")
            }
        }
        try score(body, of: call, model, options)
    }

    /// Lets the rows of a call's body join the turn's batch, read and judged as `options`, its query and the body itself say.
    func score(
        _ body: ScoredBody, of call: Call, _ model: LoadedModel, _ options: ScoreOptions
    ) throws(Problem) {
        try gather(call, for: model) { (batch) throws(Problem) in
            var options = options
            try options.read(call.exchange.queryItems, model: model)
            guard options.kept.isEmpty else {
                throw Problem(422, "'keep' copies columns of a body of lines; send the rows as CSV or NDJSON")
            }
            let read = try self.job(of: body, call, model, batch, options)
            // How rows are to be read stands beside them: where that is otherwise than they were read, once more.
            if read.options.areRead(as: options) { return read }
            batch.rows.count = read.rows.lowerBound * batch.variableCount
            return try self.job(of: body, call, model, batch, read.options)
        }
    }

    /// The job of the rows in a body, read as `options` say, with the options that the body holds.
    private func job(
        of body: ScoredBody, _ call: Call, _ model: LoadedModel, _ batch: RowBatch, _ options: ScoreOptions
    ) throws(Problem) -> ScoreJob {
        let shape = BodyScanner.Shape(
            member: body.member, rowsMax: core.options.queueRowsMax, valuesMax: core.options.bodyBytesMax / 2,
            options: options.reading, kept: options.explain == nil ? [] : model.schema.columns.map(\.name))
        let firstRow = batch.rowCount
        return try scan(call, as: shape, schema: model.schema, into: batch.rows) { (scan) throws(Problem) in
            var own = options
            try body.readFields(scan, &own)
            // Faults of rows that are read otherwise in a moment are none.
            let isFinal = own.areRead(as: options)
            if isFinal, own.keepsGoodRows { try call.takeMemory(scan.error_count * RowFault.byteCount) }
            let faults =
                isFinal ? try faults(of: scan, shape: shape, model: model, areKept: own.keepsGoodRows) : []
            return ScoreJob(
                call: call, model: model, options: own, batch: batch, rows: firstRow..<batch.rowCount,
                specialRowCount: scan.special_row_count,
                sentCells: isFinal && own.explain != nil ? try sentCells(of: scan, call, model) : [], faults: faults,
                encode: body.encode)
        }
    }

    /// The cells of the good rows of a scan that kept those of all columns.
    ///
    /// - Throws: 503 where there is no memory for them.
    func sentCells(of scan: made_scan, _ call: Call, _ model: LoadedModel) throws(Problem) -> [[SentCell]] {
        let count = model.schema.columns.count
        try call.takeMemory(scan.row_count * count * MemoryLayout<SentCell>.stride)
        var faults = UnsafeBufferPointer(start: scan.errors, count: scan.error_count)[...]
        var rows: [[SentCell]] = []
        for row in 0..<scan.row_count {
            if faults.first?.row == row {
                faults.removeFirst()
                continue
            }
            rows.append(KeptCells(scan.kept, row: row, count: count).sentCells)
        }
        return rows
    }

    /// Scans a call's body and gives the scan to `use`, whose pointers hold only there.
    func scan<Result>(
        _ call: Call, as shape: BodyScanner.Shape, schema: RowSchema?, into rows: RowBuffer,
        use: (made_scan) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        guard let scanner else { throw .memory }
        return try call.withBody { body in
            Swift.Result { () throws(Problem) in
                let scan = try charging(call) { () throws(Problem) in
                    let scan = scanner.scan(body, as: shape, schema: schema, into: rows)
                    if let problem = Problem(scan, shape: shape) { throw problem }
                    return scan
                }
                return try use(scan)
            }
        }.get()
    }

    /// The faulty rows' problems where they are kept; else the first of them is thrown.
    func faults(
        of scan: made_scan, shape: BodyScanner.Shape, model: LoadedModel, areKept: Bool
    ) throws(Problem) -> [RowFault] {
        guard scan.error_count > 0, let errors = scan.errors else { return [] }
        let problem = { Problem(RowProblem(errors[$0], shape: shape, columns: model.schema.columns)) }
        guard areKept else { throw problem(0) }
        return (0..<scan.error_count).map { RowFault(row: errors[$0].row, problem: problem($0)) }
    }
}

/// How a body of JSON holds rows to score, and how they are answered.
struct ScoredBody {
    /// Reads the fields beside the rows into the options.
    typealias ReadFields = (made_scan, inout ScoreOptions) throws(Problem) -> Void

    /// The member with the rows.
    let member: StaticString
    let encode: @Sendable (ScoreJob, ScoreSheet) -> Reply
    let readFields: ReadFields

    init(
        member: StaticString,
        encode: @escaping @Sendable (ScoreJob, ScoreSheet) -> Reply = { ScoreAnswer(job: $0, sheet: $1).reply() },
        readFields: @escaping ReadFields
    ) {
        self.member = member
        self.encode = encode
        self.readFields = readFields
    }
}

extension Call {
    /// - Throws: 415 where the body is not said to be JSON; `others` are types that another path of the request reads.
    func readsJSON(or others: [MediaType] = []) throws(Problem) {
        if let objection = MediaType.objection(toContentType: exchange.header("Content-Type"), others: others) {
            throw Problem(415, objection)
        }
    }

    /// The media type to answer with.
    ///
    /// - Throws: 406 where the client takes none of `offers`.
    @discardableResult
    func answers(with offers: [MediaType]) throws(Problem) -> MediaType {
        let accept = exchange.header("Accept")
        guard let type = MediaType.preferred(offers, accept: accept) else {
            let names = offers.map(\.rawValue).joined(separator: ", ")
            throw Problem(406, "the answer is \(names), and 'Accept: \(accept ?? "")' takes none of it")
        }
        return type
    }
}
