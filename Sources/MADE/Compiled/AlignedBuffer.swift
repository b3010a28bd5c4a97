/// Memory that starts on a cache line, owned by whoever holds the object.
final class AlignedBuffer<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    /// `count` elements, all bits zero.
    init(count: Int) {
        self.count = count
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: Self.byteCount(count), alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount(count))
        base = bytes.bindMemory(to: Element.self, capacity: count)
    }

    convenience init(copying elements: [Element]) {
        self.init(count: elements.count)
        base.update(from: elements, count: elements.count)
    }

    var byteCount: Int { Self.byteCount(count) }

    private static func byteCount(_ count: Int) -> Int { max(count, 1) * MemoryLayout<Element>.stride }

    deinit {
        UnsafeMutableRawPointer(base).deallocate()
    }
}
