internal import Codecs

/// Expands a compressed body step by step, within the bounds that hold of bodies. One thread at a time.
struct BodyExpansion {
    /// Bytes that are expanded at a time.
    static let stepBytes = 64 << 10
    /// Beyond `trustedBytes` a body may be so many times what was sent, ...
    private static let ratioMax = 200
    /// ... which rows of a table rarely are, and data made to fill memory are.
    private static let trustedBytes = 1 << 20

    private let codec: Codec
    private let decompressor: any Decompressor
    private let bytesMax: Int
    /// The setting that says `bytesMax`.
    private let setting: String
    private(set) var takenCount = 0
    private(set) var givenCount = 0

    /// - Throws: 503 where memory is short.
    init(_ codec: Codec, bytesMax: Int, setting: String) throws(Problem) {
        guard let decompressor = codec.makeDecompressor(windowLogMax: Codec.contentWindowLog) else { throw .memory }
        self.codec = codec
        self.decompressor = decompressor
        self.bytesMax = bytesMax
        self.setting = setting
    }

    /// Whether there may be more to give without more input.
    var mayHoldOutput: Bool { decompressor.mayHoldOutput }

    /// Fills `target` behind its first `count` bytes as far as `input` goes, and takes off from `input` what was used up.
    mutating func expand(
        _ input: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: inout Int
    ) throws(Problem) {
        let (offered, start) = (input.count, count)
        do throws(DecompressionError) {
            while count < target.count, !input.isEmpty || decompressor.mayHoldOutput {
                try decompressor.decompress(&input, into: target, count: &count)
            }
        } catch {
            throw problem(error, at: takenCount + offered - input.count)
        }
        takenCount += offered - input.count
        givenCount += count - start
        guard givenCount <= bytesMax else {
            throw Problem(413, "the body, expanded, is over the limit of \(bytesMax) bytes (\(setting))")
        }
        guard givenCount <= Self.trustedBytes || givenCount <= Self.ratioMax * takenCount else {
            throw Problem(
                413,
                "the body expands to more than \(Self.ratioMax) times what was sent; send it as it is"
            )
        }
    }

    /// - Throws: 400 where the body ends before its data do.
    func finish() throws(Problem) {
        guard decompressor.isComplete else {
            throw Problem(400, "the body's \(codec) data end early, after \(takenCount) bytes")
        }
    }

    private func problem(_ error: DecompressionError, at place: Int) -> Problem {
        switch error {
        case .corrupt(let reason): Problem(400, "the body's \(codec) data are corrupt at byte \(place): \(reason)")
        case .windowTooLarge:
            Problem(
                400,
                "the body's zstd data need a window of more than \((1 << Codec.contentWindowLog) >> 20) MiB (RFC 9659); "
                    + "compress them without --long or --ultra")
        case .outOfMemory: .memory
        }
    }
}
