internal import MADE

/// Scores as text, a line a row: `log_likelihood` and, for a calibrated model, `p_value` and `anomaly`. A faulty row has
/// empty cells in CSV, nulls and the reason in NDJSON.
struct ScoreLines: ScoreOutput {
    let format: LineFormat
    let calibration: Calibration?
    let alpha: Double
    /// What ends a line of CSV; one of NDJSON ends in a line feed.
    let lineEnd: StaticString
    /// What was written and not taken yet.
    private(set) var bytes: [UInt8] = []

    /// `alpha` counts for a calibrated model only.
    init(_ format: LineFormat, calibration: Calibration?, alpha: Double?, lineEnd: StaticString) {
        self.format = format
        self.calibration = calibration
        self.alpha = alpha ?? 0
        self.lineEnd = lineEnd
    }

    mutating func begin(hasHeader: Bool) {
        guard format == .csv, hasHeader else { return }
        write(calibration == nil ? "log_likelihood" : "log_likelihood,p_value,anomaly")
        write(lineEnd)
    }

    /// The line of a scored row; NDJSON tells the standard error of a row with missing values, CSV has no column for it.
    mutating func write(logLikelihood: Double, standardError: Double?) {
        let isJSON = format == .ndjson
        if isJSON { write(#"{"log_likelihood":"#) }
        write(number: logLikelihood)
        if let calibration {
            let pValue = calibration.pValue(of: logLikelihood)
            write(isJSON ? #","p_value":"# : ",")
            write(number: pValue)
            write(isJSON ? #","anomaly":"# : ",")
            write(pValue <= alpha ? "true" : "false")
        }
        if isJSON, let standardError {
            write(#","standard_error":"#)
            write(number: standardError)
        }
        if isJSON { write("}\n") } else { write(lineEnd) }
    }

    mutating func write(fault detail: String, row: Int) {
        guard format == .ndjson else {
            if calibration != nil { write(",,") }
            return write(lineEnd)
        }
        write(#"{"log_likelihood":null,"#)
        if calibration != nil { write(#""p_value":null,"anomaly":null,"#) }
        write(#""error":"#)
        var text = JSONWriter(capacity: detail.utf8.count + 2)
        text.string(detail)
        bytes.append(contentsOf: text.bytes)
        write("}\n")
    }

    mutating func take() -> [UInt8] {
        // A copy of just the size: the buffer's own may be twice as large.
        let taken = Array(bytes[...])
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    var heldByteCount: Int { 0 }

    mutating func finish() -> [[UInt8]] { [] }

    private mutating func write(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The shortest decimal that reads back as `value`, which is finite.
    private mutating func write(number value: Double) {
        var text = value.description
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }
}
