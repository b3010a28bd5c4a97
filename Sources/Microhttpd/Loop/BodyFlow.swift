internal import CMicrohttpdShim

/// The way of a body that goes to a sink. All of it on the loop's thread.
extension EventLoop {
    /// After so many bytes a client has its time anew: who sends no more than that within it drips.
    private static let creditByteCount = 64 << 10

    /// Takes the next bytes; none are the end of the body.
    func stream(
        _ bytes: UnsafePointer<CChar>?, count: UnsafeMutablePointer<Int>, for request: Request
    ) -> MHD_Result {
        // A chunked body is offered on although its connection is suspended: it waits where it is.
        if request.isSuspended { return .YES }
        request.isPaused = false
        removeSuspended(request)
        guard let bytes, count.pointee > 0 else { return complete(request) }
        defer { count.pointee = 0 }
        if request.isSettled { return dropAnswered(count.pointee, of: request) }
        request.streamedByteCount += count.pointee
        guard request.streamedByteCount <= limits.streamedBodyBytesMax else {
            let bytesMax = limits.streamedBodyBytesMax
            let rejection = rejection(
                refusal(.bodyTooLarge(bytesMax: bytesMax, isStreamed: true), of: request), for: request)
            request.phase = .refused(rejection)
            request.sink?.end()
            request.sink = nil
            return drop(count.pointee, of: request, rejection)
        }
        request.uncreditedByteCount += count.pointee
        if request.uncreditedByteCount >= Self.creditByteCount {
            request.uncreditedByteCount = 0
            watchdog.expect(.body, of: request.client, now: now)
        }
        request.sink?.receive(UnsafeRawBufferPointer(start: bytes, count: count.pointee))
        if request.isPaused { addSuspended(request) }
        return .YES
    }

    private func complete(_ request: Request) -> MHD_Result {
        watchdog.expect(.nothing, of: request.client, now: now)
        request.phase = .handedOut
        if isAborting { return refuse(request, refusal(.stopping, of: request)) }
        if !request.isSettled { request.sink?.complete() }
        return deliver(request, orSuspend: false)
    }

    /// Lets the rest of a body go by whose answer is there already, up to a bound; past it the answer is sent at once.
    private func dropAnswered(_ count: Int, of request: Request) -> MHD_Result {
        request.droppedByteCount += count
        if request.droppedByteCount <= guardian.drainedBytesMax { return .YES }
        if case .answered(let reply) = request.takeOutcome() {
            sendPastDaemon(reply, on: request.client)
        } else {
            sendPastDaemon(
                reply(to: refusal(.unanswered, of: request), for: request), on: request.client)
        }
        return .NO
    }
}
