internal import MADE
internal import MADERows

/// Results of scored rows, in memory that several workers may fill at once, each its own rows.
///
/// `@unchecked Sendable`: every row is written by one thread, and read by the one that finds all of them done.
final class ScoreSheet: @unchecked Sendable {
    let variableCount: Int
    private(set) var rowCapacity = 0
    /// log p(x) [n].
    private(set) var logLikelihoods: UnsafeMutableBufferPointer<Double>
    /// [n × D], and what each row's add up to [n], nats; empty where they were not asked for.
    private(set) var surprisals: UnsafeMutableBufferPointer<Float>
    private(set) var explained: UnsafeMutableBufferPointer<Double>
    /// Of the log-likelihoods [n]; empty where no row lacks a value.
    private(set) var standardErrors: UnsafeMutableBufferPointer<Double>

    init(variableCount: Int) {
        self.variableCount = variableCount
        logLikelihoods = .init(start: nil, count: 0)
        surprisals = .init(start: nil, count: 0)
        explained = .init(start: nil, count: 0)
        standardErrors = .init(start: nil, count: 0)
    }

    deinit { free() }

    /// Makes room for `rowCount` rows; what was there is lost.
    func reserve(rowCount: Int, withSurprisals: Bool, withErrors: Bool = false) {
        let lacksPart = (withSurprisals && surprisals.isEmpty) || (withErrors && standardErrors.isEmpty)
        if rowCount > rowCapacity || lacksPart {
            let capacity = max(rowCount, min(2 * rowCapacity, 4096), 64)
            free()
            logLikelihoods = .allocate(capacity: capacity)
            if withSurprisals {
                surprisals = .allocate(capacity: capacity * variableCount)
                explained = .allocate(capacity: capacity)
            }
            if withErrors { standardErrors = .allocate(capacity: capacity) }
            rowCapacity = capacity
        }
    }

    /// Scores rows [n × D] into the sheet's rows from `first` on.
    func score(
        _ rows: UnsafeBufferPointer<Float>, at first: Int, withSurprisals: Bool, model: CompiledModel,
        using workspace: CompiledModel.Workspace
    ) {
        let count = rows.count / variableCount
        guard count > 0 else { return }
        var results = UnsafeMutableBufferPointer(rebasing: logLikelihoods[first..<first + count]).mutableSpan
        if withSurprisals {
            let cells = first * variableCount..<(first + count) * variableCount
            var surprisals = UnsafeMutableBufferPointer(rebasing: surprisals[cells]).mutableSpan
            var explained = UnsafeMutableBufferPointer(rebasing: explained[first..<first + count]).mutableSpan
            model.explain(
                rows.span, logLikelihoods: &results, surprisals: &surprisals, explained: &explained, using: workspace)
        } else {
            model.score(rows.span, into: &results, using: workspace)
        }
    }

    /// Of the first rows.
    func logLikelihoods(count: Int) -> UnsafeBufferPointer<Double> {
        UnsafeBufferPointer(rebasing: logLikelihoods[..<count])
    }

    /// Scores rows [n × D], of which some lack values, into the sheet's first rows. The surprisal of a missing value is NaN.
    func score(
        incomplete rows: UnsafeBufferPointer<Float>, _ missing: MissingValues, withSurprisals: Bool,
        model: CompiledModel, using workspace: CompiledModel.Workspace
    ) {
        let count = rows.count / variableCount
        var results = UnsafeMutableBufferPointer(rebasing: logLikelihoods[..<count]).mutableSpan
        var errors = UnsafeMutableBufferPointer(rebasing: standardErrors[..<count]).mutableSpan
        guard withSurprisals else {
            return model.score(
                rows.span, missing: missing, into: &results, standardErrors: &errors, using: workspace)
        }
        var surprisals = UnsafeMutableBufferPointer(rebasing: surprisals[..<rows.count]).mutableSpan
        var explained = UnsafeMutableBufferPointer(rebasing: explained[..<count]).mutableSpan
        model.explain(
            rows.span, missing: missing, logLikelihoods: &results, surprisals: &surprisals, explained: &explained,
            standardErrors: &errors, using: workspace)
        for cell in rows.indices where rows[cell].isNaN { surprisals[cell] = .nan }
    }

    /// Copies results of another sheet's rows to this one's from `first` on.
    func copy(from other: ScoreSheet, rows: Range<Int>, to first: Int) {
        let target = first..<first + rows.count
        _ = UnsafeMutableBufferPointer(rebasing: logLikelihoods[target]).update(
            fromContentsOf: other.logLikelihoods[rows])
        if surprisals.isEmpty { return }
        _ = UnsafeMutableBufferPointer(rebasing: explained[target]).update(fromContentsOf: other.explained[rows])
        let cells = { (rows: Range<Int>) in
            rows.lowerBound * self.variableCount..<rows.upperBound * self.variableCount
        }
        _ = UnsafeMutableBufferPointer(rebasing: surprisals[cells(target)]).update(
            fromContentsOf: other.surprisals[cells(rows)])
    }

    private func free() {
        logLikelihoods.deallocate()
        surprisals.deallocate()
        explained.deallocate()
        standardErrors.deallocate()
        surprisals = .init(start: nil, count: 0)
        explained = .init(start: nil, count: 0)
        standardErrors = .init(start: nil, count: 0)
    }
}

/// Rows that a loop gathered in one turn.
///
/// `@unchecked Sendable`: the loop appends to it, then hands it over for good; from then on it is only read.
final class RowBatch: @unchecked Sendable {
    let rows = RowBuffer()
    let variableCount: Int

    init(variableCount: Int) {
        self.variableCount = variableCount
    }

    var rowCount: Int { rows.count / variableCount }

    /// The values of a few rows.
    func values(ofRows range: Range<Int>) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: rows.values[range.lowerBound * variableCount..<range.upperBound * variableCount])
    }
}
