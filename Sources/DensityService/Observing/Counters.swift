internal import Synchronization

/// A fixed number of counters that any thread may add to.
///
/// `@unchecked Sendable`: the cells are atomics, and the block lives as long as this.
final class Counters: @unchecked Sendable {
    private let cells: UnsafeMutablePointer<Atomic<Int>>
    let count: Int

    init(count: Int) {
        self.count = count
        cells = .allocate(capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    func add(_ amount: Int, at index: Int) {
        precondition((0..<count).contains(index))
        cells[index].wrappingAdd(amount, ordering: .relaxed)
    }

    func value(at index: Int) -> Int {
        precondition((0..<count).contains(index))
        return cells[index].load(ordering: .relaxed)
    }
}

/// How often a quantity fell below each of a few bounds, and its sum.
final class Histogram: Sendable {
    /// Ascending; what lies above the last is counted too.
    let bounds: [Int]
    private let counters: Counters

    init(bounds: [Int]) {
        self.bounds = bounds
        // One a bound, one for the rest, and the sum.
        counters = Counters(count: bounds.count + 2)
    }

    func record(_ value: Int) {
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        counters.add(1, at: bucket)
        counters.add(value, at: bounds.count + 1)
    }

    var sum: Int { counters.value(at: bounds.count + 1) }

    /// How many values were at most each bound, and how many there were in all, at the end.
    var cumulativeCounts: [Int] {
        var total = 0
        return (0...bounds.count).map { bucket in
            total += counters.value(at: bucket)
            return total
        }
    }

    /// Nanoseconds, 50 µs to 10 s.
    static let durations = [
        50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000,
        100_000_000, 200_000_000, 500_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000, 10_000_000_000,
    ]
    /// Rows, powers of two.
    static let rows = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536]
}
