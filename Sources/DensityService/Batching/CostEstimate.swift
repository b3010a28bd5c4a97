internal import Synchronization

/// What a row of some kind of work takes, measured as it goes.
final class CostEstimate: Sendable {
    private let picoseconds: Atomic<Int>

    init(nanosecondsPerRow: Double) {
        picoseconds = Atomic(Int(nanosecondsPerRow * 1000))
    }

    /// A moving average over some eight batches. A batch that seems far dearer than the last ones was interrupted, and
    /// counts for no more than four times their cost.
    func record(rows: Int, nanoseconds: UInt64) {
        guard rows > 0 else { return }
        let old = picoseconds.load(ordering: .relaxed)
        let sample = min(Int(clamping: nanoseconds) * 1000 / rows, 4 * old + 1)
        // Two threads may overwrite each other's step; either is a fair estimate.
        picoseconds.store(old + (sample - old) / 8, ordering: .relaxed)
    }

    func nanoseconds(rows: Int) -> Int {
        picoseconds.load(ordering: .relaxed) * rows / 1000
    }
}
