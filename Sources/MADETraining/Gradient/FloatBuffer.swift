/// Floats at a fixed place in memory, zero at first: what the inner loops work on.
///
/// Owned by one thread at a time; not `Sendable`.
final class FloatBuffer {
    /// Floats behind the last one that kernels may read, and write back unchanged.
    private static let paddingCount = 15

    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        let paddedCount = count + Self.paddingCount
        pointer = UnsafeMutableRawPointer.allocate(
            byteCount: paddedCount * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: paddedCount)
        pointer.initialize(repeating: 0, count: paddedCount)
        self.count = count
    }

    convenience init(_ elements: [Float]) {
        self.init(count: elements.count)
        set(elements)
    }

    deinit {
        pointer.deallocate()
    }

    var elements: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Precondition: as many elements as the buffer has.
    func set(_ elements: [Float]) {
        precondition(elements.count == count)
        elements.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            pointer.update(from: start, count: count)
        }
    }

    func set(from other: FloatBuffer) {
        precondition(other.count == count)
        pointer.update(from: other.pointer, count: count)
    }

    func clear(_ range: Range<Int>) {
        (pointer + range.lowerBound).update(repeating: 0, count: range.count)
    }
}
