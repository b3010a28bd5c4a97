/// Decompresses data that come in pieces, in memory that does not grow with them. One thread at a time.
package protocol Decompressor: AnyObject {
    /// Takes bytes from the front of `input` and puts what they hold behind the first `count` bytes of `target`, until one of
    /// them is used up or a member or frame ends.
    func decompress(
        _ input: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: inout Int
    ) throws(DecompressionError)
    /// Whether there may be more to give without more input.
    var mayHoldOutput: Bool { get }
    /// Whether the data may end here.
    var isComplete: Bool { get }
}

/// Why data cannot be decompressed.
package enum DecompressionError: Error, Equatable {
    /// They are damaged; the reason of the library that decompresses.
    case corrupt(reason: String)
    /// It takes more memory than was granted.
    case windowTooLarge
    /// Memory is short.
    case outOfMemory
}

/// Compresses data that come in pieces, quickly rather than well. One thread at a time.
package protocol Compressor: AnyObject {
    /// Appends to `output` what there is of `bytes` and of those before; all of it where they are the last.
    func compress(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8])
}

/// Bytes that a compressor makes at a time.
let compressedPieceBytes = 16 << 10
