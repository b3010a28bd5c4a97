internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

/// One score request whose rows are decoded.
///
/// `@unchecked Sendable`: `sheet`, `sheetStart` and `computeStart` are set by the loop, or by the one worker that takes the
/// job's first rows, before any other thread can see the job again; `remaining` orders the last worker after all others.
final class ScoreJob: @unchecked Sendable {
    let call: Call
    let model: LoadedModel
    let options: ScoreOptions
    /// What they make of its rows: see `ScoreOptions`.
    let work: LoadedModel.Work
    let needsSurprisals: Bool
    /// How its rows are judged.
    let judgement: Judgement
    let batch: RowBatch
    /// The job's good rows within the batch.
    let rows: Range<Int>
    /// How many of them have a missing value, one never seen, or a rare label.
    let specialRowCount: Int
    /// Whether some row lacks a value.
    let hasMissing: Bool
    /// The cells of each good row as they came, one a column; empty where nobody asked for explanations.
    let sentCells: [[SentCell]]
    /// The problems of its other rows, ascending; empty unless the request keeps good rows.
    let faults: [RowFault]
    /// Of its model, for rows that want the same.
    let cost: CostEstimate
    /// What its rows are expected to take.
    let expectedNanoseconds: Int
    /// Writes its results.
    let encode: @Sendable (ScoreJob, ScoreSheet) -> Reply
    /// Where its results are, from `sheetStart` on.
    var sheet: ScoreSheet?
    var sheetStart = 0
    var computeStart: UInt64 = 0
    /// The statistic of each row that it is judged by, nats; set when it is answered, or before by the worker that scores rows
    /// with values that are not known.
    private(set) var scores: [Double] = []
    /// What they rank as, then, NaN of a row with nothing to compare with; empty of a model that gives none.
    private(set) var pValues: [Double] = []
    /// Whether each row is an anomaly, then; nil where nobody can tell.
    private(set) var anomalies: [Bool?] = []
    /// The groups whose calibration rows they rank among, nil for the rest; empty of a model without groups.
    private(set) var groups: [Int?] = []
    /// Of rows with values that are not known; set by the worker that scores them.
    private var maskedPValues: [Int: MaskedCalibration.PValue] = [:]

    /// What is said of the cells of one row.
    private enum Cells: Sendable {
        /// The columns that it would gain most by.
        case largest([CellExplanation])
        /// Of every column, nats, with the p-values.
        case all(gains: [Double], pValues: [Double])
    }

    /// Of each row, where somebody asked for it.
    private let cells: Mutex<[Cells?]>
    /// Rows not scored yet.
    private let remaining: Atomic<Int>

    init(
        call: Call, model: LoadedModel, options: ScoreOptions, batch: RowBatch, rows: Range<Int>,
        specialRowCount: Int, sentCells: [[SentCell]] = [], faults: [RowFault] = [],
        encode: @escaping @Sendable (ScoreJob, ScoreSheet) -> Reply = { ScoreAnswer(job: $0, sheet: $1).reply() }
    ) {
        self.call = call
        self.model = model
        self.options = options
        self.batch = batch
        self.rows = rows
        self.specialRowCount = specialRowCount
        judgement = Judgement(model.card.calibration, alpha: options.alpha, statistic: options.statistic)
        hasMissing = specialRowCount > 0 && batch.values(ofRows: rows).contains(where: \.isNaN)
        self.sentCells = sentCells
        self.faults = faults
        self.encode = encode
        work = options.work
        needsSurprisals = options.needsSurprisals
        cost = model.cost(of: work)
        expectedNanoseconds = cost.nanoseconds(units: rows.count)
        remaining = Atomic(rows.count)
        cells = Mutex(work == .gains ? Array(repeating: nil, count: rows.count) : [])
    }

