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
    private let bytesMax: Int
    private var block: BufferPool.Block
    /// Bytes taken of the pool's budget for what is read of the body.
    private var readingBytes: Int
    private(set) var count = 0

    /// Nil where there is no memory for so large a body.
    ///
    /// - Parameter bytesMax: what it never grows beyond.
    init?(pool: BufferPool, expectedBytes: Int, bytesMax: Int) {
        let bytes = min(expectedBytes, Self.trustedBytesMax, bytesMax) + Self.paddingBytes
        let readingBytes = Self.readingBytes(of: bytes)
        guard pool.budget.take(readingBytes) else { return nil }
        guard let block = pool.take(bytesMin: bytes) else {
            pool.budget.giveBack(readingBytes)
            return nil
        }
        self.pool = pool
        self.bytesMax = bytesMax
        self.block = block
        self.readingBytes = readingBytes
    }

    deinit {
        pool.give(block)
        pool.budget.giveBack(readingBytes)
    }

    /// What it has of the budget, bytes.
    var takenBytes: Int { block.byteCount + readingBytes }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block.start, count: count) }

    /// - Returns: false where there is no memory for them, and they have not been added.
    func append(_ source: UnsafeRawPointer, count added: Int) -> Bool {
        let needed = count + added + Self.paddingBytes
        if needed > block.byteCount {
            let roomy = max(needed, min(2 * block.byteCount, bytesMax + Self.paddingBytes))
            guard takeReadingBytes(of: roomy), grow(to: roomy) else { return false }
        }
        (block.start + count).copyMemory(from: source, byteCount: added)
        count += added
        return true
    }

    /// Writes the padding, so that nobody reads another request's bytes there.
    func seal() { (block.start + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.paddingBytes) }

    /// Who reads a body needs memory as well, and to refuse a body that has come would be a waste.
    private static func readingBytes(of byteCount: Int) -> Int {
        byteCount > MemoryBudget.smallBytes + paddingBytes ? MemoryBudget.readingFactor * byteCount : 0
    }

    private func takeReadingBytes(of byteCount: Int) -> Bool {
        let added = Self.readingBytes(of: byteCount) - readingBytes
        guard added > 0 else { return true }
        guard pool.budget.take(added) else { return false }
        readingBytes += added
        return true
    }

    private func grow(to byteCount: Int) -> Bool {
        if block.isMapped {
            guard let grown = pool.grow(block, to: byteCount) else { return false }
            block = grown
            return true
        }
        guard let larger = pool.take(bytesMin: byteCount) else { return false }
        larger.start.copyMemory(from: block.start, byteCount: count)
        pool.give(block)
        block = larger
        return true
    }
}

/// Blocks of memory kept for the next bodies of a loop: giving 400 KB back to the system after every request costs
/// 60 to 90 page faults at the next one. All of them are charged to a budget, those kept too, until that is short.
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

    private struct KeptBlocks: Sendable {
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

    let budget: MemoryBudget
    private let kept = Mutex(KeptBlocks())

    init(budget: MemoryBudget) {
        self.budget = budget
        budget.onShortage { [weak self] in self?.empty() }
    }

    deinit { empty() }

    /// Gives up the blocks that are kept.
    private func empty() {
        let blocks = kept.withLock { kept in
            defer { kept = KeptBlocks() }
            return kept.blocks
        }
        for block in blocks { release(block) }
    }

    private func release(_ block: Block) {
        block.release()
        budget.giveBack(block.byteCount)
    }

    /// Nil where the budget has not so much.
    func take(bytesMin: Int) -> Block? {
        let block = kept.withLock { kept -> Block? in
            let recent = kept.blocks.indices.suffix(Self.searchCountMax)
            guard let index = recent.last(where: { kept.blocks[$0].byteCount >= bytesMin }) else { return nil }
            let block = kept.blocks.remove(at: index)
            kept.byteCount -= block.byteCount
            return block
        }
        if let block { return block }
        let byteCount = Self.wholeGranules(bytesMin)
        if byteCount <= MemoryBudget.smallBytes + Self.granuleBytes {
            budget.charge(byteCount)
        } else if !budget.take(byteCount) {
            return nil
        }
        let isMapped = byteCount >= Self.mappedBytesMin
        guard let start = isMapped ? mhd_shim_grow_mapping(nil, 0, byteCount) : malloc(byteCount) else {
            preconditionFailure("out of memory")
        }
        return Block(start: start, byteCount: byteCount)
    }

    /// A larger block with the same bytes, in place of one that is mapped; nil where the budget has not so much.
    func grow(_ block: Block, to bytesMin: Int) -> Block? {
        let byteCount = Self.wholeGranules(bytesMin)
        guard budget.take(byteCount - block.byteCount) else { return nil }
        guard let start = mhd_shim_grow_mapping(block.start, block.byteCount, byteCount) else {
            preconditionFailure("out of memory")
        }
        return Block(start: start, byteCount: byteCount)
    }

    private static func wholeGranules(_ bytes: Int) -> Int { (bytes + granuleBytes - 1) / granuleBytes * granuleBytes }

    func give(_ block: Block) {
        let isKept = kept.withLock { kept -> Bool in
            guard kept.byteCount + block.byteCount <= Self.keptBytesMax,
                kept.blocks.count < Self.keptBlockCountMax
            else { return false }
            kept.blocks.append(block)
            kept.byteCount += block.byteCount
            return true
        }
        if !isKept { release(block) }
    }
}

/// Gives freed memory back to the system. The C library keeps it where large blocks come and go, and the more of it the
/// longer that goes on; to be called after something large was freed, not with every request. Any thread.
public func releaseFreeMemory() { mhd_shim_release_free_memory() }
