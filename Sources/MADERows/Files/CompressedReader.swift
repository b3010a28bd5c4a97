internal import Codecs

/// What compressed data hold.
final class CompressedReader: ByteReader {
    private let input: ReadBuffer
    private let codec: Codec
    private let decompressor: any Decompressor
    private let path: String
    private let command: String?

    /// `command` is what reads a pipe, for an error that names one.
    init(_ input: ReadBuffer, _ codec: Codec, path: String, command: String?) throws(TextSourceError) {
        guard let decompressor = codec.makeDecompressor() else {
            throw TextSourceError(path: path, problem: .outOfMemory)
        }
        self.input = input
        self.codec = codec
        self.decompressor = decompressor
        self.path = path
        self.command = command
    }

    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        repeat {
            if input.rest.isEmpty && !decompressor.mayHoldOutput {
                guard try input.refill() else {
                    guard !decompressor.isComplete else { return }
                    throw TextSourceError(path: path, problem: .endsEarly(codec, afterByteCount: input.byteCount))
                }
            }
            try decompress(into: target, count: &count)
            // What is there is handed on before more is waited for.
        } while count == 0 || (count < target.count && !input.rest.isEmpty)
    }

    private func decompress(into target: UnsafeMutableRawBufferPointer, count: inout Int) throws(TextSourceError) {
        var rest = input.rest
        defer { input.drop(input.rest.count - rest.count) }
        do throws(DecompressionError) {
            try decompressor.decompress(&rest, into: target, count: &count)
        } catch {
            let place = input.byteCount - rest.count
            let problem: TextSourceError.Problem =
                switch error {
                case .corrupt(let reason): .corrupt(codec, atByte: place, reason: reason)
                case .windowTooLarge: .windowTooLarge(command: command)
                case .outOfMemory: .outOfMemory
                }
            throw TextSourceError(path: path, problem: problem)
        }
    }
}