    /// Bytes of the answer, and of what it is made of, roughly.
    var answerBytes: Int {
        let columnCount = model.schema.columns.count
        let cellBytes =
            options.tellsGains || options.perVariable ? 64 * columnCount : 256 * min(options.explain ?? 0, columnCount)
        return rows.count * (128 + cellBytes)
    }

    /// Explains rows, counted from its first, whose results stand in `sheet` from `start` on; where nobody asked for it,
    /// nothing.
    func explain(_ rows: Range<Int>, sheet: ScoreSheet, from start: Int, using workspace: CompiledModel.Workspace) {
        guard work == .gains else { return }
        let width = sheet.variableCount
        for row in rows {
            let place = (start + row - rows.lowerBound) * width
            let values = Array(values(ofRow: row))
            let found: Cells
            if options.tellsGains {
                let (gains, pValues) = model.explainer.gains(of: values, using: workspace)
                found = .all(gains: gains, pValues: pValues)
            } else {
                found = .largest(
                    model.explainer.largest(
                        options.explain ?? 0, of: values, cells: sentCells[row],
                        surprisals: sheet.surprisals[place..<place + width], using: workspace))
            }
            cells.withLock { $0[row] = found }
        }
    }

    /// The explanation of one row.
    func explanation(ofRow row: Int) -> [CellExplanation] {
        cells.withLock { cells in
            guard !cells.isEmpty, case .largest(let explanation) = cells[row] else { return [] }
            return explanation
        }
    }

    /// The gains of one row's columns, nats, and their p-values, where they were asked for.
    func gains(ofRow row: Int) -> (gains: [Double], pValues: [Double]) {
        cells.withLock { cells in
            guard !cells.isEmpty, case .all(let gains, let pValues) = cells[row] else { return ([], []) }
            return (gains, pValues)
        }
    }

    /// The statistics of its rows, whose results stand in `sheet`.
    private func statistics(in sheet: ScoreSheet) -> [Double] {
        let places = sheetStart..<sheetStart + rows.count
        let width = sheet.variableCount
        let cells = judgement.needsSurprisals ? places.lowerBound * width..<places.upperBound * width : 0..<0
        return judgement.scores(
            of: batch.values(ofRows: rows).span,
            logLikelihoods: UnsafeBufferPointer(rebasing: sheet.logLikelihoods[places]),
            surprisals: UnsafeBufferPointer(rebasing: sheet.surprisals[cells]))
    }

    /// Whether it has more rows, or surprisals, than a loop has the time to write down.
    var isLarge: Bool {
        rows.count * (options.tellsSurprisals ? batch.variableCount + 1 : 1) > Self.loopNumbersMax
    }

    private static let loopNumbersMax = 4096

    /// What its rows from `row` on are expected to take.
    func expectedNanoseconds(from row: Int) -> Int {
        rows.isEmpty ? 0 : expectedNanoseconds / rows.count * (rows.count - row)
    }

    /// Prepares for results that come from several batches.
    func makeOwnSheet() {
        let sheet = ScoreSheet(variableCount: batch.variableCount)
        sheet.reserve(rowCount: rows.count, withSurprisals: needsSurprisals)
        self.sheet = sheet
    }

    /// The values of one good row [D], NaN where one is missing.
    func values(ofRow row: Int) -> UnsafeBufferPointer<Float> {
        batch.values(ofRows: rows.lowerBound + row..<rows.lowerBound + row + 1)
    }

    /// The same job with a batch of its own; nil where memory is short.
    func withOwnBatch() -> ScoreJob? {
        let own = RowBatch(variableCount: batch.variableCount)
        guard own.rows.append(batch.values(ofRows: rows)) else { return nil }
        return ScoreJob(
            call: call, model: model, options: options, batch: own, rows: 0..<own.rowCount,
            specialRowCount: specialRowCount, sentCells: sentCells, faults: faults, encode: encode)
    }

    /// Complete rows that take about as long to score as this job's.
    var weight: Int {
        guard specialRowCount > 0 else { return rows.count }
        return model.compiled.passCount(of: batch.values(ofRows: rows).span, missing: options.missing)
    }

