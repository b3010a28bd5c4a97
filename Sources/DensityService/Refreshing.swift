internal import Dispatch
internal import Microhttpd
internal import Synchronization

/// What reads its files again when the process is asked to (SIGHUP): closures that run one after another, in the order
/// they were added, on a queue of their own. Each says in the log what it read; one that fails keeps what it had.
final class Refreshing: Sendable {
    private let works = Mutex<[@Sendable () -> Void]>([])
    private let queue = DispatchQueue(label: "made.refresh")

    /// Adds what shall be done from the next `run` on.
    func add(_ work: @escaping @Sendable () -> Void) {
        works.withLock { $0.append(work) }
    }

    /// Begins to run all of them; returns at once.
    func run() {
        queue.asyncAnywhere {
            for work in self.works.withLock({ $0 }) { work() }
        }
    }
}
