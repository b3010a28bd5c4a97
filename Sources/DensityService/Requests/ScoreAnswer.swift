internal import MADE
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
            format, calibration: job.model.card.calibration, alpha: job.options.alpha, lineEnd: "\r\n")
        lines.begin(hasHeader: true)
        var faults = job.faults[...]
        var next = 0
        for row in 0..<job.rows.count + job.faults.count {
            if let fault = faults.first, fault.row == row {
                lines.write(fault: fault.problem.detail, row: row)
                faults.removeFirst()
            } else {
                lines.write(logLikelihood: logLikelihood(next), standardError: standardError(next))
                next += 1
            }
        }
        return lines.take()
    }

    private func body() -> [UInt8] {
        let rowCount = job.rows.count
        var json = JSONWriter(capacity: 160 + 72 * rowCount)
        json.beginObject()
        json.raw(job.model.nameMembers)
        column("log_likelihood", in: &json) { json, row in json.number(logLikelihood(row)) }
        let bits = Self.bitsPerNat(variableCount: sheet.variableCount)
        column("bits_per_dimension", in: &json) { json, row in json.number(logLikelihood(row) * bits) }
        if job.missingRowCount > 0 {
            column("standard_error", in: &json) { json, row in json.number(sheet.standardErrors[job.sheetStart + row]) }
        }
        if let calibration = job.model.card.calibration, let alpha = job.options.alpha {
            let values = (0..<rowCount).map { calibration.pValue(of: logLikelihood($0)) }
            column("p_value", in: &json) { json, row in json.number(values[row]) }
            json.member("alpha", alpha)
            column("anomaly", in: &json) { json, row in json.bool(values[row] <= alpha) }
        }
        if job.options.needsSurprisals { surprisals(to: &json) }
        if !job.faults.isEmpty { faults(to: &json) }
        json.endObject()
        return json.bytes
    }

    /// What turns a log-likelihood into bits per dimension: −1 / (D log 2).
    static func bitsPerNat(variableCount: Int) -> Double {
        -1 / (Double(variableCount) * 0.693_147_180_559_945_3)
    }

    private func logLikelihood(_ row: Int) -> Double {
        sheet.logLikelihoods[job.sheetStart + row]
    }

    /// −log₂ p a known value; 0 where none is known.
    private func bitsPerDimension(_ row: Int) -> Double {
        let knownCount = job.missingRowCount == 0 ? sheet.variableCount : job.values(ofRow: row).count { !$0.isNaN }
        return -logLikelihood(row) / (Double(max(knownCount, 1)) * 0.693_147_180_559_945_3)
    }

    /// Nil where the row has all values.
    private func standardError(_ row: Int) -> Double? {
        job.missingRowCount > 0 && job.values(ofRow: row).contains(where: \.isNaN)
            ? sheet.standardErrors[job.sheetStart + row] : nil
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

    private func surprisals(to json: inout JSONWriter) {
        if let count = job.options.explain {
            let variables = job.model.card.variables
            column("explanations", in: &json) { json, row in
                json.beginArray()
                for variable in largest(count, of: surprisals(row)) where !surprisals(row)[variable].isNaN {
                    json.beginObject()
                    json.member("variable", variables[variable].name)
                    json.key("surprisal")
                    json.number(surprisals(row)[variable])
                    json.endObject()
                }
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

    private func surprisals(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
        let start = (job.sheetStart + row) * sheet.variableCount
        return UnsafeMutableBufferPointer(rebasing: sheet.surprisals[start..<start + sheet.variableCount])
    }

    /// The places of the largest values, largest first; of equal ones the first.
    private func largest(_ count: Int, of values: UnsafeMutableBufferPointer<Float>) -> ArraySlice<Int> {
        // NaN, which a missing value has, is larger than nothing.
        let keys = values.map { $0.isNaN ? -.infinity : $0 }
        return keys.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] > keys[$1] }.prefix(count)
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
