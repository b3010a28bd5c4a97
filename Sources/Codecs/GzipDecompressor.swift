internal import CZlib

/// Members of gzip, one behind the other.
final class GzipDecompressor: Decompressor {
    /// Its address must not change.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isPadding = false
    private(set) var mayHoldOutput = false
    /// Between two members.
    private(set) var isComplete = false

    init?() {
        stream.initialize(to: z_stream())
        guard czlib_start_gunzip(stream) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decompress(
        _ input: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: inout Int
    ) throws(DecompressionError) {
        if isComplete { try startMember(&input) }
        if !isComplete { try inflate(&input, into: target, count: &count) }
    }

    /// Goes on to the next member; zeros that fill up a block of a tape are passed over.
    private func startMember(_ input: inout UnsafeRawBufferPointer) throws(DecompressionError) {
        while input.first == 0 {
            input = UnsafeRawBufferPointer(rebasing: input[1...])
            isPadding = true
        }
        guard let byte = input.first else { return }
        guard byte == 0x1f && !isPadding else { throw .corrupt(reason: "what follows the end is not gzip") }
        inflateReset(stream)
        isComplete = false
    }

    private func inflate(
        _ input: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: inout Int
    ) throws(DecompressionError) {
        let room = UnsafeMutableRawBufferPointer(rebasing: target[count...])
        // zlib does not write to its input; its older declarations do not say so.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: input.count)
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: room.count)
        let (offered, free) = (Int(stream.pointee.avail_in), Int(stream.pointee.avail_out))
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        input = UnsafeRawBufferPointer(rebasing: input[(offered - Int(stream.pointee.avail_in))...])
        count += free - Int(stream.pointee.avail_out)
        mayHoldOutput = stream.pointee.avail_out == 0
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isComplete = true
            mayHoldOutput = false
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt(reason: stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(status)")
        }
    }
}
