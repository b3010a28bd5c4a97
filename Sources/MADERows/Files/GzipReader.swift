internal import CZlib

/// What gzip data hold: members, one behind the other.
final class GzipReader: ByteReader {
    private let input: Feed
    private let path: String
    /// Its address must not change.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isBetweenMembers = false
    private var isPadding = false
    /// Whether zlib may have more to give without more input.
    private var mayHoldOutput = false

    init(_ input: Feed, path: String) throws(TextSourceError) {
        self.input = input
        self.path = path
        stream.initialize(to: z_stream())
        guard czlib_start_gzip(stream) == Z_OK else { throw TextSourceError(path: path, problem: .outOfMemory) }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        repeat {
            if input.rest.isEmpty && !mayHoldOutput {
                guard try input.refill() else {
                    guard !isBetweenMembers else { return }
                    throw TextSourceError(path: path, problem: .endsEarly(.gzip, afterByteCount: input.byteCount))
                }
            }
            if isBetweenMembers { try startMember() }
            if !isBetweenMembers { try inflate(into: target, count: &count) }
            // What is there is handed on before more is waited for.
        } while count == 0 || (count < target.count && !input.rest.isEmpty)
    }

    /// Goes on to the next member; zeros that fill up a block of a tape are passed over.
    private func startMember() throws(TextSourceError) {
        while input.rest.first == 0 {
            input.drop(1)
            isPadding = true
        }
        guard let byte = input.rest.first else { return }
        guard byte == 0x1f && !isPadding else { throw corrupt("what follows the end is not gzip") }
        inflateReset(stream)
        isBetweenMembers = false
    }

    private func inflate(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        let rest = input.rest
        let room = UnsafeMutableRawBufferPointer(rebasing: target[count...])
        // zlib does not write to its input; its older declarations do not say so.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: rest.count)
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: room.count)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        input.drop(rest.count - Int(stream.pointee.avail_in))
        count += room.count - Int(stream.pointee.avail_out)
        mayHoldOutput = stream.pointee.avail_out == 0
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isBetweenMembers = true
            mayHoldOutput = false
        case Z_MEM_ERROR: throw TextSourceError(path: path, problem: .outOfMemory)
        default: throw corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(status)")
        }
    }

    private func corrupt(_ reason: String) -> TextSourceError {
        let place = input.byteCount - input.rest.count
        return TextSourceError(path: path, problem: .corrupt(.gzip, atByte: place, reason: reason))
    }
}
