internal import MADE
internal import MADERows

/// Scores as the columnar document of /score, put together as rows come: what it holds grows with the document alone.
struct ScoreColumns: ScoreOutput {
    /// The text of one member's array, in pieces: one block of memory for all of it would be copied as it grows.
    private struct Column {
        private static let pieceBytes = 64 << 10
        private(set) var pieces: [[UInt8]] = []
        private(set) var byteCount = 0
        private var json = JSONWriter(capacity: pieceBytes + 512)

        init(_ name: String) {
            json.key(name)
            json.beginArray()
        }

        mutating func write(_ element: (inout JSONWriter) -> Void) {
            element(&json)
            if json.bytes.count >= Self.pieceBytes { cut() }
        }

        mutating func end() {
            json.endArray()
            cut()
        }

        private mutating func cut() {
            let piece = json.take()
            byteCount += piece.count
            pieces.append(piece)
        }
    }

    private let nameMembers: [UInt8]
    private let judgement: Judgement
    private let details: ScoreDetails
    private let explainer: CellExplainer
    private let variableCount: Int
    private var logLikelihoods = Column("log_likelihood")
    private var bits = Column("bits_per_dimension")
    private var standardErrors = Column("standard_error")
    private var hasMissing = false
    private var note: String?
    private var pValues = Column("p_value")
    private var anomalies = Column("anomaly")
    private var scores = Column("score")
    private var groups = Column("groups")
    private var calibrationRowCounts = Column("calibration_rows")
    private var explanations = Column("explanations")
    /// Where rows are judged together: of each its p-value, NaN of one that could not be scored.
    private var heldPValues: [Double] = []
    private var errors = Column("errors")
    private var hasErrors = false

    init(model: LoadedModel, judgement: Judgement, details: ScoreDetails) {
        nameMembers = model.nameMembers
        self.details = details
        explainer = model.explainer
        self.judgement = judgement
        variableCount = model.card.variables.count
    }

    var heldByteCount: Int {
        [
            logLikelihoods, bits, standardErrors, pValues, anomalies, scores, groups, calibrationRowCounts,
            explanations, errors,
        ].reduce(40 * heldPValues.count) { $0 + $1.byteCount }
    }

    mutating func begin(hasHeader: Bool) {}

    mutating func take() -> [UInt8] { [] }

    mutating func write(_ row: ScoredRow, kept: KeptCells) {
        if row.estimate != nil { hasMissing = true }
        note = row.note
        let bitsPerNat = ScoreAnswer.bitsPerNat(variableCount: row.estimate?.knownCount ?? variableCount)
        logLikelihoods.write { $0.number(row.logLikelihood) }
        bits.write { $0.number(row.logLikelihood * bitsPerNat + 0) }
        standardErrors.write { $0.number(row.estimate?.standardError ?? 0) }
        if let explanation = row.explanation {
            explanations.write { json in
                json.beginArray()
                for cell in explanation { explainer.write(cell, to: &json) }
                json.endArray()
            }
        }
        guard let calibration = judgement.calibration else { return }
        let pValue = row.pValue ?? .nan
        if details.falseDiscoveryRate != nil { heldPValues.append(pValue) }
        pValues.write { $0.number(pValue) }
        anomalies.write { $0.bool(row.isAnomaly) }
        calibrationRowCounts.write { $0.integer(row.calibrationRowCount ?? calibration.rowCount(of: row.group)) }
        scores.write { $0.number(row.score) }
        if judgement.hasGroups {
            groups.write { $0.string(judgement.name(ofGroup: row.group)) }
        }
    }

    /// The entry has no pointer: there is no JSON document that one could point into.
    mutating func write(fault detail: String, row: Int, kept: KeptCells) {
        hasErrors = true
        logLikelihoods.write { $0.null() }
        bits.write { $0.null() }
        standardErrors.write { $0.null() }
        pValues.write { $0.null() }
        anomalies.write { $0.null() }
        scores.write { $0.null() }
        groups.write { $0.null() }
        calibrationRowCounts.write { $0.null() }
        explanations.write { $0.null() }
        if details.falseDiscoveryRate != nil { heldPValues.append(.nan) }
        errors.write { json in
            json.beginObject()
            json.member("row", row)
            json.member("detail", detail)
            json.endObject()
        }
    }

    mutating func finish() -> [[UInt8]] {
        var members = [[nameMembers]]
        logLikelihoods.end()
        bits.end()
        members.append(logLikelihoods.pieces)
        members.append(bits.pieces)
        if hasMissing {
            standardErrors.end()
            members.append(standardErrors.pieces)
        }
        if judgement.calibration != nil {
            pValues.end()
            anomalies.end()
            scores.end()
            var json = JSONWriter()
            json.member("statistic", judgement.statistic.rawValue)
            json.member("alpha", judgement.alpha)
            members += [pValues.pieces, [json.bytes], anomalies.pieces, scores.pieces]
            if judgement.hasGroups {
                groups.end()
                members.append(groups.pieces)
            }
            if hasMissing {
                calibrationRowCounts.end()
                members.append(calibrationRowCounts.pieces)
            }
            if let note = judgement.note ?? note {
                var json = JSONWriter()
                json.member("note", note)
                members.append([json.bytes])
            }
        }
        if let rate = details.falseDiscoveryRate, judgement.calibration != nil { members += discoveries(rate) }
        if details.explain != nil {
            explanations.end()
            members.append(explanations.pieces)
        }
        if hasErrors {
            errors.end()
            members.append(errors.pieces)
        }
        var document = [[UInt8(ascii: "{")]]
        for (index, member) in members.enumerated() {
            if index > 0 { document.append([UInt8(ascii: ",")]) }
            document += member
        }
        document.append([UInt8(ascii: "}")])
        return document
    }

    private func discoveries(_ rate: Double) -> [[[UInt8]]] {
        var (qValues, discoveries) = (Column("q_values"), Column("discoveries"))
        for qValue in DiscoveryRate.qValues(heldPValues) {
            qValues.write { $0.number(qValue) }
            discoveries.write { $0.bool(qValue.isNaN ? nil : qValue <= rate) }
        }
        qValues.end()
        discoveries.end()
        var json = JSONWriter()
        json.member("fdr", rate)
        return [[json.bytes], qValues.pieces, discoveries.pieces]
    }
}
