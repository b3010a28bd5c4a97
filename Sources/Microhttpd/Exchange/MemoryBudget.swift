internal import Synchronization

/// The memory that bodies being collected and answers being held take at most, of all loops of a server together.
///
/// What is small is charged but never refused: who asks whether the service lives, or for one row's score, is answered
/// however much is held for others. Who sends a stream may wait for memory instead of being refused; where nobody but
/// waiting streams holds any, the youngest of them is given up, so that the oldest always ends.
public final class MemoryBudget: Sendable {
    /// What takes no more, bytes, is never refused.
    public static let smallBytes = 64 << 10

    /// What is read of a body takes so many times its bytes most often: a value and its separator, two bytes at least, become a
    /// number of four. What takes more takes it from the budget when it is known.
    public static let readingFactor = 2

    private struct Waiter {
        let owner: ObjectIdentifier
        /// Monotonic nanoseconds.
        let start: UInt64
        let heldBytes: Int
        let resume: @Sendable (_ hasMemory: Bool) -> Void
    }

    private struct State {
        var waiters: [Waiter] = []
        /// Free what is kept for the next requests only.
        var reliefs: [@Sendable () -> Void] = []
    }

    /// Bytes.
    public let bytesMax: Int
    private let taken = Atomic(0)
    private let waiterCount = Atomic(0)
    private let state = Mutex(State())

    /// - Parameter bytesMax: bytes.
    public init(bytesMax: Int = .max) { self.bytesMax = bytesMax }

    /// Bytes that are taken now.
    public var takenBytes: Int { taken.load(ordering: .relaxed) }

    /// Nothing more is to be had.
    var isExhausted: Bool { takenBytes >= bytesMax }

    /// Takes `bytes` where they are to be had.
    func take(_ bytes: Int) -> Bool {
        guard bytes > 0 else { return true }
        if tryTake(bytes) { return true }
        relieve()
        return tryTake(bytes)
    }

    /// Takes `bytes` whatever there is.
    func charge(_ bytes: Int) { taken.add(bytes, ordering: .relaxed) }

    /// Gives back what was taken, and lets those who wait for it go on.
    func giveBack(_ bytes: Int) {
        guard bytes > 0 else { return }
        taken.subtract(bytes, ordering: .sequentiallyConsistent)
        if waiterCount.load(ordering: .sequentiallyConsistent) > 0 { settleWaiters() }
    }

    /// Adds what to do where memory is short: free what is kept in case that it is needed.
    func onShortage(_ relief: @escaping @Sendable () -> Void) { state.withLock { $0.reliefs.append(relief) } }

    /// Calls `resume` once there is memory, or with false where none will come free.
    ///
    /// - Parameters:
    ///   - owner: who waits, for `forget`.
    ///   - heldBytes: what it has taken and will give back when it ends.
    ///   - start: the oldest goes on first.
    func wait(
        _ owner: AnyObject, holding heldBytes: Int, since start: UInt64,
        resume: @escaping @Sendable (_ hasMemory: Bool) -> Void
    ) {
        relieve()
        let waiter = Waiter(owner: ObjectIdentifier(owner), start: start, heldBytes: heldBytes, resume: resume)
        state.withLock { state in
            let place = state.waiters.firstIndex { $0.start > start } ?? state.waiters.endIndex
            state.waiters.insert(waiter, at: place)
            waiterCount.store(state.waiters.count, ordering: .sequentiallyConsistent)
        }
        settleWaiters()
    }

    /// The owner is over: it waits no longer.
    func forget(_ owner: AnyObject) {
        guard waiterCount.load(ordering: .relaxed) > 0 else { return }
        // Outside the lock: what it held on to may give memory back.
        let forgotten = state.withLock { state -> [Waiter] in
            let own = state.waiters.filter { $0.owner == ObjectIdentifier(owner) }
            state.waiters.removeAll { $0.owner == ObjectIdentifier(owner) }
            waiterCount.store(state.waiters.count, ordering: .sequentiallyConsistent)
            return own
        }
        withExtendedLifetime(forgotten) {}
    }

    private func tryTake(_ bytes: Int) -> Bool {
        guard bytes <= bytesMax else { return false }
        if taken.add(bytes, ordering: .relaxed).newValue <= bytesMax { return true }
        taken.subtract(bytes, ordering: .relaxed)
        return false
    }

    private func relieve() {
        let reliefs = state.withLock { $0.reliefs }
        for relief in reliefs { relief() }
    }

    /// Lets the oldest go on where there is memory, all of them where there is much; gives up the youngest where the
    /// others hold nothing that could come free.
    private func settleWaiters() {
        let settled = state.withLock { state -> (waiters: [Waiter], haveMemory: Bool) in
            let takenBytes = taken.load(ordering: .sequentiallyConsistent)
            let margin = bytesMax / 8
            var settled: [Waiter] = []
            let haveMemory = takenBytes < bytesMax
            if takenBytes < bytesMax - margin {
                swap(&settled, &state.waiters)
            } else if haveMemory, !state.waiters.isEmpty {
                settled.append(state.waiters.removeFirst())
            } else if let youngest = state.waiters.last,
                takenBytes - state.waiters.reduce(0, { $0 + $1.heldBytes }) < margin
            {
                settled.append(youngest)
                state.waiters.removeLast()
            }
            waiterCount.store(state.waiters.count, ordering: .sequentiallyConsistent)
            return (settled, haveMemory)
        }
        for waiter in settled.waiters { waiter.resume(settled.haveMemory) }
    }
}

/// What an exchange takes of its server's memory beside the body that is collected for it. All of it is given back when
/// the exchange is over and nobody holds on to it.
extension Exchange {
    /// Takes `bytes` more where they are to be had. Any thread.
    public func takeMemory(_ bytes: Int) -> Bool { request.takeMemory(bytes) }

    /// Says how many bytes it holds in all: they are taken already, whatever there is. Any thread.
    public func holdMemory(_ bytes: Int) { request.holdMemory(bytes) }

    /// Bytes that it holds.
    public var heldMemory: Int { request.heldBytes }

    /// The same with its body, and with what was taken for what is read of that.
    public var takenMemory: Int { request.heldBytes + (request.body?.takenBytes ?? 0) }

    /// Bytes that all exchanges of the server may take.
    public var memoryBytesMax: Int { request.budget.bytesMax }

    /// Whether all memory is taken: who can should wait.
    public var isMemoryShort: Bool { request.budget.isExhausted }

    /// Calls `resume` when there is memory again, or with false where none will come free before this exchange gives back
    /// what it holds. Not called where the exchange ends before. Any thread, and on any.
    ///
    /// - Parameter start: since when the exchange runs, nanoseconds of the monotonic clock: the oldest goes on first.
    public func waitForMemory(since start: UInt64, resume: @escaping @Sendable (_ hasMemory: Bool) -> Void) {
        request.budget.wait(request, holding: request.heldBytes, since: start, resume: resume)
    }
}
