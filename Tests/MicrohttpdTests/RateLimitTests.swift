import Testing

@testable import Microhttpd

/// What settings may ask of a bucket, up to their bounds and past them.
@Suite struct RateLimitTests {
    /// A machine that has run for a minute, for a century, and for as long as a clock of 63 bits counts.
    private static let times: [UInt64] = [60_000_000_000, 3_155_760_000_000_000_000, UInt64(Int64.max)]

    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-300, 1e-9, 0.05421010865, 0.0542101086243, 1, 1e9, .infinity])
    func noRateAndBurstOverflow(perSecond: Double) {
        for burst in [1, 2, 1_000_000_000, Int.max] {
            let rate = Rate(perSecond: perSecond, burst: burst)
            #expect(rate.interval >= 1 && rate.interval <= rate.fillTime && rate.fillTime <= Rate.nanosecondsMax)
            for now in Self.times {
                let bucket = TokenBucket()
                #expect(bucket.take(now: now, rate: rate) == nil, "\(perSecond) \(burst): the first token")
                let second = bucket.take(now: now, rate: rate)
                #expect((second == nil) == (rate.fillTime / rate.interval >= 2), "\(perSecond) \(burst)")
                #expect(second ?? 0 <= Rate.nanosecondsMax)
            }
        }
    }

    @Test func secondsBecomeNanosecondsWithinBounds() {
        let cases: [(Double, UInt64)] = [
            (-1, 0), (0, 0), (1e-10, 0), (0.5, 500_000_000), (86_400, 86_400_000_000_000),
            (1e300, 3_000_000_000_000_000_000), (.infinity, 3_000_000_000_000_000_000),
        ]
        for (seconds, expected) in cases { #expect(nanoseconds(seconds) == expected, "\(seconds)") }
    }
}
