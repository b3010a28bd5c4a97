internal import MADE
internal import MADERows
internal import Microhttpd

/// The answer to a prediction request, one entry an instance.
struct PredictAnswer {
    let job: ScoreJob
    let sheet: ScoreSheet

    func reply() -> Reply {
        var json = JSONWriter(capacity: 64 + 96 * job.rows.count)
        json.beginObject()
        json.key("predictions")
        json.beginArray()
        for row in 0..<job.rows.count { prediction(row, to: &json) }
        json.endArray()
        if job.options.explain != nil {
            json.key("explanations")
            json.beginArray()
            for row in 0..<job.rows.count { explanation(row, to: &json) }
            json.endArray()
        }
        if let note = job.note { json.member("note", note) }
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
            json.bool(job.anomalies[row])
            json.member("score", job.scores[row])
            if job.hasMissing { json.member("calibration_rows", job.calibrationRowCount(ofRow: row)) }
            if !job.groups.isEmpty {
                json.key("group")
                json.string(job.groupName(ofRow: row))
            }
        }
        json.endObject()
    }

    /// All columns, those that the row would gain most by first.
    private func explanation(_ row: Int, to json: inout JSONWriter) {
        json.beginArray()
        for cell in job.explanation(ofRow: row) { job.model.explainer.write(cell, to: &json) }
        json.endArray()
    }
}
