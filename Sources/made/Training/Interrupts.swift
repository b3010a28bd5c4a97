import Dispatch
import Glibc
import Synchronization

/// Calls back on the first Ctrl-C or SIGTERM; a second one ends the process with status 1.
struct Interrupts {
    private let sources: [any DispatchSourceSignal]

    /// Returns when the signals are being watched.
    init(_ firstInterrupt: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "interrupts")
        let count = InterruptCount()
        sources = [SIGINT, SIGTERM].map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            source.setEventHandler { [source] in
                if count.take(source.data) == 1 { firstInterrupt() } else { _exit(1) }
            }
            let isReady = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isReady.signal() }
            source.activate()
            isReady.wait()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}

/// How many signals have come.
private final class InterruptCount: Sendable {
    private let count = Atomic<UInt>(0)

    /// The count with `more` of them.
    func take(_ more: UInt) -> UInt {
        count.add(more, ordering: .relaxed).newValue
    }
}
