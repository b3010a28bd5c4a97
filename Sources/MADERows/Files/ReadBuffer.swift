/// The memory between a reader and what reads on: holds what was read and not dropped yet.
final class ReadBuffer {
    /// Bytes of memory before the place that is read to, so that the first part of a character, which ended one piece, can
    /// stand before the rest of it without a copy of the piece.
    private static let headroom = 64

    private let reader: any ByteReader
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private let sizes: PieceSizes
    private var start = headroom
    private var end = headroom
    private var isAtEnd = false
    /// Waits until what was read before it is dropped.
    private var failure: TextSourceError?
    /// How many bytes the reader has given.
    private(set) var byteCount = 0

    init(_ reader: any ByteReader, _ sizes: PieceSizes) {
        self.reader = reader
        self.sizes = sizes
        capacity = max(sizes.pieceByteCount, Head.byteCountMax)
        memory = .allocate(byteCount: Self.headroom + capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// What was read and not dropped; it holds until the next call of `refill`.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory + start, count: end - start) }

    func drop(_ count: Int) { start += count }

    /// Writes zeros over the three bytes before `rest`, which must be dropped ones that nobody looks at any more.
    func blankBefore() { (memory + (start - 3)).initializeMemory(as: UInt8.self, repeating: 0, count: 3) }

    /// Reads more behind what is there; false where nothing was added.
    func extend() -> Bool {
        let room = min(Self.headroom + capacity - end, sizes.readByteCount)
        guard failure == nil, !isAtEnd, room > 0 else { return false }
        var count = 0
        do throws(TextSourceError) {
            try reader.read(into: UnsafeMutableRawBufferPointer(start: memory + end, count: room), count: &count)
            isAtEnd = count == 0
        } catch {
            failure = error
        }
        end += count
        byteCount += count
        return count > 0
    }

    /// Reads more in place of what was dropped, and keeps the rest, of at most 60 bytes, before it; false at the end.
    func refill() throws(TextSourceError) -> Bool {
        let rest = rest
        precondition(rest.count <= Self.headroom - 4, "more must be dropped")
        start = Self.headroom - rest.count
        end = Self.headroom
        if let bytes = rest.baseAddress { (memory + start).copyMemory(from: bytes, byteCount: rest.count) }
        while extend() && sizes.areFilled {}
        if end > Self.headroom { return true }
        if let failure { throw failure }
        return false
    }

    /// Reads until the first bytes tell what they are.
    func readHead() throws(TextSourceError) {
        guard try refill() else { return }
        while Head(rest).isUnclear && extend() {}
    }
}

/// How much is read and handed out at a time.
struct PieceSizes {
    /// Bytes of the largest piece, at least 16.
    var pieceByteCount = 1 << 18
    /// Bytes that are asked for at a time.
    var readByteCount = Int.max
    /// Whether pieces are as large as they can be, instead of what a pipe has at the moment.
    var areFilled = false
}
