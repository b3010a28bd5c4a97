/// Counter-based random numbers, Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
///
/// Each counter gives its four words independently of every other, so draw i of a seed is the same whatever else is drawn.
public struct Philox: Sendable {
    private let key: SIMD2<UInt32>

    /// The numbers of `seed`.
    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four random words of `counter`.
    public func words(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var counter = counter
        var key = key
        for _ in 0..<10 {
            let first = counter.x.multipliedFullWidth(by: 0xD251_1F53)
            let second = counter.z.multipliedFullWidth(by: 0xCD9E_8D57)
            counter = SIMD4(
                second.high ^ counter.y ^ key.x, second.low, first.high ^ counter.w ^ key.y, first.low)
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return counter
    }
}

/// A seeded stream of Philox words, for everything that draws in sequence (training, shuffles).
public struct PhiloxGenerator: RandomNumberGenerator, Sendable {
    private let philox: Philox
    private let stream: UInt64
    private var block: UInt64 = 0
    private var pending: UInt64?

    /// Streams of one seed with different numbers are independent.
    public init(seed: UInt64, stream: UInt64 = 0) {
        philox = Philox(seed: seed)
        self.stream = stream
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        if let word = pending {
            pending = nil
            return word
        }
        let words = philox.words(
            at: SIMD4(
                UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)))
        block += 1
        pending = UInt64(words.z) | UInt64(words.w) << 32
        return UInt64(words.x) | UInt64(words.y) << 32
    }

    /// Uniform in [0, 1), 24 bits.
    public mutating func uniform() -> Float {
        Float(next() >> 40) * 0x1p-24
    }
}
