internal import CZstd

/// One frame of zstd.
final class ZstdCompressor: Compressor {
    private let stream: OpaquePointer

    init?() {
        guard let stream = ZSTD_createCCtx() else { return nil }
        self.stream = stream
        ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, 1)
        // The first call sets aside all memory, and can fail; later ones cannot.
        var (taken, given) = (ZSTD_inBuffer(), ZSTD_outBuffer())
        guard ZSTD_isError(ZSTD_compressStream2(stream, &given, &taken, ZSTD_e_continue)) == 0 else { return nil }
    }

    deinit { ZSTD_freeCCtx(stream) }

    func compress(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) {
        var taken = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isDone = false
        repeat {
            output += [UInt8](unsafeUninitializedCapacity: compressedPieceBytes) { piece, count in
                var given = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
                let left = ZSTD_compressStream2(stream, &given, &taken, isLast ? ZSTD_e_end : ZSTD_e_continue)
                precondition(ZSTD_isError(left) == 0)
                isDone = isLast ? left == 0 : taken.pos == taken.size
                count = given.pos
            }
        } while !isDone
    }
}
