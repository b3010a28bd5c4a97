internal import CMicrohttpdShim
public import Dispatch

/// The processors that the process may run on.
public enum Processors {
    /// How many there are.
    public static var count: Int { max(1, Int(mhd_shim_processor_count())) }

    /// Keeps the calling thread to one of them. Two event loops of two processors would else often share one while their
    /// clients' threads have the other, and wait for each other as long as the scheduler's slice, milliseconds.
    static func keep(to index: Int) { mhd_shim_keep_to_processor(Int32(clamping: index % count)) }

    /// Lets the calling thread run on all of them. Costs next to nothing when it does already.
    static func leave() { mhd_shim_leave_processor() }
}

extension DispatchQueue {
    /// `async` from an event loop: the thread that Dispatch may start for it inherits the processor that the loop keeps to,
    /// and is let go. All work of the service goes this way, or by `setHandlerAnywhere`, as threads are shared by all queues.
    public func asyncAnywhere(_ work: @escaping @Sendable () -> Void) {
        async {
            Processors.leave()
            work()
        }
    }

    /// The same, after `delay`.
    public func asyncAnywhere(after delay: DispatchTimeInterval, _ work: @escaping @Sendable () -> Void) {
        asyncAfter(deadline: .now() + delay) {
            Processors.leave()
            work()
        }
    }
}

extension DispatchSourceProtocol {
    /// `setEventHandler`, whose work may come to a thread that was started from an event loop.
    public func setHandlerAnywhere(_ work: @escaping @Sendable () -> Void) {
        setEventHandler {
            Processors.leave()
            work()
        }
    }
}
