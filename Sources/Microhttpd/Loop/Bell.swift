internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// Wakes a thread that waits on its descriptor. Rung many times before that thread looks, it costs one system call.
final class Bell: Sendable {
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    private let isRung = Atomic(false)
    /// The thread that waits; 0 before it does.
    private let owner = Atomic<pthread_t>(0)

    deinit { close(descriptor) }

    /// Makes the calling thread the one that waits.
    func adopt() { owner.store(pthread_self(), ordering: .relaxed) }

    /// Whether the calling thread is the one that waits.
    var isOfThisThread: Bool { owner.load(ordering: .relaxed) == pthread_self() }

    /// Whatever was done before the call is seen by the thread after it has hushed or silenced the bell. Any thread.
    func ring() {
        if !isRung.exchange(true, ordering: .acquiringAndReleasing) { eventfd_write(descriptor, 1) }
    }

    /// Makes it silent for a `poll`, which would hear an old stroke for ever. What the strokes announced is to be looked
    /// at afterwards.
    func silence() {
        var strokes: eventfd_t = 0
        eventfd_read(descriptor, &strokes)
        isRung.store(false, ordering: .sequentiallyConsistent)
    }

    /// Whether it was rung since the last call.
    func hush() -> Bool {
        isRung.load(ordering: .relaxed) && isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}
