/// Scores as text, a line a row: kept cells, `log_likelihood` and, for a calibrated model, `p_value`, `anomaly` and `score`. A row that
/// could not be scored has empty cells and the reason in the last column, `error`, in CSV; nulls and the reason in NDJSON.
package struct ScoreLines: ScoreOutput {
    private let format: LineFormat
    private let judgement: Judgement
    private let kept: [String]
    /// Of NDJSON: `"name":` of each kept column.
    private let keys: [[UInt8]]
    /// What was written and not taken yet.
    private var bytes: [UInt8] = []

    /// `kept` are the names of the columns that are copied.
    package init(_ format: LineFormat, judgement: Judgement, kept: [String] = []) {
        self.format = format
        self.judgement = judgement
        self.kept = kept
        keys = kept.map { name in
            var json = JSONWriter()
            json.key(name)
            return json.bytes
        }
    }

    package mutating func begin(hasHeader: Bool) {
        guard format == .csv, hasHeader else { return }
        for name in kept {
            appendCell(name, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        write(judgement.calibration == nil ? "log_likelihood,error\n" : "log_likelihood,p_value,anomaly,score,error\n")
    }

    /// NDJSON tells the standard error of a row with missing values; CSV has no column for it.
    package mutating func write(_ row: ScoredRow, kept: KeptCells) {
        let isJSON = format == .ndjson
        begin(kept)
        if isJSON { write(#""log_likelihood":"#) }
        write(number: row.logLikelihood)
        if let pValue = row.pValue {
            write(isJSON ? #","p_value":"# : ",")
            write(number: pValue)
            write(isJSON ? #","anomaly":"# : ",")
            switch judgement.isAnomaly(pValue) {
            case true?: write("true")
            case false?: write("false")
            case nil: if isJSON { write("null") }
            }
            write(isJSON ? #","score":"# : ",")
            write(number: row.score)
        }
        if isJSON, let estimate = row.estimate {
            write(#","standard_error":"#)
            write(number: estimate.standardError)
        }
        write(isJSON ? "}\n" : ",\n")
    }

    package mutating func write(fault detail: String, row: Int, kept: KeptCells) {
        begin(kept)
        guard format == .ndjson else {
            write(judgement.calibration == nil ? "," : ",,,,")
            appendCell(detail, to: &bytes)
            return write("\n")
        }
        write(#""log_likelihood":null,"#)
        if judgement.calibration != nil { write(#""p_value":null,"anomaly":null,"score":null,"#) }
        write(#""error":"#)
        var text = JSONWriter(capacity: detail.utf8.count + 2)
        text.string(detail)
        bytes.append(contentsOf: text.bytes)
        write("}\n")
    }

    package mutating func take() -> [UInt8] {
        // A copy of just the size: the buffer's own may be twice as large.
        let taken = Array(bytes[...])
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    package var heldByteCount: Int { 0 }

    package mutating func finish() -> [[UInt8]] { [] }

    /// The front of a line.
    private mutating func begin(_ cells: KeptCells) {
        if format == .ndjson { write("{") }
        if kept.isEmpty { return }
        if format == .csv { cells.appendCSV(to: &bytes) } else { cells.appendJSON(keys: keys, to: &bytes) }
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
