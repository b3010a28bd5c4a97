/// Makes UTF-8 of the bytes of a buffer.
protocol TextDecoder: AnyObject {
    /// The next bytes of UTF-8, none at the end; they hold until the next call.
    func next() throws(TextSourceError) -> UnsafeRawBufferPointer
}

/// Hands on what is UTF-8, and reads as Windows-1252 each byte that belongs to no character of UTF-8.
final class UTF8Decoder: TextDecoder {
    private let readBuffer: ReadBuffer
    private let sizes: PieceSizes
    /// What was not UTF-8; its memory is there once something is not.
    private var output: UnsafeMutableRawBufferPointer?
    private var isAtEnd = false
    /// Whether a part of what was read is not UTF-8, and more than one piece is made of it.
    private var isConverting = false
    private var lineCount = 0
    /// The bytes that were read as Windows-1252.
    private(set) var convertedByteCount = 0
    /// The line of the first of them, from 1.
    private(set) var firstConvertedLine = 0

    init(_ readBuffer: ReadBuffer, _ sizes: PieceSizes) {
        self.readBuffer = readBuffer
        self.sizes = sizes
    }

    deinit { output?.deallocate() }

    func next() throws(TextSourceError) -> UnsafeRawBufferPointer {
        while true {
            let rest = readBuffer.rest
            let count = isAtEnd ? rest.count : rest.count - UTF8Check.openByteCount(rest)
            if count == 0 {
                if isAtEnd { return rest }
                isConverting = false
                isAtEnd = try !readBuffer.refill()
                continue
            }
            let bytes = UnsafeRawBufferPointer(rebasing: rest[..<count])
            // What is still open at their end is not going on: the file ends, or another character begins.
            if !isConverting, UTF8Check.openByteCount(bytes) == 0, let lines = self.lines(bytes) {
                lineCount += lines
                readBuffer.drop(count)
                return bytes
            }
            isConverting = true
            return convert(bytes)
        }
    }

    /// The number of line feeds; nil where the bytes are not UTF-8.
    private func lines(_ bytes: UnsafeRawBufferPointer) -> Int? {
        readBuffer.blankBefore()
        return bytes.withMemoryRebound(to: UInt8.self) { bytes in
            bytes.baseAddress.flatMap { UTF8Check.lineCount($0, count: bytes.count) }
        }
    }

    /// Makes UTF-8 of as many bytes as one piece takes, and drops them; no character is cut off at their end.
    private func convert(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let output = output ?? .allocate(byteCount: max(16, sizes.pieceByteCount), alignment: 64)
        self.output = output
        guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let target = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return bytes }
        var taken = 0
        var given = 0
        while taken < bytes.count && given + 8 <= output.count {
            if taken + 8 <= bytes.count {
                let word = UnsafeRawPointer(source + taken).loadUnaligned(as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    UnsafeMutableRawPointer(target + given).storeBytes(of: word, as: UInt64.self)
                    taken += 8
                    given += 8
                    continue
                }
            }
            let length = UTF8Check.characterByteCount(source + taken, count: bytes.count - taken)
            if length > 0 {
                (target + given).update(from: source + taken, count: length)
                taken += length
                given += length
                continue
            }
            if convertedByteCount == 0 {
                firstConvertedLine = lineCount + UTF8Check.lineFeedCount(.init(rebasing: bytes[..<taken])) + 1
            }
            convertedByteCount += 1
            given += Windows1252.encode(source[taken], to: target + given)
            taken += 1
        }
        if convertedByteCount == 0 { lineCount += UTF8Check.lineFeedCount(.init(rebasing: bytes[..<taken])) }
        readBuffer.drop(taken)
        return UnsafeRawBufferPointer(rebasing: output[..<given])
    }
}

/// The encoding of Western text before Unicode: Latin-1, with letters and marks in the place of 27 controls.
enum Windows1252 {
    /// Characters of 0x80 to 0x9f; five are not defined, and stay the controls that they are in Latin-1.
    private static let upper: [UInt16] = [
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
        0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
    ]

    /// Writes the character of a byte of 0x80 or more as UTF-8, of 2 or 3 bytes; how many.
    static func encode(_ byte: UInt8, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let code = byte < 0xa0 ? upper[Int(byte & 0x1f)] : UInt16(byte)
        let last = UInt8(0x80 | code & 0x3f)
        if code < 0x800 {
            target[0] = UInt8(0xc0 | code >> 6)
            target[1] = last
            return 2
        }
        target[0] = UInt8(0xe0 | code >> 12)
        target[1] = UInt8(0x80 | code >> 6 & 0x3f)
        target[2] = last
        return 3
    }
}
