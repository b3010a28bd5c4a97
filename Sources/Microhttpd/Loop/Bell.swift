internal import CMicrohttpdShim
internal import Glibc
internal import Synchronization

/// Wakes an event loop from any thread. Rung many times before the loop looks, it costs one system call.
final class Bell: Sendable {
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    private let isRung = Atomic(false)

    deinit { close(descriptor) }

    /// Whatever was done before the call is seen by the loop after it has hushed the bell.
    func ring() {
        if !isRung.exchange(true, ordering: .acquiringAndReleasing) { eventfd_write(descriptor, 1) }
    }

    /// Whether it was rung since the last call.
    func hush() -> Bool {
        isRung.load(ordering: .relaxed) && isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}
