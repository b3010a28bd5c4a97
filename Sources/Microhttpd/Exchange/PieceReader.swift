internal import CMicrohttpdShim

/// Gives a body in pieces to libmicrohttpd as it is sent, and gives up what has been sent. The loop's thread only.
final class PieceReader {
    private static let blockBytes = 1 << 16

    private var pieces: [[UInt8]]
    private let byteCount: Int
    /// The piece that is being sent, and where it starts in the body.
    private var index = 0
    private var start = 0

    init(body: [UInt8], pieces: [[UInt8]]) {
        self.pieces = [body] + pieces
        byteCount = self.pieces.reduce(0) { $0 + $1.count }
    }

    /// A response that keeps this as long as it is needed; nil where memory is short.
    func makeResponse() -> OpaquePointer? {
        let kept = Unmanaged.passRetained(self)
        let response = MHD_create_response_from_callback(
            UInt64(byteCount), Self.blockBytes,
            { context, position, buffer, count in
                guard let context, let buffer else { return -1 }
                let reader = Unmanaged<PieceReader>.fromOpaque(context).takeUnretainedValue()
                return reader.read(Int(position), into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
            },
            kept.toOpaque(), { context in context.map { Unmanaged<PieceReader>.fromOpaque($0).release() } })
        if response == nil { kept.release() }
        return response
    }

    /// Copies what follows `position`, which only grows; -1, the end, where nothing does.
    private func read(_ position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while index < pieces.count, position >= start + pieces[index].count {
            start += pieces[index].count
            pieces[index] = []
            index += 1
        }
        guard index < pieces.count else { return -1 }
        let count = min(buffer.count, start + pieces[index].count - position)
        pieces[index].withUnsafeBytes { piece in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[(position - start)...].prefix(count)))
        }
        return count
    }
}
