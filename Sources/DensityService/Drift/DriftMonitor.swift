internal import MADE
internal import MADERows
internal import Synchronization

/// The latest rows of one model: what it said of them, and a few of them as they came.
///
/// Whoever scores a batch notes it here, under one lock a batch: log-likelihoods are copied, nothing is computed. All that
/// is to be known is worked out when somebody asks.
final class DriftMonitor: Sendable {
    /// One row of so many is kept, on average, to have its surprisals worked out when somebody asks: explaining a row costs more
    /// than scoring it. Fewer are where they would take more than `keptValuesMax`.
    static let rowsPerStudied = 16
    private static let keptValuesMax = 1 << 24

    /// What is noted as rows are scored.
    private struct Notes {
        /// The latest log-likelihoods, a ring: that of row i at i modulo the window.
        var logLikelihoods: [Double]
        var rowCount = 0
        /// Rows kept as they came, a ring too.
        var kept: [Float] = []
        var keptCount = 0
        /// Rows until the next one that is kept.
        var gap = 1
        var generator = PhiloxGenerator(seed: .random(in: .min ... .max))
    }

    /// What was worked out for those who asked.
    private struct Study {
        /// Surprisals of the kept rows, at the same places of a ring.
        var surprisals: [Float] = []
        var explainedCount = 0
        /// Of a calibrated model, and how many rows it has seen or can see no more.
        var martingale: ExchangeabilityMartingale?
        var testedCount = 0
        /// The last report, and how many rows there were then.
        var report: DriftReport?
        var rowCount = -1
    }

    /// Rows that the window holds at most; 0: nothing is watched.
    let windowRows: Int
    private let model: CompiledModel
    private let card: ModelCard
    private let keptRowsMax: Int
    /// Rows from one that is kept to the next, on average.
    private let keptGap: Int
    private let notes: Mutex<Notes>
    /// Taken before `notes` by those who need both.
    private let study: Mutex<Study>

    init(model: CompiledModel, card: ModelCard, windowRows: Int) {
        self.model = model
        self.card = card
        self.windowRows = windowRows
        keptRowsMax = min(
            (windowRows + Self.rowsPerStudied - 1) / Self.rowsPerStudied,
            max(1, Self.keptValuesMax / model.variableCount))
        keptGap = max(Self.rowsPerStudied, windowRows / max(keptRowsMax, 1))
        let martingale = card.calibration.map {
            ExchangeabilityMartingale($0, seed: .random(in: .min ... .max))
        }
        study = Mutex(Study(martingale: martingale))
        notes = Mutex(Notes(logLikelihoods: Array(repeating: 0, count: windowRows)))
    }

    /// Notes rows [n × D] and their log-likelihoods [n]. Any thread.
    func note(_ rows: UnsafeBufferPointer<Float>, _ logLikelihoods: UnsafeBufferPointer<Double>) {
        if windowRows == 0 { return }
        let variableCount = model.variableCount
        notes.withLock { notes in
            var place = notes.rowCount % windowRows
            var ring = notes.logLikelihoods.mutableSpan
            for logLikelihood in logLikelihoods {
                ring[place] = logLikelihood
                place = place + 1 == windowRows ? 0 : place + 1
            }
            notes.rowCount += logLikelihoods.count
            var row = notes.gap - 1
            while row < logLikelihoods.count {
                let cells = rows[row * variableCount..<(row + 1) * variableCount]
                // The surprisals of a row that lacks values compare with nothing: they are of other conditionals.
                if !cells.contains(where: \.isNaN) { keep(cells, in: &notes) }
                // Not every sixteenth: clients may send rows in a rhythm of their own. The bias of a remainder is nothing
                // here, and the thread sanitizer loses sight of the lock behind a call of Int.random.
                row += 1 + Int(notes.generator.next() % UInt64(2 * keptGap - 1))
            }
            notes.gap = row - logLikelihoods.count + 1
        }
    }

    private func keep(_ row: Slice<UnsafeBufferPointer<Float>>, in notes: inout Notes) {
        if notes.keptCount < keptRowsMax {
            notes.kept.append(contentsOf: row)
        } else {
            let start = notes.keptCount % keptRowsMax * model.variableCount
            for (offset, value) in row.enumerated() { notes.kept[start + offset] = value }
        }
        notes.keptCount += 1
    }

    /// What is to be known of the window, with anomalies at `alpha`. It takes milliseconds: not for a loop.
    func report(alpha: Double) -> DriftReport {
        study.withLock { study in
            let known = study.rowCount
            let (rowCount, window) = notes.withLock { notes in
                // A copy indeed: storage that is shared would be copied at the next batch, on the way of a request.
                let latest = notes.logLikelihoods.withUnsafeBufferPointer { ring in
                    notes.rowCount == known ? [] : [Double](ring.prefix(notes.rowCount))
                }
                return (notes.rowCount, latest)
            }
            if let report = study.report, rowCount == known { return report }
            let surprisals = explain(in: &study)
            test(window, rowCount: rowCount, in: &study)
            let report = DriftReport(
                card: card, windowRows: windowRows, logLikelihoods: window.sorted(), alpha: alpha,
                surprisals: surprisals, martingale: study.martingale)
            study.report = report
            study.rowCount = rowCount
            return report
        }
    }

    /// Bets on the rows that came since the last time, as far as the window, a ring of `rowCount` rows so far, still has them:
    /// which it has lost does not depend on what they are.
    private func test(_ window: [Double], rowCount: Int, in study: inout Study) {
        for row in max(study.testedCount, rowCount - windowRows)..<max(rowCount, study.testedCount) {
            study.martingale?.take(window[row % windowRows])
        }
        study.testedCount = rowCount
    }

    /// Works out the surprisals of rows that were kept since the last time; returns those of all rows kept.
    private func explain(in study: inout Study) -> SurprisalTally {
        let variableCount = model.variableCount
        let explainedCount = study.explainedCount
        let (rows, count) = notes.withLock { notes -> ([Float], Int) in
            let new = min(notes.keptCount - explainedCount, keptRowsMax)
            var rows: [Float] = []
            rows.reserveCapacity(new * variableCount)
            for index in notes.keptCount - new..<notes.keptCount {
                let start = index % keptRowsMax * variableCount
                rows.append(contentsOf: notes.kept[start..<start + variableCount])
            }
            return (rows, notes.keptCount)
        }
        let newCount = rows.count / variableCount
        if newCount > 0 {
            var results = [Double](repeating: 0, count: newCount)
            var explained = results
            var surprisals = [Float](repeating: 0, count: rows.count)
            var resultSpan = results.mutableSpan
            var explainedSpan = explained.mutableSpan
            var surprisalSpan = surprisals.mutableSpan
            var errors = [Double](repeating: 0, count: newCount)
            var errorSpan = errors.mutableSpan
            model.explain(
                rows.span, missing: MissingValues(), logLikelihoods: &resultSpan, surprisals: &surprisalSpan,
                explained: &explainedSpan, standardErrors: &errorSpan, using: model.makeWorkspace())
            if study.surprisals.isEmpty {
                study.surprisals = Array(repeating: 0, count: keptRowsMax * variableCount)
            }
            for index in 0..<newCount {
                let place = (count - newCount + index) % keptRowsMax * variableCount
                study.surprisals.replaceSubrange(
                    place..<place + variableCount,
                    with: surprisals[index * variableCount..<(index + 1) * variableCount])
            }
            study.explainedCount = count
        }
        var tally = SurprisalTally(variableCount: variableCount)
        tally.add(study.surprisals.span.extracting(0..<min(count, keptRowsMax) * variableCount))
        return tally
    }
}
