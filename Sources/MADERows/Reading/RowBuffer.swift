package import CRows
internal import Glibc

/// Rows [n × D] as readers append them; one owner at a time.
package final class RowBuffer {
    package var storage = made_row_buffer()
    /// The numbers before encoding are kept, too.
    package let keepsNumbers: Bool

    package init(keepsNumbers: Bool = false) { self.keepsNumbers = keepsNumbers }

    deinit {
        free(storage.values)
        free(storage.numbers)
    }

    /// Values held, n · D. Setting a smaller count forgets the last ones.
    package var count: Int {
        get { storage.count }
        set {
            precondition(newValue <= storage.count)
            storage.count = newValue
        }
    }

    /// Appends encoded values; false where memory is short. Precondition: numbers are not kept.
    package func append(_ values: UnsafeBufferPointer<Float>) -> Bool {
        precondition(!keepsNumbers)
        guard let source = values.baseAddress, !values.isEmpty else { return true }
        let total = storage.count + values.count
        if total > storage.capacity {
            let capacity = max(total, 2 * storage.capacity)
            guard let moved = realloc(storage.values, capacity * MemoryLayout<Float>.size) else { return false }
            storage.values = moved.assumingMemoryBound(to: Float.self)
            storage.capacity = capacity
        }
        if let target = storage.values { (target + storage.count).update(from: source, count: values.count) }
        storage.count = total
        return true
    }

    /// All values, encoded; they hold until the next append.
    package var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: storage.values, count: storage.count) }

    /// As many numbers, where they are kept.
    package var numbers: UnsafeBufferPointer<Double> {
        UnsafeBufferPointer(start: storage.numbers, count: keepsNumbers ? storage.count : 0)
    }
}
