internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

/// What a request says beside its rows, which come back as they were sent.
protocol SentRowFields {
    /// Columns that the model's table has not got are passed over, and do not come back.
    var ignoresUnknown: Bool { get }
}

extension RequestHandler {
    /// The rows of a body, to be given back as they came, and what `read` makes of its other fields.
    ///
    /// - Throws: what is wrong with the body, or with any of its rows.
    func sentRows<Fields: SentRowFields>(
        of call: Call, _ model: LoadedModel, _ options: ReadingOptions,
        read: (made_scan) throws(Problem) -> Fields
    ) throws(Problem) -> (rows: [SentRow], fields: Fields) {
        try call.readsJSON()
        try call.answers(with: [.json])
        var options = options
        // How rows are to be read stands beside them: where that is otherwise than they were read, once more.
        while true {
            let (rows, fields) = try sentRows(of: call, model, as: options, read: read)
            if let rows { return (rows, fields) }
            options.ignoresUnknown = fields.ignoresUnknown
        }
    }

    /// The same, without rows where the fields say that they are read otherwise than by `options`.
    private func sentRows<Fields: SentRowFields>(
        of call: Call, _ model: LoadedModel, as options: ReadingOptions,
        read: (made_scan) throws(Problem) -> Fields
    ) throws(Problem) -> (rows: [SentRow]?, fields: Fields) {
        let columns = model.sentColumns
        let shape = BodyScanner.Shape(
            member: "rows", rowsMax: core.options.queueRowsMax, valuesMax: core.options.bodyBytesMax / 2,
            options: options, kept: columns.names)
        let buffer = RowBuffer()
        return try scan(call, as: shape, schema: model.schema, into: buffer) { (scan) throws(Problem) in
            let fields = try read(scan)
            guard fields.ignoresUnknown == options.ignoresUnknown else { return (nil, fields) }
            _ = try faults(of: scan, shape: shape, model: model, areKept: false)
            let width = model.card.variables.count
            try call.takeMemory(scan.row_count * columns.names.count * MemoryLayout<SentCell>.stride)
            let rows = (0..<scan.row_count).map { row in
                columns.row(
                    KeptCells(scan.kept, row: row, count: columns.names.count),
                    values: buffer.values[row * width..<(row + 1) * width])
            }
            return (rows, fields)
        }
    }
}

extension SentColumns {
    /// Writes a row as an object.
    func write(_ cells: [SentCell], to json: inout JSONWriter) {
        json.beginObject()
        writeMembers(cells, to: &json)
        json.endObject()
    }
}
