internal import MADE

/// Scores as text, a line a row: kept cells, `log_likelihood` and, for a calibrated model, `p_value`, `anomaly` and `score`, and
/// `group` where groups of rows have calibrations of their own; where
/// asked for, `q_value` and `discovery`, and `explanation`. A row that could not be scored has empty cells and the reason in
/// the last column, `error`, in CSV; nulls and the reason in NDJSON.
package struct ScoreLines: ScoreOutput {
    private let format: LineFormat
    private let judgement: Judgement
    private let kept: [String]
    private let details: ScoreDetails
    private let explainer: CellExplainer?
    /// Of NDJSON: `"name":` of each kept column.
    private let keys: [[UInt8]]
    /// What was written and not taken yet; where rows are judged together, all of it.
    private var bytes: [UInt8] = []
    /// Where rows are judged together: of each the place in `bytes` that its q-value belongs to, and its p-value; NaN of one that
    /// could not be scored.
    private var gaps: [(place: Int, pValue: Double)] = []

    /// `kept` are the names of the columns that are copied; `explainer` is for rows with explanations.
    package init(
        _ format: LineFormat, judgement: Judgement, kept: [String] = [], details: ScoreDetails = ScoreDetails(),
        explainer: CellExplainer? = nil
    ) {
        self.format = format
        self.judgement = judgement
        self.kept = kept
        self.details = details
        self.explainer = explainer
        keys = kept.map { name in
            var json = JSONWriter()
            json.key(name)
            return json.bytes
        }
    }

    private var isJSON: Bool { format == .ndjson }
    private var isCalibrated: Bool { judgement.calibration != nil }
    /// Whether rows wait for each other.
    private var holdsRows: Bool { details.falseDiscoveryRate != nil && isCalibrated }

    package mutating func begin(hasHeader: Bool) {
        guard format == .csv, hasHeader else { return }
        for name in kept {
            appendCell(name, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        write("log_likelihood")
        if isCalibrated { write(",p_value,anomaly,score") }
        if judgement.hasGroups { write(",group") }
        if holdsRows { write(",q_value,discovery") }
        if details.explain != nil { write(",explanation") }
        write(",error\n")
    }

    /// NDJSON tells the standard error of a row with missing values; CSV has no column for it.
    package mutating func write(_ row: ScoredRow, kept: KeptCells) {
        begin(kept)
        if isJSON { write(#""log_likelihood":"#) }
        let digits = bytes.count
        write(number: row.logLikelihood)
        let digitsEnd = bytes.count
        if isCalibrated {
            write(isJSON ? #","p_value":"# : ",")
            if let pValue = row.pValue { write(number: pValue) } else if isJSON { write("null") }
            switch row.isAnomaly {
            case true?: write(isJSON ? #","anomaly":true,"score":"# : ",true,")
            case false?: write(isJSON ? #","anomaly":false,"score":"# : ",false,")
            case nil: write(isJSON ? #","anomaly":null,"score":"# : ",,")
            }
            if row.score == -row.logLikelihood, row.score != 0 {
                // Ranked by likelihood, a row's score is the same number but for its sign.
                if row.score < 0 { write("-") }
                // A byte at a time: a slice of the lines would share their memory, and the append copy all of it.
                for place in (row.score < 0 ? digits : digits + 1)..<digitsEnd { bytes.append(bytes[place]) }
            } else {
                write(number: row.score)
            }
        }
        if judgement.hasGroups { write(group: judgement.name(ofGroup: row.group)) }
        if holdsRows { gaps.append((bytes.count, row.pValue ?? .nan)) }
        if isJSON, let estimate = row.estimate {
            write(#","standard_error":"#)
            write(number: estimate.standardError)
            if isCalibrated, let count = row.calibrationRowCount {
                write(#","calibration_rows":"#)
                bytes.append(contentsOf: "\(count)".utf8)
            }
        }
        if let explanation = row.explanation { write(explanation) }
        write(isJSON ? "}\n" : ",\n")
    }

    private mutating func write(group name: String?) {
        guard isJSON else {
            write(",")
            if let name { appendCell(name, to: &bytes) }
            return
        }
        var json = JSONWriter(capacity: 32)
        json.key("group")
        json.string(name)
        write(",")
        bytes.append(contentsOf: json.bytes)
    }

    private mutating func write(_ explanation: [CellExplanation]) {
        guard let explainer else { return }
        guard isJSON else {
            write(",")
            let text = explanation.map(explainer.summary).joined(separator: "; ")
            if !text.isEmpty { appendCell(text, to: &bytes) }
            return
        }
        write(#","explanation":["#)
        for (index, cell) in explanation.enumerated() {
            if index > 0 { write(",") }
            var json = JSONWriter(capacity: 256)
            explainer.write(cell, to: &json)
            bytes.append(contentsOf: json.bytes)
        }
        write("]")
    }

    package mutating func write(fault detail: String, row: Int, kept: KeptCells) {
        begin(kept)
        guard isJSON else {
            if isCalibrated { write(",,,") }
            if judgement.hasGroups { write(",") }
            if holdsRows { gaps.append((bytes.count, .nan)) }
            if details.explain != nil { write(",") }
            write(",")
            appendCell(detail, to: &bytes)
            return write("\n")
        }
        write(#""log_likelihood":null"#)
        if isCalibrated { write(#","p_value":null,"anomaly":null,"score":null"#) }
        if judgement.hasGroups { write(#","group":null"#) }
        if holdsRows { gaps.append((bytes.count, .nan)) }
        if details.explain != nil { write(#","explanation":null"#) }
        write(#","error":"#)
        var text = JSONWriter(capacity: detail.utf8.count + 2)
        text.string(detail)
        bytes.append(contentsOf: text.bytes)
        write("}\n")
    }

    package mutating func take() -> [UInt8] {
        if holdsRows { return [] }
        // A copy of just the size: the buffer's own may be twice as large.
        let taken = Array(bytes[...])
        bytes.removeAll(keepingCapacity: true)
        return taken
    }

    package var heldByteCount: Int { holdsRows ? bytes.count + 40 * gaps.count : 0 }

    package mutating func finish() -> [[UInt8]] {
        guard let rate = details.falseDiscoveryRate, holdsRows else { return [] }
        let held = bytes
        bytes = []
        var pieces: [[UInt8]] = []
        var start = 0
        for (gap, qValue) in zip(gaps, DiscoveryRate.qValues(gaps.map(\.pValue))) {
            bytes.append(contentsOf: held[start..<gap.place])
            start = gap.place
            write(isJSON ? #","q_value":"# : ",")
            if !qValue.isNaN { write(number: qValue) } else if isJSON { write("null") }
            write(isJSON ? #","discovery":"# : ",")
            if !qValue.isNaN { write(qValue <= rate ? "true" : "false") } else if isJSON { write("null") }
            if bytes.count >= 64 << 10 {
                pieces.append(bytes)
                bytes = []
            }
        }
        bytes.append(contentsOf: held[start...])
        gaps = []
        defer { bytes = [] }
        return pieces + [bytes]
    }

    /// The front of a line.
    private mutating func begin(_ cells: KeptCells) {
        if isJSON { write("{") }
        if kept.isEmpty { return }
        if format == .csv { cells.appendCSV(to: &bytes) } else { cells.appendJSON(keys: keys, to: &bytes) }
    }

    private mutating func write(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The shortest decimal that reads back as `value`, which is finite.
    private mutating func write(number value: Double) {
        NumberText.appendShortest(value, to: &bytes)
    }
}
