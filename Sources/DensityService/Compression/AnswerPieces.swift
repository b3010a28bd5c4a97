internal import Codecs
internal import Microhttpd

/// The body of an answer, put together piece by piece, and compressed as it goes once there is enough of it.
struct AnswerPieces {
    /// What is no longer is sent as it is: it fits into a packet, and compressing it takes longer than sending it.
    static let plainBytesMax = 1024

    private let codec: Codec?
    private var compressor: (any Compressor)?
    private var pieces: [[UInt8]] = []
    /// Bytes that are held.
    private(set) var byteCount = 0

    /// Nil: nothing is compressed.
    init(_ codec: Codec?) { self.codec = codec }

    mutating func append(_ piece: [UInt8]) {
        guard compressor == nil else { return compress(piece, isLast: false) }
        add(piece)
        guard byteCount > Self.plainBytesMax, let made = codec?.makeCompressor() else { return }
        compressor = made
        let plain = pieces
        pieces = []
        byteCount = 0
        for piece in plain { compress(piece, isLast: false) }
    }

    /// Gives `reply` the body, and the header fields that tell of it.
    mutating func finish(_ reply: inout Reply) {
        if compressor != nil {
            compress([], isLast: true)
            reply.addHeader("Content-Encoding", codec?.rawValue ?? "identity")
        }
        reply.body = []
        reply.pieces = pieces
        pieces = []
    }

    private mutating func add(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        byteCount += piece.count
        pieces.append(piece)
    }

    private mutating func compress(_ piece: [UInt8], isLast: Bool) {
        var output: [UInt8] = []
        piece.withUnsafeBytes { compressor?.compress($0, isLast: isLast, to: &output) }
        add(output)
    }
}

extension Reply {
    /// Whether its body is worth compressing; caches then have to know that it hangs on `Accept-Encoding`.
    var isCompressible: Bool { bodyByteCount > AnswerPieces.plainBytesMax }

    /// The same with a compressed body.
    func compressed(by codec: Codec) -> Reply {
        var reply = self
        var answer = AnswerPieces(codec)
        answer.append(body)
        for piece in pieces { answer.append(piece) }
        answer.finish(&reply)
        return reply
    }

    static let varyByEncoding = Header("Vary", "Accept-Encoding")
}
