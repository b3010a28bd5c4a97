internal import MADE
internal import MADERows

/// The answer to a request to fill in what rows lack.
struct ImputeAnswer {
    let model: LoadedModel
    let rows: [SentRow]
    let method: ImputationMethod
    let imputer: Imputer

    init(model: LoadedModel, rows: [SentRow], method: ImputationMethod) {
        self.model = model
        self.rows = rows
        self.method = method
        imputer = Imputer(model.compiled, model.schema, method, format: .ndjson)
    }

    /// Nil where `isWanted` says, before some row, that nobody waits for it any more.
    func body(while isWanted: () -> Bool, using workspace: CompiledModel.Workspace) -> [UInt8]? {
        var cells: [[Imputer.Cell]] = []
        for (number, row) in rows.enumerated() {
            guard isWanted() else { return nil }
            cells.append(imputer.cells(of: row, number: number, using: workspace))
        }
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.raw(model.nameMembers)
        switch method {
        case .best:
            json.member("method", "best")
            json.key("rows")
            write(cells, draw: 0, to: &json)
        case .draw(let count, let seed):
            json.member("method", "draw")
            json.member("seed", seed)
            json.key("draws")
            json.beginArray()
            for draw in 0..<count { write(cells, draw: draw, to: &json) }
            json.endArray()
        }
        json.key("imputed")
        json.beginArray()
        for cells in cells {
            json.beginArray()
            for cell in cells { write(cell, to: &json) }
            json.endArray()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func write(_ cells: [[Imputer.Cell]], draw: Int, to json: inout JSONWriter) {
        json.beginArray()
        for (row, cells) in zip(rows, cells) {
            model.sentColumns.write(model.sentColumns.row(row, with: cells, draw: draw), to: &json)
        }
        json.endArray()
    }

    private func write(_ cell: Imputer.Cell, to json: inout JSONWriter) {
        let column = model.schema.columns[cell.column]
        json.beginObject()
        json.member("variable", column.name)
        if method == .best {
            json.key("value")
            cell.values[0].write(to: &json)
        } else {
            json.key("values")
            json.beginArray()
            for value in cell.values { value.write(to: &json) }
            json.endArray()
        }
        if column.clock == nil, let part = cell.parts.first {
            write(part, to: &json)
        } else {
            json.key("parts")
            json.beginArray()
            for part in cell.parts {
                json.beginObject()
                if let name = model.schema.part(part.variable) { json.member("part", name.rawValue) }
                write(part, to: &json)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
    }

    private func write(_ part: Imputer.Part, to json: inout JSONWriter) {
        json.key("range")
        part.range.write(of: part.variable, model.text, to: &json)
        if let missing = part.missingProbability { json.member("missing", missing) }
    }
}
