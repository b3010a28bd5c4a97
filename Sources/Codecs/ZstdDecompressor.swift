internal import CZstd

/// Frames of zstd, one behind the other, some of which may be there to be skipped.
final class ZstdDecompressor: Decompressor {
    private let stream: OpaquePointer
    private(set) var mayHoldOutput = false
    /// Between two frames.
    private(set) var isComplete = false

    init?(windowLogMax: Int) {
        guard let stream = ZSTD_createDStream() else { return nil }
        self.stream = stream
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Int32(windowLogMax))
    }

    deinit { ZSTD_freeDStream(stream) }

    func decompress(
        _ input: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: inout Int
    ) throws(DecompressionError) {
        var taken = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var given = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: count)
        let status = ZSTD_decompressStream(stream, &given, &taken)
        input = UnsafeRawBufferPointer(rebasing: input[taken.pos...])
        count = given.pos
        guard ZSTD_isError(status) == 0 else { throw Self.error(status) }
        // 0 is the end of a frame, of which nothing is held back.
        isComplete = status == 0
        mayHoldOutput = status != 0 && given.pos == given.size
    }

    private static func error(_ status: Int) -> DecompressionError {
        switch ZSTD_getErrorCode(status) {
        case ZSTD_error_memory_allocation: .outOfMemory
        case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge
        default: .corrupt(reason: String(cString: ZSTD_getErrorName(status)))
        }
    }
}