    /// Scores all rows, of which some are not plain, and replies.
    func scoreIncomplete(weight: Int, using workspace: CompiledModel.Workspace) {
        let start = monotonicNanoseconds()
        computeStart = start
        let sheet = ScoreSheet(variableCount: batch.variableCount)
        sheet.reserve(rowCount: rows.count, withSurprisals: needsSurprisals, withErrors: true)
        sheet.score(
            incomplete: batch.values(ofRows: rows), options.missing, withSurprisals: needsSurprisals,
            model: model.compiled, using: workspace)
        self.sheet = sheet
        explain(0..<rows.count, sheet: sheet, from: 0, using: workspace)
        if hasMissing, judgement.calibration != nil {
            scores = statistics(in: sheet)
            for row in 0..<rows.count {
                let values = values(ofRow: row)
                guard values.contains(where: \.isNaN) else { continue }
                maskedPValues[row] = model.masked.pValue(
                    of: scores[row], values, judgement, missing: options.missing, using: workspace)
            }
        }
        model.note(batch.values(ofRows: rows), sheet.logLikelihoods(count: rows.count))
        model.cost(of: .incomplete).record(units: weight, nanoseconds: monotonicNanoseconds() - start)
        model.statistics.countExecution()
        answer()
    }

    /// What the group of one row is called; nil: the rest.
    func groupName(ofRow row: Int) -> String? { groups.isEmpty ? nil : judgement.name(ofGroup: groups[row]) }

    /// Notes that `count` more rows are scored; true for the caller who finished the job.
    func finish(rowCount count: Int) -> Bool {
        remaining.wrappingSubtract(count, ordering: .acquiringAndReleasing).newValue == 0
    }

    /// Why rows are not judged; nil where all are.
    var note: String? {
        let alpha = judgement.alpha
        return judgement.note
            ?? maskedPValues.sorted { $0.key < $1.key }.lazy.compactMap { $0.value.note(alpha) }.first
    }

    private func judge(in sheet: ScoreSheet) {
        // Where values are not known they were needed before.
        if scores.isEmpty { scores = statistics(in: sheet) }
        guard judgement.calibration != nil else { return }
        groups = judgement.groups(of: batch.values(ofRows: rows).span, width: batch.variableCount)
        pValues = judgement.pValues(of: scores, in: groups)
        anomalies =
            groups.isEmpty
            ? pValues.map { judgement.isAnomaly($0) } : zip(pValues, groups).map { judgement.isAnomaly($0, in: $1) }
        for (row, masked) in maskedPValues {
            pValues[row] = masked.value ?? .nan
            anomalies[row] = masked.isAnomaly(judgement.alpha)
            if !groups.isEmpty { groups[row] = masked.group }
        }
    }

    /// How many calibration rows a row of a calibrated model is compared with.
    func calibrationRowCount(ofRow row: Int) -> Int {
        maskedPValues[row]?.rowCount
            ?? judgement.calibration?.rowCount(of: groups.isEmpty ? nil : groups[row]) ?? 0
    }

    private func countAnomalies() {
        let count = anomalies.count { $0 == true }
        if count > 0 { model.statistics.anomalies.wrappingAdd(count, ordering: .relaxed) }
    }

    /// Replies with the job's results.
    func answer() {
        let now = monotonicNanoseconds()
        if call.isPastDeadline(at: now) { return call.refuseAsLate() }
        guard let sheet else { return }
        judge(in: sheet)
        let reply = encode(self, sheet)
        countAnomalies()
        model.statistics.scoredRows.wrappingAdd(rows.count, ordering: .relaxed)
        call.answer(reply, effort: call.effort(rows: rows.count, started: computeStart, ended: now))
    }
}

/// A faulty row of a request that keeps its good ones.
struct RowFault {
    /// Of one with its texts, and of what the answer says of it, roughly.
    static let byteCount = 512

    var row: Int
    var problem: Problem
}
