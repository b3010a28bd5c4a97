internal import CMicrohttpdShim
internal import Glibc

/// What a loop does for requests that wait: libmicrohttpd has no time-outs for a suspended connection, and does not hear
/// its client leave. On the loop's thread only.
final class SuspensionWatch {
    /// A request that waits for so long is watched for its client's departure. To watch takes two system calls, and most
    /// are answered before.
    static let watchNanoseconds: UInt64 = 10_000_000

    /// Tells of clients that have gone.
    fileprivate let epoll = mhd_shim_epoll()
    fileprivate var watchedCount = 0
    fileprivate var unwatchedCount = 0
    /// When to look for suspended requests that have waited long enough.
    fileprivate var watchTime = UInt64.max
    /// Requests that have a deadline.
    fileprivate var timed: [Request] = []
    /// No later than the first deadline.
    fileprivate var deadline = UInt64.max

    deinit { close(epoll) }

    /// Ends the daemon's wait when a client leaves; false on failure.
    func watch(from daemon: OpaquePointer) -> Bool { epoll >= 0 && mhd_shim_watch(daemon, epoll) == 0 }

    /// When there is something to do.
    var nextTime: UInt64 { min(watchTime, deadline) }
}

/// All of it on the loop's thread.
extension EventLoop {
    func addSuspended(_ request: Request) {
        request.suspendedIndex = suspended.count
        request.suspensionTime = now
        suspended.append(request)
        suspensionWatch.unwatchedCount += 1
        suspensionWatch.watchTime = min(suspensionWatch.watchTime, now + SuspensionWatch.watchNanoseconds)
    }

    func removeSuspended(_ request: Request) {
        guard let index = request.suspendedIndex else { return }
        request.suspendedIndex = nil
        if request.isWatched {
            request.isWatched = false
            suspensionWatch.watchedCount -= 1
            mhd_shim_forget(suspensionWatch.epoll, request.client.socket)
        } else {
            suspensionWatch.unwatchedCount -= 1
            if suspensionWatch.unwatchedCount == 0 { suspensionWatch.watchTime = .max }
        }
        let last = suspended.removeLast()
        guard last !== request else { return }
        last.suspendedIndex = index
        suspended[index] = last
    }

    func addTimed(_ request: Request) {
        guard let deadline = request.deadline, request.timedIndex == nil, !request.isSettled else { return }
        request.timedIndex = suspensionWatch.timed.count
        suspensionWatch.timed.append(request)
        suspensionWatch.deadline = min(suspensionWatch.deadline, deadline)
    }

    func removeTimed(_ request: Request) {
        guard let index = request.timedIndex else { return }
        request.timedIndex = nil
        let last = suspensionWatch.timed.removeLast()
        if last !== request {
            last.timedIndex = index
            suspensionWatch.timed[index] = last
        }
        if suspensionWatch.timed.isEmpty { suspensionWatch.deadline = .max }
    }

    /// Looks after those who wait, where it is time to.
    func checkSuspended() {
        if suspensionWatch.watchedCount > 0 { noticeDepartures() }
        if now >= suspensionWatch.watchTime { watchSuspended() }
        if now >= suspensionWatch.deadline { answerLate() }
    }

    private func watchSuspended() {
        suspensionWatch.watchTime = .max
        for request in suspended where !request.isWatched {
            let time = request.suspensionTime + SuspensionWatch.watchNanoseconds
            guard time <= now else {
                suspensionWatch.watchTime = min(suspensionWatch.watchTime, time)
                continue
            }
            request.isWatched = true
            suspensionWatch.unwatchedCount -= 1
            suspensionWatch.watchedCount += 1
            // One that has gone already is told of at once.
            mhd_shim_await_hangup(
                suspensionWatch.epoll, request.client.socket, Unmanaged.passUnretained(request).toOpaque())
        }
    }

    private func noticeDepartures() {
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 64) { contexts in
            while true {
                let count = Int(mhd_shim_arrived(suspensionWatch.epoll, contexts.baseAddress, Int32(contexts.count)))
                for context in contexts.prefix(max(0, count)) {
                    guard let context else { continue }
                    // Alive: it is forgotten when its connection ends, at the latest.
                    let request = Unmanaged<Request>.fromOpaque(context).takeUnretainedValue()
                    removeSuspended(request)
                    guard !request.isSettled else { continue }
                    // libmicrohttpd comes back to it, and closes the connection.
                    request.phase = .replied
                    request.settle(.dropped)
                    handler?.noteDeparture(RequestHead(request))
                }
                if count < contexts.count { return }
            }
        }
    }

    private func answerLate() {
        let due = suspensionWatch.timed.filter { $0.deadline.map { $0 <= now } ?? false }
        for request in due {
            removeTimed(request)
            guard !request.isSettled else { continue }
            let reply = reply(to: refusal(.deadlinePassed, of: request), for: request)
            if case .body = request.phase {
                // The body is still on its way, and in the middle of one libmicrohttpd takes no reply.
                sendPastDaemon(reply, on: request.client)
                request.phase = .replied
                request.settle(.dropped)
                hangUp(request.client)
            } else {
                request.settle(.answered(reply))
            }
        }
        suspensionWatch.deadline = suspensionWatch.timed.lazy.compactMap(\.deadline).min() ?? .max
    }
}

extension Request {
    /// Whether the handler has it: whole, or its body as it comes.
    var isInHand: Bool {
        switch phase {
        case .handedOut: true
        case .body: sink != nil
        case .head, .refused, .replied: false
        }
    }
}
