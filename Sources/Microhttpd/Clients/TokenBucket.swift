internal import Synchronization

/// How often something may happen.
public struct Rate: Sendable, Equatable {
    /// Times a second, on average.
    public let perSecond: Double
    /// Times at once, after a rest.
    public let burst: Int
    /// Nanoseconds in which a token comes back, and in which an empty bucket fills. Neither is more than a century or so,
    /// so that any time of the clock and both of them add up to less than 2⁶⁴.
    let interval: UInt64
    let fillTime: UInt64
    static let nanosecondsMax: UInt64 = 1 << 62

    /// - Precondition: `perSecond` is above 0 and `burst` at least 1.
    public init(perSecond: Double, burst: Int) {
        precondition(perSecond > 0 && burst > 0, "a rate lets something through")
        self.perSecond = perSecond
        self.burst = burst
        interval = min(max(1, nanoseconds(1 / perSecond)), Self.nanosecondsMax)
        let (time, overflow) = interval.multipliedReportingOverflow(by: UInt64(burst))
        fillTime = overflow ? Self.nanosecondsMax : min(time, Self.nanosecondsMax)
    }
}

/// A bucket of tokens that fills at a rate. All that it remembers is when it will be full again (the generic cell rate
/// algorithm, ITU-T I.371, annex A), so that threads need no lock to share it.
public final class TokenBucket: Sendable {
    private let fullAt = Atomic<UInt64>(0)

    /// A full one.
    public init() {}

    /// Takes a token.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    /// - Returns: nil where there was one; else the nanoseconds until there will be.
    public func take(now: UInt64, rate: Rate) -> UInt64? {
        var seen = fullAt.load(ordering: .relaxed)
        while true {
            let next = max(seen, now) + rate.interval
            if next > now + rate.fillTime { return next - now - rate.fillTime }
            let exchanged = fullAt.weakCompareExchange(expected: seen, desired: next, ordering: .relaxed)
            if exchanged.exchanged { return nil }
            seen = exchanged.original
        }
    }

    /// Whether forgetting it would change nothing.
    func isFull(now: UInt64) -> Bool { fullAt.load(ordering: .relaxed) <= now }
}
