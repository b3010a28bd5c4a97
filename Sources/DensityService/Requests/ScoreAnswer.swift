internal import MADE
internal import MADERows
internal import Microhttpd

/// The answer to a score request, one entry a row in each column.
struct ScoreAnswer {
    let job: ScoreJob
    let sheet: ScoreSheet

    func reply() -> Reply {
        if let format = job.options.lines {
            let accept = job.call.exchange.header("Accept")
            return Reply(
                status: 200, headers: [("Content-Type", format.mediaType.name(accept: accept, contentType: nil))],
                body: lines(format))
        }
        return Reply(status: 200, headers: [("Content-Type", "application/json")], body: body())
    }

    private func lines(_ format: LineFormat) -> [UInt8] {
        var lines = ScoreLines(
            format, judgement: job.judgement, details: job.options.details, explainer: job.model.explainer)
        lines.begin(hasHeader: true)
        var faults = job.faults[...]
        var next = 0
        for row in 0..<job.rows.count + job.faults.count {
            if let fault = faults.first, fault.row == row {
                lines.write(fault: fault.problem.detail, row: row, kept: KeptCells())
                faults.removeFirst()
            } else {
                let row = ScoredRow(
                    logLikelihood: logLikelihood(next), score: job.scores[next],
                    pValue: pValue(next), isAnomaly: job.anomalies.isEmpty ? nil : job.anomalies[next],
                    group: job.groups.isEmpty ? nil : job.groups[next],
                    calibrationRowCount: job.hasMissing && !job.pValues.isEmpty
                        ? job.calibrationRowCount(ofRow: next) : nil,
                    estimate: estimate(next),
                    explanation: job.options.explain.map { _ in job.explanation(ofRow: next) })
                lines.write(row, kept: KeptCells())
                next += 1
            }
        }
        return lines.take() + lines.finish().flatMap(\.self)
    }

    private func body() -> [UInt8] {
        let rowCount = job.rows.count
        var json = JSONWriter(capacity: 160 + 72 * rowCount)
        json.beginObject()
        json.raw(job.model.nameMembers)
        column("log_likelihood", in: &json) { json, row in json.number(logLikelihood(row)) }
        column("bits_per_dimension", in: &json) { json, row in json.number(bitsPerDimension(row)) }
        if job.hasMissing {
            column("standard_error", in: &json) { json, row in json.number(sheet.standardErrors[job.sheetStart + row]) }
        }
        let judgement = job.judgement
        if judgement.calibration != nil {
            column("p_value", in: &json) { json, row in json.number(job.pValues[row]) }
            json.member("statistic", judgement.statistic.rawValue)
            json.member("alpha", judgement.alpha)
            column("anomaly", in: &json) { json, row in json.bool(job.anomalies[row]) }
            column("score", in: &json) { json, row in json.number(job.scores[row]) }
            if judgement.hasGroups {
                column("groups", in: &json) { json, row in json.string(job.groupName(ofRow: row)) }
            }
            if job.hasMissing {
                column("calibration_rows", in: &json) { json, row in json.integer(job.calibrationRowCount(ofRow: row)) }
            }
            if let note = job.note { json.member("note", note) }
            if let rate = job.options.falseDiscoveryRate { discoveries(rate, to: &json) }
        }
        if job.options.tellsSurprisals { surprisals(to: &json) }
        if !job.faults.isEmpty { faults(to: &json) }
        json.endObject()
        return json.bytes
    }

    /// What turns a log-likelihood into bits per dimension: −1 / (D log 2). Without a variable the log-likelihood is 0.
    static func bitsPerNat(variableCount: Int) -> Double {
        -1 / (Double(max(variableCount, 1)) * 0.693_147_180_559_945_3)
    }

    /// Nil where there is none.
    private func pValue(_ row: Int) -> Double? {
        job.pValues.isEmpty || job.pValues[row].isNaN ? nil : job.pValues[row]
    }

    private func logLikelihood(_ row: Int) -> Double {
        sheet.logLikelihoods[job.sheetStart + row]
    }

    /// −log₂ p a known value; 0 where none is known.
    private func bitsPerDimension(_ row: Int) -> Double {
        let knownCount = estimate(row)?.knownCount ?? sheet.variableCount
        // Plus 0: a row of which nothing is known has no −0 bits.
        return logLikelihood(row) * Self.bitsPerNat(variableCount: knownCount) + 0
    }

    /// Nil where the row has all values.
    private func estimate(_ row: Int) -> RowEstimate? {
        if !job.hasMissing { return nil }
        return RowEstimate(of: job.values(ofRow: row), standardError: sheet.standardErrors[job.sheetStart + row])
    }

    /// One value a row of the request, null for a faulty one; `write` gets the place among the good rows.
    private func column(_ name: String, in json: inout JSONWriter, write: (inout JSONWriter, _ row: Int) -> Void) {
        json.key(name)
        json.beginArray()
        var faults = job.faults[...]
        for row in 0..<job.rows.count {
            while let fault = faults.first, fault.row == row + job.faults.count - faults.count {
                json.null()
                faults.removeFirst()
            }
            write(&json, row)
        }
        for _ in faults { json.null() }
        json.endArray()
    }

    private func discoveries(_ rate: Double, to json: inout JSONWriter) {
        let qValues = DiscoveryRate.qValues(job.pValues)
        json.member("fdr", rate)
        column("q_values", in: &json) { json, row in json.number(qValues[row]) }
        column("discoveries", in: &json) { json, row in
            json.bool(qValues[row].isNaN ? nil : qValues[row] <= rate)
        }
    }

    private func surprisals(to json: inout JSONWriter) {
        if job.options.explain != nil {
            column("explanations", in: &json) { json, row in
                json.beginArray()
                for cell in job.explanation(ofRow: row) { job.model.explainer.write(cell, to: &json) }
                json.endArray()
            }
        }
        if job.options.perVariable {
            column("surprisal", in: &json) { json, row in
                json.beginArray()
                for value in surprisals(row) { json.number(value) }
                json.endArray()
            }
        }
        if job.model.card.orderings.count > 1 {
            column("explained_log_likelihood", in: &json) { json, row in
                json.number(-sheet.explained[job.sheetStart + row])
            }
        }
    }

    /// By column.
    private func surprisals(_ row: Int) -> [Float] {
        let start = (job.sheetStart + row) * sheet.variableCount
        return job.model.schema.sums(sheet.surprisals[start..<start + sheet.variableCount])
    }

    private func faults(to json: inout JSONWriter) {
        json.key("errors")
        json.beginArray()
        for fault in job.faults {
            json.beginObject()
            json.member("row", fault.row)
            json.member("detail", fault.problem.detail)
            if let pointer = fault.problem.pointer { json.member("pointer", pointer) }
            json.endObject()
        }
        json.endArray()
    }
}
