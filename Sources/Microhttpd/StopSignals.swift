internal import Dispatch
internal import Glibc
internal import Synchronization

/// Turns SIGTERM and SIGINT into a call, from the moment `init` returns: make one before anything listens.
///
/// Dispatch installs a handler of its own that passes the signal on to a signalfd. So nothing else may change the
/// signals' disposition: with `signal(SIGTERM, SIG_IGN)`, as other systems want it, Linux throws signals away.
///
/// `@unchecked Sendable`: the sources are set once and only cancelled, which Dispatch allows on any thread.
public final class StopSignals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]
    private let first = DispatchSemaphore(value: 0)
    private let firstNumber = Atomic<Int32>(0)

    /// Returns when signals can no longer kill the process. Blocks for that; not to be called on the main queue's thread
    /// while `queue` is the main queue.
    ///
    /// - Parameter onSignal: called on a queue of its own with the signal's number, for every signal that comes while
    ///   the object lives. Several that come at once may be one call.
    public init(onSignal: @escaping @Sendable (_ number: Int32) -> Void = { _ in }) {
        let queue = DispatchQueue(label: "made.signals")
        let numbers = [SIGTERM, SIGINT]
        sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        let registered = DispatchSemaphore(value: 0)
        for (number, source) in zip(numbers, sources) {
            source.setEventHandler { [first, weak self] in
                self?.note(number)
                onSignal(number)
                first.signal()
            }
            source.setRegistrationHandler { registered.signal() }
            source.activate()
        }
        for _ in numbers { registered.wait() }
    }

    deinit { for source in sources { source.cancel() } }

    /// Blocks until a signal has come, and returns its number.
    public func wait() -> Int32 {
        first.wait()
        first.signal()
        return firstNumber.load(ordering: .acquiring)
    }

    private func note(_ number: Int32) {
        _ = firstNumber.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
    }
}
