internal import Synchronization

/// What a unit of some kind of work takes, a row, a cell or a byte, measured as it goes.
final class CostEstimate: Sendable {
    private let picoseconds: Atomic<Int>

    init(nanosecondsPerUnit: Double) {
        picoseconds = Atomic(Int(min(max(nanosecondsPerUnit, 0), 1e12) * 1000))
    }

    /// A moving average over some eight batches. A batch that seems far dearer than the last ones was interrupted, and
    /// counts for no more than four times their cost.
    func record(units: Int, nanoseconds: UInt64) {
        guard units > 0 else { return }
        let old = picoseconds.load(ordering: .relaxed)
        // No batch takes an hour, but a machine may sleep for a year in the midst of one.
        let sample = min(Int(min(nanoseconds, 3_600_000_000_000)) * 1000 / units, 4 * old + 1)
        // Two threads may overwrite each other's step; either is a fair estimate.
        picoseconds.store(old + (sample - old) / 8, ordering: .relaxed)
    }

    func nanoseconds(units: Int) -> Int {
        let (product, overflow) = picoseconds.load(ordering: .relaxed).multipliedReportingOverflow(by: units)
        return overflow ? .max / 1000 : product / 1000
    }
}
