/// A request that the HTTP layer answers itself. The handler gives the answer its form (see `LoopHandler.reply`).
public struct Refusal: Sendable, Equatable {
    /// Why a request is refused.
    public enum Reason: Sendable, Equatable {
        /// 400: something that HTTP forbids; the text says what.
        case malformed(String)
        /// 405: a method other than those named.
        case methodNotAllowed(allowed: String)
        /// 408: the request line and header fields did not arrive in time.
        case headTooSlow(secondsMax: Double)
        /// 408: the body did not arrive in time.
        case bodyTooSlow(secondsMax: Double)
        /// 411: a POST with neither Content-Length nor chunks.
        case lengthRequired
        /// 413: the body is over the limit, of collected bodies or of those that go to a `BodySink`.
        case bodyTooLarge(bytesMax: Int, isStreamed: Bool)
        /// 414: the request target is over the limit.
        case uriTooLong(bytesMax: Int)
        /// 417: an expectation other than 100-continue.
        case expectationUnknown
        /// 431: the header fields are over the limit.
        case headerFieldsTooLarge(bytesMax: Int, countMax: Int)
        /// 500: the exchange was dropped without a reply.
        case unanswered
        /// 504: the request's own deadline passed (`Exchange.expire(at:)`).
        case deadlinePassed
        /// 503: the server's grace period ended before the reply was there.
        case stopping
        /// 503: the server's memory is taken by other requests (`MemoryBudget`).
        case memoryShort
    }

    /// Why.
    public let reason: Reason
    /// The percent-decoded path, where the request got so far.
    public let path: String?
    /// What `LoopHandler.match` made of it.
    public let match: RouteMatch

    init(_ reason: Reason, path: String? = nil, match: RouteMatch = .none) {
        self.reason = reason
        self.path = path
        self.match = match
    }

    /// The status code that answers it.
    public var status: Int {
        switch reason {
        case .malformed: 400
        case .methodNotAllowed: 405
        case .headTooSlow, .bodyTooSlow: 408
        case .lengthRequired: 411
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .expectationUnknown: 417
        case .headerFieldsTooLarge: 431
        case .unanswered: 500
        case .stopping, .memoryShort: 503
        case .deadlinePassed: 504
        }
    }

    /// One sentence for the client: what is wrong and what would be right.
    public var detail: String {
        switch reason {
        case .malformed(let what): what
        case .methodNotAllowed(let allowed): "this method is not served; use one of \(allowed)"
        case .headTooSlow(let seconds): "the request's head did not arrive within \(seconds) s"
        case .bodyTooSlow(let seconds): "the request's body did not arrive within \(seconds) s"
        case .lengthRequired: "a POST needs a Content-Length, or Transfer-Encoding: chunked"
        case .bodyTooLarge(let bytes, _): "the body is over the limit of \(bytes) bytes"
        case .uriTooLong(let bytes): "the request target is over the limit of \(bytes) bytes"
        case .expectationUnknown: "the only expectation served is 100-continue"
        case .headerFieldsTooLarge(let bytes, let count):
            "the header fields are over the limit of \(bytes) bytes or \(count) fields"
        case .unanswered: "the request could not be answered"
        case .deadlinePassed: "the request's own deadline passed before its answer was there"
        case .stopping: "the service stopped before the request was answered"
        case .memoryShort: "the memory for bodies and answers is taken by other requests; try again later"
        }
    }

    /// Whether the connection ends with the reply: after a request that was not understood nobody can say where
    /// the next one starts.
    var closesConnection: Bool {
        switch reason {
        case .methodNotAllowed, .lengthRequired, .unanswered, .deadlinePassed: false
        default: true
        }
    }
}

/// A request that is answered without its body: with what, and how.
struct Rejection {
    let reply: Reply
    let closesConnection: Bool
    /// Bytes of its body that are dropped at most before the answer is sent all the same.
    let droppedByteCountMax: Int
}
