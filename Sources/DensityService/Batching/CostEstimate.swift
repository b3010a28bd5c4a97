internal import Synchronization

/// What a row of some kind of work takes, measured as it goes.
final class CostEstimate: Sendable {
    private let picoseconds: Atomic<Int>

    init(nanosecondsPerRow: Double) {
        picoseconds = Atomic(Int(min(max(nanosecondsPerRow, 0), 1e12) * 1000))
    }

    /// A moving average over some eight batches. A batch that seems far dearer than the last ones was interrupted, and
    /// counts for no more than four times their cost.
    func record(rows: Int, nanoseconds: UInt64) {
        guard rows > 0 else { return }
        let old = picoseconds.load(ordering: .relaxed)
        // No batch takes an hour, but a machine may sleep for a year in the midst of one.
        let sample = min(Int(min(nanoseconds, 3_600_000_000_000)) * 1000 / rows, 4 * old + 1)
        // Two threads may overwrite each other's step; either is a fair estimate.
        picoseconds.store(old + (sample - old) / 8, ordering: .relaxed)
    }

    func nanoseconds(rows: Int) -> Int {
        let (product, overflow) = picoseconds.load(ordering: .relaxed).multipliedReportingOverflow(by: rows)
        return overflow ? .max / 1000 : product / 1000
    }
}
