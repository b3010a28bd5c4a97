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
        // Words and keys one by one: vectors would be taken apart and put together in each round.
        var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
        var (low, high) = (key.x, key.y)
        for _ in 0..<10 {
            let first = UInt64(x) &* 0xD251_1F53
            let second = UInt64(z) &* 0xCD9E_8D57
            (x, y) = (UInt32(truncatingIfNeeded: second >> 32) ^ y ^ low, UInt32(truncatingIfNeeded: second))
            (z, w) = (UInt32(truncatingIfNeeded: first >> 32) ^ w ^ high, UInt32(truncatingIfNeeded: first))
            low &+= 0x9E37_79B9
            high &+= 0xBB67_AE85
        }
        return SIMD4(x, y, z, w)
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
