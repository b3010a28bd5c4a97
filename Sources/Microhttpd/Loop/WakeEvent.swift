internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// Wakes a thread that waits on its descriptor. Signalled many times before that thread looks, it costs one system call.
final class WakeEvent: Sendable {
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    private let isSignalled = Atomic(false)
    /// The thread that waits; 0 before it does.
    private let owner = Atomic<pthread_t>(0)

    deinit { close(descriptor) }

    /// Makes the calling thread the one that waits.
    func adopt() { owner.store(pthread_self(), ordering: .relaxed) }

    /// Whether the calling thread is the one that waits.
    var isOfThisThread: Bool { owner.load(ordering: .relaxed) == pthread_self() }

    /// Whatever was done before the call is seen by the thread after it has taken or cleared the signal. Any thread.
    func signal() {
        if !isSignalled.exchange(true, ordering: .acquiringAndReleasing) { eventfd_write(descriptor, 1) }
    }

    /// Makes the descriptor unreadable again, without which `poll` would return at once. What the signals announced is to
    /// be looked at afterwards.
    func clear() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
        isSignalled.store(false, ordering: .sequentiallyConsistent)
    }

    /// Whether there was a signal since the last call.
    func takeSignal() -> Bool {
        isSignalled.load(ordering: .relaxed) && isSignalled.exchange(false, ordering: .acquiringAndReleasing)
    }
}
