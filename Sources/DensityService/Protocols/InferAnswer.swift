internal import MADE
internal import MADERows
internal import Microhttpd

/// The answer to an inference request: tensors as JSON, or as raw bytes after it.
struct InferAnswer {
    let request: InferRequest
    let job: ScoreJob
    let sheet: ScoreSheet

    func reply() -> Reply {
        let rowCount = job.rows.count
        var json = JSONWriter(capacity: 256 + 32 * rowCount)
        var binary: [UInt8] = []
        json.beginObject()
        json.member("model_name", job.model.card.name)
        json.member("model_version", job.model.card.version)
        if let id = request.id { json.member("id", id) }
        if let note = job.note {
            json.key("parameters")
            json.beginObject()
            json.member("note", note)
            json.endObject()
        }
        json.key("outputs")
        json.beginArray()
        for output in request.outputs {
            let tensor = output.tensor
            json.beginObject()
            json.member("name", tensor.rawValue)
            json.member("datatype", tensor.datatype)
            json.key("shape")
            json.beginArray()
            json.integer(rowCount)
            if tensor.isPerColumn { json.integer(job.model.schema.columns.count) }
            json.endArray()
            if output.isBinary {
                let start = binary.count
                append(tensor, to: &binary)
                json.key("parameters")
                json.beginObject()
                json.member("binary_data_size", binary.count - start)
                json.endObject()
            } else {
                json.key("data")
                json.beginArray()
                write(tensor, to: &json)
                json.endArray()
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        guard request.outputs.contains(where: \.isBinary) else { return .json(json.bytes) }
        return Reply(
            status: 200,
            headers: [
                ("Content-Type", MediaType.binary.rawValue), (InferAnswer.headerLength, String(json.bytes.count)),
            ], body: json.bytes + binary)
    }

    /// The field that says where the JSON ends and raw tensors begin.
    static let headerLength = "Inference-Header-Content-Length"

    private func write(_ tensor: OutputTensor, to json: inout JSONWriter) {
        switch tensor {
        case .logLikelihood: for value in logLikelihoods { json.number(value) }
        case .pValue: for value in job.pValues { json.number(value) }
        case .anomaly: for value in anomalies { json.bool(value) }
        case .score: for value in job.scores { json.number(value) }
        case .surprisal: for value in surprisals { json.number(value) }
        case .gain, .cellPValue: for value in cells(tensor) { json.number(value) }
        case .standardError: for value in standardErrors { json.number(value) }
        case .calibrationRows: for row in 0..<job.rows.count { json.integer(job.calibrationRowCount(ofRow: row)) }
        case .group: for row in 0..<job.rows.count { json.string(job.groupName(ofRow: row) ?? "") }
        }
    }

    private func append(_ tensor: OutputTensor, to bytes: inout [UInt8]) {
        let width = tensor.isPerColumn ? job.model.schema.columns.count : 1
        bytes.reserveCapacity(bytes.count + job.rows.count * tensor.elementBytes * width)
        switch tensor {
        case .logLikelihood: bytes.append(contentsOf: UnsafeRawBufferPointer(logLikelihoods))
        case .pValue: job.pValues.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .anomaly: for value in anomalies { bytes.append(value ? 1 : 0) }
        case .score: job.scores.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .surprisal: surprisals.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .gain, .cellPValue: cells(tensor).withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .standardError: standardErrors.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .calibrationRows:
            for row in 0..<job.rows.count {
                withUnsafeBytes(of: Int64(job.calibrationRowCount(ofRow: row)).littleEndian) {
                    bytes.append(contentsOf: $0)
                }
            }
        case .group:
            for row in 0..<job.rows.count {
                let text = (job.groupName(ofRow: row) ?? "").utf8
                withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: text)
            }
        }
    }

    private var logLikelihoods: UnsafeMutableBufferPointer<Double> {
        UnsafeMutableBufferPointer(rebasing: sheet.logLikelihoods[job.sheetStart..<job.sheetStart + job.rows.count])
    }

    /// By row and column.
    private var surprisals: [Float] {
        let count = sheet.variableCount
        let first = job.sheetStart * count
        return job.model.schema.sums(sheet.surprisals[first..<first + job.rows.count * count])
    }

    /// By row and column.
    private func cells(_ tensor: OutputTensor) -> [Double] {
        (0..<job.rows.count).flatMap { row in
            let cells = job.gains(ofRow: row)
            return tensor == .gain ? cells.gains : cells.pValues
        }
    }

    private var standardErrors: [Double] {
        job.hasMissing
            ? Array(sheet.standardErrors[job.sheetStart..<job.sheetStart + job.rows.count])
            : [Double](repeating: 0, count: job.rows.count)
    }

    private var anomalies: [Bool] {
        // A tensor has no null: a row that nobody can judge is none.
        job.anomalies.map { $0 ?? false }
    }
}
