internal import MADE

/// Scores as text, a line a row: `log_likelihood`, for a calibrated model `p_value` and `anomaly`, and the error of a row
/// that is none.
struct ScoreLines {
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
        guard format == .csv else { return }
        write(calibration == nil ? "log_likelihood,error" : "log_likelihood,p_value,anomaly,error")
        write(lineEnd)
    }

    /// The line of a scored row.
    mutating func write(logLikelihood: Double) {
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
        if isJSON { write("}\n") } else { endCSV(error: "") }
    }

    /// The line of a faulty row.
    mutating func write(fault detail: String) {
        guard format == .ndjson else {
            if calibration != nil { write(",,") }
            return endCSV(error: detail)
        }
        write(#"{"log_likelihood":null,"#)
        if calibration != nil { write(#""p_value":null,"anomaly":null,"#) }
        write(#""error":"#)
        var text = JSONWriter(capacity: detail.utf8.count + 2)
        text.string(detail)
        bytes.append(contentsOf: text.bytes)
        write("}\n")
    }

    /// Hands out what was written since the last call.
    mutating func take() -> [UInt8] {
        // A copy of just the size: the buffer's own may be twice as large.
        let taken = Array(bytes[...])
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    private mutating func endCSV(error: String) {
        write(",")
        if !error.isEmpty { bytes.append(contentsOf: csvCell(error).utf8) }
        write(lineEnd)
    }

    private mutating func write(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The shortest decimal that reads back as `value`, which is finite.
    private mutating func write(number value: Double) {
        var text = value.description
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }
}

/// A text as a cell of CSV (RFC 4180).
func csvCell(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 >= 0x20 }
    if isPlain { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
