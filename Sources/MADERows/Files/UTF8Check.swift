/// Tells whether bytes are UTF-8, and how many lines end among them, many bytes at a time.
///
/// The loops compare bytes alone, have no branches, and no ranges, whose checks are branches: so the compiler makes vector
/// instructions of them.
enum UTF8Check {
    /// No more than a byte can count.
    private static let blockByteCount = 192

    /// The number of line feeds among `count` bytes; nil where they are not UTF-8.
    ///
    /// The three bytes before them are read, too, and must be zeros; a character that is cut off at the end is not seen.
    static func lineCount(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int? {
        var place = 0
        var lines = 0
        while place < count {
            let block = bytes + place
            let length = min(blockByteCount, count - place)
            // A character may begin in the block before.
            var all = block[-1] | block[-2] | block[-3]
            var feeds: UInt8 = 0
            var index = 0
            while index < length {
                all |= block[index]
                feeds &+= block[index] == 10 ? 1 : 0
                index &+= 1
            }
            if all >= 0x80 && !isValid(block, count: length) { return nil }
            lines &+= Int(feeds)
            place &+= length
        }
        return lines
    }

    /// Whether the bytes are UTF-8, those of a character included that began before them.
    private static func isValid(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
        var faults = SIMD16<UInt8>.zero
        var place = 0
        while place &+ 16 <= count {
            faults |= Self.faults(UnsafeRawPointer(bytes + place))
            place &+= 16
        }
        let words = unsafeBitCast(faults, to: SIMD2<UInt64>.self)
        if (words[0] | words[1]) & 0x8080_8080_8080_8080 != 0 { return false }
        place -= openByteCount(UnsafeRawBufferPointer(start: bytes + (place - 3), count: 3))
        while place < count {
            let length = characterByteCount(bytes + place, count: count - place)
            // What is cut off at the end is the next block's business.
            guard length > 0 else {
                return openByteCount(UnsafeRawBufferPointer(start: bytes + (count - 3), count: 3)) == count - place
            }
            place += length
        }
        return true
    }

    /// Holds each of 16 bytes against the three before it, as table 3-7 of the Unicode Standard (Well-Formed UTF-8 Byte
    /// Sequences) wants it; the highest bit tells whether it is at fault, the others mean nothing.
    ///
    /// Of a byte `b` that is not ASCII, `b - (k - 0x80)` has the highest bit where `b >= k`, and `(b ^ k) + 0x7f` where
    /// `b != k`. Comparisons of vectors would be made byte by byte.
    private static func faults(_ bytes: UnsafeRawPointer) -> SIMD16<UInt8> {
        let byte = bytes.loadUnaligned(as: SIMD16<UInt8>.self)
        let first = (bytes - 1).loadUnaligned(as: SIMD16<UInt8>.self)
        let second = (bytes - 2).loadUnaligned(as: SIMD16<UInt8>.self)
        let third = (bytes - 3).loadUnaligned(as: SIMD16<UInt8>.self)
        // The second and third highest bits, moved to the highest.
        let bit6 = byte &+ byte
        let bit5 = bit6 &+ bit6
        let bits45 = bit5 | (bit5 &+ bit5)
        let continues = byte & ~bit6
        let mustContinue = (first & (first &- 0x40)) | (second & (second &- 0x60)) | (third & (third &- 0x70))
        // What begins with 0xc0 or 0xc1 would be ASCII, with 0xf5 or more beyond U+10FFFF.
        let isNever = ~(((first & 0xfe) ^ 0xc0) &+ 0x7f) | (first &- 0x75)
        // Less than 0xa0 after 0xe0, or than 0x90 after 0xf0, is longer than it has to be.
        let isLong = ~((((first ^ 0xe0) &+ 0x7f) | bit5) & (((first ^ 0xf0) &+ 0x7f) | bits45))
        // 0xa0 or more after 0xed is a surrogate, 0x90 or more after 0xf4 beyond U+10FFFF.
        let isOutside = (~((first ^ 0xed) &+ 0x7f) & bit5) | (~((first ^ 0xf4) &+ 0x7f) & bits45)
        return (continues ^ mustContinue) | (continues & (isNever | isLong | isOutside))
    }

    /// The number of line feeds.
    static func lineFeedCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in bytes where byte == 10 { count &+= 1 }
        return count
    }

    /// The number of bytes of the character at the start of `bytes`, of which there are `count`; 0 where it is none.
    static func characterByteCount(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        let lead = bytes[0]
        guard lead >= 0x80 else { return 1 }
        let length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
        guard lead >= 0xc2, lead <= 0xf4, count >= length else { return 0 }
        let lowest: UInt8 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf
        guard bytes[1] >= lowest, bytes[1] <= highest else { return 0 }
        for index in 2..<max(2, length) where bytes[index] & 0xc0 != 0x80 { return 0 }
        return length
    }

    /// How many bytes at the end are a beginning of a character without its rest, going by the first of them alone.
    static func openByteCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte >= 0xc0 { return length < 2 || byte >= (length < 3 ? 0xe0 : 0xf0) ? length : 0 }
            if byte < 0x80 { return 0 }
        }
        return 0
    }
}
