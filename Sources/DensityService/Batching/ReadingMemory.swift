internal import Microhttpd

/// The memory that is taken for what is read of one call's body. One thread's.
final class ReadingMemory {
    /// What is taken at once at least: to ask costs more than to have a little too much.
    private static let stepBytes = 256 << 10

    private let call: Call
    /// With the body, too.
    private var takenBytes: Int
    /// Why there was none.
    private(set) var problem: Problem?

    /// Nil of a small body, of which nothing large is read.
    init?(of call: Call) {
        guard call.bodyByteCount > MemoryBudget.smallBytes else { return nil }
        self.call = call
        takenBytes = MemoryBudget.readingFactor * call.bodyByteCount
    }

    /// Whether there are so many bytes in all.
    func take(_ byteCount: Int) -> Bool {
        guard byteCount > takenBytes else { return true }
        let added = max(byteCount - takenBytes, Self.stepBytes)
        do throws(Problem) {
            try call.takeMemory(added)
            takenBytes += added
            return true
        } catch {
            problem = error
            return false
        }
    }
}
