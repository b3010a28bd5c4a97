internal import CZlib

/// One member of gzip.
final class GzipCompressor: Compressor {
    /// Its address must not change.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init?() {
        stream.initialize(to: z_stream())
        guard czlib_start_gzip(stream, 1) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func compress(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) {
        var rest = bytes
        // zlib counts in 32 bits.
        repeat {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
            deflate(part, isLast: isLast && rest.isEmpty, to: &output)
        } while !rest.isEmpty
    }

    private func deflate(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) {
        // zlib does not write to its input; its older declarations do not say so.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        var isFull = false
        repeat {
            output += [UInt8](unsafeUninitializedCapacity: compressedPieceBytes) { piece, count in
                stream.pointee.next_out = piece.baseAddress
                stream.pointee.avail_out = UInt32(piece.count)
                let room = Int(stream.pointee.avail_out)
                CZlib.deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                isFull = stream.pointee.avail_out == 0
                count = room - Int(stream.pointee.avail_out)
            }
        } while isFull
    }
}
