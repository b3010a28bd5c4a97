internal import Synchronization

/// How often log-likelihoods were at most each of a few bounds, and their sum. They are no whole numbers, and often negative:
/// hence not a `Histogram`.
final class LogLikelihoodHistogram: Sendable {
    /// Ascending, nats.
    static let bounds: [Double] = [-1000, -500, -200, -100, -50, -20, -10, -5, -2, -1, 0, 10, 100]

    private struct State {
        /// The last one is of those above all bounds.
        var buckets = [Int](repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    /// Counts the log-likelihoods of a batch. Any thread.
    func record(_ logLikelihoods: UnsafeBufferPointer<Double>) {
        let bounds = Self.bounds
        state.withLock { state in
            for logLikelihood in logLikelihoods {
                state.sum += logLikelihood
                // Every bound is compared: where likelihoods lie on both sides of one, a branch would be guessed wrong often.
                var bucket = 0
                for bound in bounds { bucket += logLikelihood > bound ? 1 : 0 }
                state.buckets[bucket] += 1
            }
        }
    }

    /// How many were at most each bound, and how many there were in all, at the end; with their sum.
    var figures: (cumulativeCounts: [Int], sum: Double) {
        let (buckets, sum) = state.withLock { ($0.buckets, $0.sum) }
        var total = 0
        let counts = buckets.map { count in
            total += count
            return total
        }
        return (counts, sum)
    }
}
