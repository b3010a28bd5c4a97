/// Makes UTF-8 of UTF-16; a surrogate without its other half becomes U+FFFD.
final class UTF16Decoder: TextDecoder {
    private let readBuffer: ReadBuffer
    private let isBigEndian: Bool
    private let output: UnsafeMutableRawBufferPointer
    private var isAtEnd = false

    init(_ readBuffer: ReadBuffer, isBigEndian: Bool, _ sizes: PieceSizes) {
        self.readBuffer = readBuffer
        self.isBigEndian = isBigEndian
        output = .allocate(byteCount: max(16, sizes.pieceByteCount), alignment: 64)
    }

    deinit { output.deallocate() }

    func next() throws(TextSourceError) -> UnsafeRawBufferPointer {
        while true {
            let rest = readBuffer.rest
            // A unit is at most three bytes of UTF-8, a pair of two units four.
            var count = min(rest.count / 2, output.count / 3)
            let mayGoOn = !isAtEnd || count < rest.count / 2
            let units = Units(rest, isBigEndian: isBigEndian)
            if count > 0, mayGoOn, UTF16.isLeadSurrogate(units[count - 1]) { count -= 1 }
            if count > 0 { return convert(count) }
            guard !isAtEnd else { return lastByte() }
            isAtEnd = try !readBuffer.refill()
        }
    }

    private func convert(_ count: Int) -> UnsafeRawBufferPointer {
        let units = Units(UnsafeRawBufferPointer(rebasing: readBuffer.rest[..<(2 * count)]), isBigEndian: isBigEndian)
        var given = 0
        _ = transcode(
            units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false,
            into: { byte in
                output[given] = byte
                given += 1
            })
        readBuffer.drop(2 * count)
        return UnsafeRawBufferPointer(rebasing: output[..<given])
    }

    /// Half a unit is no character either.
    private func lastByte() -> UnsafeRawBufferPointer {
        guard !readBuffer.rest.isEmpty else { return readBuffer.rest }
        readBuffer.drop(1)
        output.copyBytes(from: "\u{fffd}".utf8)
        return UnsafeRawBufferPointer(rebasing: output[..<3])
    }
}

/// The units of UTF-16 that bytes are; a byte more than the last one is left out.
private struct Units: RandomAccessCollection {
    private let bytes: UnsafeRawBufferPointer
    private let isBigEndian: Bool

    init(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count / 2 }

    subscript(place: Int) -> UInt16 {
        let unit = bytes.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self)
        return isBigEndian ? UInt16(bigEndian: unit) : UInt16(littleEndian: unit)
    }
}
