internal import CRows
internal import MADE
internal import MADERows
internal import Microhttpd

/// What a request says beside its rows.
protocol RowFields {
    /// Columns that the model's table has not got are passed over.
    var ignoresUnknown: Bool { get }
}

extension RequestHandler {
    /// The rows of a body, to be given back as they came, and what `read` makes of its other fields.
    ///
    /// - Throws: what is wrong with the body, or with any of its rows.
    func sentRows<Fields: RowFields>(
        of call: Call, _ model: LoadedModel, _ options: ReadingOptions,
        read: (made_scan) throws(Problem) -> Fields
    ) throws(Problem) -> (rows: [SentRow], fields: Fields) {
        try call.readsJSON()
        try call.answers(with: [.json])
        let columns = model.sentColumns
        let shape = BodyScanner.Shape(
            member: "rows", rowsMax: core.options.queueRowsMax, valuesMax: core.options.bodyBytesMax / 2,
            options: options, kept: columns.names)
        let buffer = RowBuffer()
        return try readRows(of: call, model, as: shape, into: buffer, fields: read) {
            (scan, fields) throws(Problem) in
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

    /// Reads the rows of a body into `buffer`, which is empty, as the fields beside them say that `fields` reads, and gives
    /// the scan to `use`, whose pointers hold only there.
    ///
    /// - Throws: what is wrong with the body, or with any of its rows.
    func readRows<Fields: RowFields, Result>(
        of call: Call, _ model: LoadedModel, as shape: BodyScanner.Shape, into buffer: RowBuffer,
        fields read: (made_scan) throws(Problem) -> Fields, use: (made_scan, Fields) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        var shape = shape
        // How rows are to be read stands beside them: where that is otherwise than they were read, once more.
        while true {
            let (result, ignoresUnknown) = try scan(call, as: shape, schema: model.schema, into: buffer) {
                [shape] (scan) throws(Problem) -> (Result?, Bool) in
                let fields = try read(scan)
                guard fields.ignoresUnknown == shape.options.ignoresUnknown else { return (nil, fields.ignoresUnknown) }
                _ = try faults(of: scan, shape: shape, model: model, areKept: false)
                return (try use(scan, fields), fields.ignoresUnknown)
            }
            if let result { return result }
            buffer.count = 0
            shape.options.ignoresUnknown = ignoresUnknown
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
