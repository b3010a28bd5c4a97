internal import MADE
internal import MADERows
internal import Microhttpd

/// The answer to a prediction request, one entry an instance.
struct PredictAnswer {
    let job: ScoreJob
    let sheet: ScoreSheet

    func reply() -> Reply {
        let rows = job.sheetStart..<job.sheetStart + job.rows.count
        var json = JSONWriter(capacity: 64 + 96 * rows.count)
        json.beginObject()
        json.key("predictions")
        json.beginArray()
        for row in 0..<job.rows.count { prediction(row, to: &json) }
        json.endArray()
        if job.options.tellsSurprisals {
            json.key("explanations")
            json.beginArray()
            for row in rows { explanation(row, to: &json) }
            json.endArray()
        }
        json.endObject()
        return .json(json.bytes)
    }

    private func prediction(_ row: Int, to json: inout JSONWriter) {
        let logLikelihood = sheet.logLikelihoods[job.sheetStart + row]
        json.beginObject()
        json.member("log_likelihood", logLikelihood)
        if job.hasMissing { json.member("standard_error", sheet.standardErrors[job.sheetStart + row]) }
        if !job.pValues.isEmpty {
            json.member("p_value", job.pValues[row])
            json.key("anomaly")
            json.bool(job.judgement.isAnomaly(job.pValues[row]))
            json.member("score", job.scores[row])
        }
        json.endObject()
    }

    /// What each column contributes, by name, in the table's order.
    private func explanation(_ row: Int, to json: inout JSONWriter) {
        json.beginObject()
        let schema = job.model.schema
        let values = sheet.surprisals[row * sheet.variableCount..<(row + 1) * sheet.variableCount]
        for (column, value) in zip(schema.columns, schema.sums(values)) {
            json.key(column.name)
            json.number(value)
        }
        json.endObject()
    }
}
