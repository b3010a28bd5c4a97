internal import CMicrohttpdShim
internal import Glibc
internal import Glibc
internal import Synchronization

/// The bytes of one request body, in memory that goes back to its pool. Written by the loop's thread while the body
/// arrives; from then on only read.
final class BodyBuffer {
    /// Readable bytes after the end of every body: vector code may read past it.
    static let paddingBytes = 64
    /// What is set aside at once on a client's word; the rest grows with the bytes that really come.
    private static let trustedBytesMax = 1 << 20

    private let pool: BufferPool
    private var block: BufferPool.Block
    private(set) var count = 0

    init(pool: BufferPool, expectedBytes: Int) {
        self.pool = pool
        block = pool.take(bytesMin: min(expectedBytes, Self.trustedBytesMax) + Self.paddingBytes)
    }

    deinit { pool.give(block) }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block.start, count: count) }

    func append(_ source: UnsafeRawPointer, count added: Int) {
        let needed = count + added + Self.paddingBytes
        if needed > block.byteCount { grow(to: max(needed, 2 * block.byteCount)) }
        (block.start + count).copyMemory(from: source, byteCount: added)
        count += added
    }

    /// Writes the padding, so that nobody reads another request's bytes there.
    func seal() { (block.start + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.paddingBytes) }

    private func grow(to byteCount: Int) {
        if let grown = pool.grow(block, to: byteCount) {
            block = grown
            return
        }
        let larger = pool.take(bytesMin: byteCount)
        larger.start.copyMemory(from: block.start, byteCount: count)
        pool.give(block)
        block = larger
    }
}

/// Blocks of memory kept for the next bodies of a loop: giving 400 KB back to the system after every request costs
/// 60 to 90 page faults at the next one.
final class BufferPool: Sendable {
    struct Block: @unchecked Sendable {  // Plain memory with one owner at a time; the pool's lock orders its transfer.
        let start: UnsafeMutableRawPointer
        let byteCount: Int

        /// Whether it is pages of its own, which are moved without a copy.
        var isMapped: Bool { byteCount >= BufferPool.mappedBytesMin }

        fileprivate func release() {
            if isMapped { munmap(start, byteCount) } else { free(start) }
        }
    }

    private struct Shelf: Sendable {
        var blocks: [Block] = []
        var byteCount = 0
    }

    private static let granuleBytes = 4096
    /// To copy a block of so many bytes as it grows would take the loop's time.
    private static let mappedBytesMin = 1 << 20
    private static let keptBytesMax = 64 << 20
    private static let keptBlockCountMax = 256
    /// How far a search goes: the blocks given back last are the ones in cache.
    private static let searchCountMax = 8

    private let shelf = Mutex(Shelf())

    deinit { shelf.withLock { for block in $0.blocks { block.release() } } }

    func take(bytesMin: Int) -> Block {
        let kept = shelf.withLock { shelf -> Block? in
            let recent = shelf.blocks.indices.suffix(Self.searchCountMax)
            guard let index = recent.last(where: { shelf.blocks[$0].byteCount >= bytesMin }) else { return nil }
            let block = shelf.blocks.remove(at: index)
            shelf.byteCount -= block.byteCount
            return block
        }
        if let kept { return kept }
        let byteCount = Self.wholeGranules(bytesMin)
        let isMapped = byteCount >= Self.mappedBytesMin
        guard let start = isMapped ? mhd_shim_grow_mapping(nil, 0, byteCount) : malloc(byteCount) else {
            preconditionFailure("out of memory")
        }
        return Block(start: start, byteCount: byteCount)
    }

    /// A larger block with the same bytes, in place of `block`; nil where that has to be copied.
    func grow(_ block: Block, to bytesMin: Int) -> Block? {
        guard block.isMapped else { return nil }
        let byteCount = Self.wholeGranules(bytesMin)
        guard let start = mhd_shim_grow_mapping(block.start, block.byteCount, byteCount) else {
            preconditionFailure("out of memory")
        }
        return Block(start: start, byteCount: byteCount)
    }

    private static func wholeGranules(_ bytes: Int) -> Int { (bytes + granuleBytes - 1) / granuleBytes * granuleBytes }

    func give(_ block: Block) {
        let isKept = shelf.withLock { shelf -> Bool in
            guard shelf.byteCount + block.byteCount <= Self.keptBytesMax,
                shelf.blocks.count < Self.keptBlockCountMax
            else { return false }
            shelf.blocks.append(block)
            shelf.byteCount += block.byteCount
            return true
        }
        if !isKept { block.release() }
    }
}

/// Gives freed memory back to the system. The C library keeps it where large blocks come and go, and the more of it the
/// longer that goes on; to be called after something large was freed, not with every request. Any thread.
public func releaseFreeMemory() { mhd_shim_release_free_memory() }
