internal import Synchronization

/// Row buffers kept for the next batches of one loop. The loop fills them and workers let go of them: blocks of that size
/// that one thread allocates and another frees leave the allocator with holes.
final class RowShelf: Sendable {
    private struct Kept {
        var buffers: [RowBuffer] = []
        var byteCount = 0
    }

    /// As much as 64 connections with 256 rows of 64 variables bring; more goes back to the system.
    private static let keptBytesMax = 4 << 20
    private static let keptBufferCountMax = 16

    private let kept = Mutex(Kept())

    /// An empty buffer, the one given back last if there is one.
    func take() -> RowBuffer {
        kept.withLock { kept in
            guard let buffer = kept.buffers.popLast() else { return RowBuffer() }
            kept.byteCount -= buffer.byteCapacity
            return buffer
        }
    }

    /// Takes back a buffer that nobody reads any more. Any thread.
    func give(_ buffer: RowBuffer) {
        buffer.count = 0
        kept.withLock { kept in
            guard kept.byteCount + buffer.byteCapacity <= Self.keptBytesMax,
                kept.buffers.count < Self.keptBufferCountMax
            else { return }
            kept.buffers.append(buffer)
            kept.byteCount += buffer.byteCapacity
        }
    }
}
