internal import CZstd

/// What zstd data hold: frames, one behind the other, some of which may be there to be skipped.
final class ZstdReader: ByteReader {
    private let input: Feed
    private let path: String
    private let command: String
    private let stream: OpaquePointer
    private var isBetweenFrames = false
    /// Whether the library may have more to give without more input.
    private var mayHoldOutput = false

    /// `command` is what reads a pipe, for an error that names one.
    init(_ input: Feed, path: String, command: String) throws(TextSourceError) {
        guard let stream = ZSTD_createDStream() else { throw TextSourceError(path: path, problem: .outOfMemory) }
        self.input = input
        self.path = path
        self.command = command
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        repeat {
            if input.rest.isEmpty && !mayHoldOutput {
                guard try input.refill() else {
                    guard !isBetweenFrames else { return }
                    throw TextSourceError(path: path, problem: .endsEarly(.zstd, afterByteCount: input.byteCount))
                }
            }
            try decompress(into: target, count: &count)
            // What is there is handed on before more is waited for.
        } while count == 0 || (count < target.count && !input.rest.isEmpty)
    }

    private func decompress(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        let rest = input.rest
        var taken = ZSTD_inBuffer(src: rest.baseAddress, size: rest.count, pos: 0)
        var given = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: count)
        let status = ZSTD_decompressStream(stream, &given, &taken)
        input.drop(taken.pos)
        count = given.pos
        guard ZSTD_isError(status) == 0 else { throw error(status) }
        // 0 is the end of a frame, of which nothing is held back.
        isBetweenFrames = status == 0
        mayHoldOutput = status != 0 && given.pos == given.size
    }

    private func error(_ status: Int) -> TextSourceError {
        let place = input.byteCount - input.rest.count
        let problem: TextSourceError.Problem =
            switch ZSTD_getErrorCode(status) {
            case ZSTD_error_memory_allocation: .outOfMemory
            case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge(command: command)
            default: .corrupt(.zstd, atByte: place, reason: String(cString: ZSTD_getErrorName(status)))
            }
        return TextSourceError(path: path, problem: problem)
    }
}
