internal import MADE
internal import MADERows

/// The answer to a request to repair rows.
struct RepairAnswer {
    let model: LoadedModel
    let rows: [SentRow]
    let request: RepairRequest

    /// Nil where `isWanted` says, before some row, that nobody waits for it any more.
    func body(while isWanted: () -> Bool, using workspace: CompiledModel.Workspace) -> [UInt8]? {
        let repairer = Repairer(
            model.compiled, model.sentColumns, request.judgement, format: .ndjson, options: request.options)
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.raw(model.nameMembers)
        json.member("statistic", request.judgement.statistic.rawValue)
        json.member("alpha", request.judgement.alpha)
        json.key("repairs")
        json.beginArray()
        for row in rows {
            guard isWanted() else { return nil }
            guard let repair = repairer?.repair(row, using: workspace) else { continue }
            write(repair, of: row, to: &json)
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func write(_ repair: Repairer.Repair, of row: SentRow, to json: inout JSONWriter) {
        json.beginObject()
        json.key("p_value")
        json.beginArray()
        json.number(repair.pValues.before)
        json.number(repair.pValues.after)
        json.endArray()
        if let isRepaired = repair.isRepaired { json.member("repaired", isRepaired) }
        json.key("changes")
        json.beginArray()
        for change in repair.changes {
            json.beginObject()
            json.member("variable", model.schema.columns[change.column].name)
            json.key("from")
            change.from.write(to: &json)
            json.key("to")
            change.to.write(to: &json)
            json.member("gain", change.gain)
            if let pValue = change.pValue { json.member("p_value", pValue) }
            json.endObject()
        }
        json.endArray()
        json.key("row")
        let changes = repair.isRepaired == true ? repair.changes : []
        model.sentColumns.write(model.sentColumns.row(row, with: changes), to: &json)
        json.endObject()
    }
}
