/// Memory that starts on a cache line, owned by whoever holds the object.
final class AlignedBuffer<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    /// `count` elements, all bits zero.
    init(count: Int) {
        self.count = count
        let byteCount = max(count, 1) * MemoryLayout<Element>.stride
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        base = bytes.bindMemory(to: Element.self, capacity: count)
    }

    convenience init(copying elements: [Element]) {
        self.init(count: elements.count)
        base.update(from: elements, count: elements.count)
    }

    deinit {
        UnsafeMutableRawPointer(base).deallocate()
    }
}
