import Testing

@testable import Microhttpd

@Suite struct TokenBucketTests {
    private static let second: UInt64 = 1_000_000_000
    /// Any time but 0.
    private static let start: UInt64 = 77 * second

    @Test func aFullBucketGivesItsBurstAndThenSaysWhenTheNextTokenComes() {
        let bucket = TokenBucket()
        let rate = Rate(perSecond: 4, burst: 3)
        for _ in 0..<3 { #expect(bucket.take(now: Self.start, rate: rate) == nil) }
        #expect(bucket.take(now: Self.start, rate: rate) == Self.second / 4)
        // A refusal costs nothing, and the wait gets shorter as time goes by.
        #expect(bucket.take(now: Self.start + Self.second / 5, rate: rate) == Self.second / 20)
        #expect(bucket.take(now: Self.start + Self.second / 4 - 1, rate: rate) == 1)
        #expect(bucket.take(now: Self.start + Self.second / 4, rate: rate) == nil)
        #expect(bucket.take(now: Self.start + Self.second / 4, rate: rate) != nil)
    }

    @Test func aRestFillsItToTheBurstAndNoFurther() {
        let bucket = TokenBucket()
        let rate = Rate(perSecond: 10, burst: 5)
        for _ in 0..<5 { _ = bucket.take(now: Self.start, rate: rate) }
        #expect(!bucket.isFull(now: Self.start + Self.second / 2 - 1))
        #expect(bucket.isFull(now: Self.start + Self.second / 2))
        let later = Self.start + 3600 * Self.second
        #expect((0..<9).count { _ in bucket.take(now: later, rate: rate) == nil } == 5)
    }

    @Test(arguments: [0.25, 1, 7, 1000])
    func overAnHourItLetsThroughItsRateAndItsBurst(perSecond: Double) {
        let bucket = TokenBucket()
        let rate = Rate(perSecond: perSecond, burst: 4)
        let step = UInt64(1e9 / perSecond) / 3
        let span = 3600 * Self.second
        var passed = 0
        var now = Self.start
        while now < Self.start + span {
            if bucket.take(now: now, rate: rate) == nil { passed += 1 }
            now += step
        }
        #expect(abs(Double(passed) - (3600 * perSecond + 4)) <= 1 + 3600 * perSecond * 1e-6, "\(passed)")
    }

    @Test func threadsShareItWithoutLosingOrMakingTokens() async {
        let bucket = TokenBucket()
        let rate = Rate(perSecond: 1e-3, burst: 1000)
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<1000).count { _ in bucket.take(now: Self.start, rate: rate) == nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 1000)
    }

    @Test func hugeBurstsAndTinyRatesDoNotOverflow() {
        let bucket = TokenBucket()
        let rate = Rate(perSecond: 1e-9, burst: .max / 2)
        for _ in 0..<3 { #expect(bucket.take(now: Self.start, rate: rate) == nil) }
    }
}
