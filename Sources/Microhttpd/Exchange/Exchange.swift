internal import CMicrohttpdShim
internal import Synchronization

/// One complete request and the place for its reply. Everything of the request is held here, not in the connection:
/// it may be read and answered on any thread, at any time. An exchange dropped without a reply answers 500.
public final class Exchange: Sendable {
    let request: Request

    init(_ request: Request) { self.request = request }

    deinit { request.settle(.dropped) }

    /// The request method.
    public var method: Method { request.method }
    /// The percent-decoded path; it starts with `/`. Bytes that are not UTF-8 have become U+FFFD.
    public var path: String { request.path }
    /// What `LoopHandler.match` made of the path.
    public var match: RouteMatch { request.match }
    /// The decoded query, in the order sent.
    public var queryItems: [(name: String, value: String)] { request.target.queryItems }
    /// The client's numeric address, without the port.
    public var remoteAddress: String { request.client.remoteAddress }
    /// Who sends it, as `LoopHandler.earlyReply` noted in the head.
    public var principal: String? { request.principal }
    /// Bytes of the body.
    public var bodyByteCount: Int { request.body?.count ?? 0 }

    /// The first value of this name in the query.
    public func query(_ name: String) -> String? { queryItems.first { $0.name == name }?.value }

    /// The value of a header field, whatever the case of its name; several are joined by commas.
    public func header(_ name: String) -> String? { request.fields[name] }

    /// Whether the calling thread is the event loop of this request, which has no time for more than small work.
    public var isOnLoop: Bool { request.isOnLoop }

    /// Gives the body to read. At least 64 bytes after its end may be read as well; they are zero.
    public func withBody<Result>(_ read: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(request) {
            if let body = request.body { return try read(body.bytes) }
            return try read(UnsafeRawBufferPointer(rebasing: Self.emptyBody[..<0]))
        }
    }

    /// Whether a reply would still reach somebody: nobody has replied, and the client is there as far as is known.
    public var isOpen: Bool { !request.isSettled }

    /// Says when the answer will be worthless, nanoseconds of the monotonic clock: the server then answers 504 itself
    /// (`Refusal.Reason.deadlinePassed`). Only in `LoopHandler.receive`, or where the exchange's sink is made.
    public func expire(at deadline: UInt64) { request.deadline = deadline }

    /// Answers. The first reply counts; later ones are ignored, as is one to a client that has gone.
    public func reply(_ reply: Reply) {
        request.holdAnswer(reply)
        request.settle(.answered(reply))
    }

    /// Reads no more of the body until `resumeBody`: what the client sends meanwhile waits in the system's buffers. Only
    /// within `BodySink.receive`.
    public func pauseBody() { request.pauseBody() }

    /// Reads on after `pauseBody`. Any thread.
    public func resumeBody() { request.resumeBody() }

    private nonisolated(unsafe) static let emptyBody: UnsafeRawBufferPointer = {
        // Never written after this line and never freed, so any thread may read it.
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: BodyBuffer.paddingBytes, alignment: 64)
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        return UnsafeRawBufferPointer(zeros)
    }()
}

/// What an exchange is about, owned by its loop until the exchange is handed out.
///
/// `@unchecked Sendable`: all stored properties but `outcome` are written by the loop's thread only; those that an
/// `Exchange` reads are not written again once it exists.
final class Request: @unchecked Sendable {
    /// How far the loop has come with it. The loop's thread only.
    enum Phase {
        /// The request line is there, the header fields are not.
        case head
        case body
        case refused(Rejection)
        case handedOut
        case replied
    }

    /// What has become of the exchange. Under lock.
    enum Outcome {
        /// Nobody has answered; the loop will look again after this turn.
        case awaited
        /// Nobody has answered, and the loop will not look again before the connection is resumed.
        case suspended
        case answered(Reply)
        case dropped
        /// The reply is queued or the connection is gone: too late for anything.
        case over
    }

    /// libmicrohttpd's handle. Not to be touched once the request has ended.
    let handle: OpaquePointer
    let client: Connection
    let target: RequestTarget
    /// Of its loop.
    private let wakeEvent: WakeEvent
    private(set) var method = Method.get
    var path = ""
    /// What the handler found the path to be.
    var match = RouteMatch.none
    private(set) var fields = HeaderFields()
    var phase = Phase.head
    var body: BodyBuffer?
    /// Takes the body instead of `body`; nil once the request has ended.
    var sink: (any BodySink)?
    /// Bytes that `sink` got, and how many of them since its client last had its time anew.
    var streamedByteCount = 0
    var uncreditedByteCount = 0
    /// The sink asked for a pause, and libmicrohttpd has not come back since.
    var isPaused = false
    var droppedByteCount = 0
    /// Who sends it, as the handler found out by its head.
    var principal: String?
    /// Place in the loop's list of suspended requests.
    var suspendedIndex: Int?
    /// Since when, and whether the loop watches for its client's departure.
    var suspensionTime: UInt64 = 0
    var isWatched = false
    /// When the server answers itself, and the place in the loop's list of such requests.
    var deadline: UInt64?
    var timedIndex: Int?
    private let outcome = Mutex(Outcome.awaited)
    let budget: MemoryBudget
    /// Bytes of `budget` that it has beside its body.
    private let held = Atomic(0)

    init(
        handle: OpaquePointer, client: Connection, target: RequestTarget, wakeEvent: WakeEvent, budget: MemoryBudget
    ) {
        self.budget = budget
        self.handle = handle
        self.client = client
        self.target = target
        self.wakeEvent = wakeEvent
    }

    deinit { budget.giveBack(heldBytes) }

    func noteHead(method: Method?, fields: HeaderFields) {
        self.method = method ?? .get
        self.fields = fields
    }

    var requestID: String? { fields["x-request-id"] }

    var isOnLoop: Bool { wakeEvent.isOfThisThread }

    /// Its head or its body is not complete, and nothing is decided about it.
    var isArriving: Bool {
        switch phase {
        case .head, .body: true
        case .refused, .handedOut, .replied: false
        }
    }

    /// Settles the outcome if it is open. Any thread. Under the lock, so that a loop that finds a request settled also
    /// finds its connection resumed; after the resumption nothing of the connection is touched.
    func settle(_ settled: Outcome) {
        outcome.withLock { outcome in
            switch outcome {
            case .awaited: outcome = settled
            case .suspended:
                outcome = settled
                MHD_resume_connection(handle)
                wakeEvent.signal()
            case .answered, .dropped, .over: break
            }
        }
    }

    /// Takes the outcome, if there is one. The loop's thread only.
    func takeOutcome() -> Outcome? {
        outcome.withLock { outcome in
            switch outcome {
            case .awaited, .suspended: return nil
            case .answered, .dropped, .over:
                defer { outcome = .over }
                return outcome
            }
        }
    }

    /// Suspends the connection unless the outcome is settled. The loop's thread only, in the access handler.
    func suspendIfAwaited() -> Bool {
        outcome.withLock { outcome in
            guard case .awaited = outcome else { return false }
            MHD_suspend_connection(handle)
            outcome = .suspended
            return true
        }
    }

    /// The loop's thread only, in the access handler.
    func pauseBody() {
        if suspendIfAwaited() { isPaused = true }
    }

    /// Goes on after `pauseBody`. Any thread.
    func resumeBody() {
        outcome.withLock { outcome in
            guard case .suspended = outcome else { return }
            outcome = .awaited
            MHD_resume_connection(handle)
            wakeEvent.signal()
        }
    }

    var isSuspended: Bool {
        outcome.withLock { if case .suspended = $0 { true } else { false } }
    }

    /// Whether there is a reply, or never will be.
    var isSettled: Bool {
        outcome.withLock { outcome in
            switch outcome {
            case .awaited, .suspended: false
            case .answered, .dropped, .over: true
            }
        }
    }

    /// Ends it: whoever answers now is too late. The loop's thread only.
    ///
    /// - Returns: whether nobody had answered.
    func close() -> Bool {
        outcome.withLock { outcome in
            defer { outcome = .over }
            switch outcome {
            case .awaited, .suspended: return true
            case .answered, .dropped, .over: return false
            }
        }
    }

    var heldBytes: Int { held.load(ordering: .relaxed) }

    func takeMemory(_ bytes: Int) -> Bool {
        guard budget.take(bytes) else { return false }
        held.add(bytes, ordering: .relaxed)
        return true
    }

    func holdMemory(_ bytes: Int) {
        let before = held.exchange(bytes, ordering: .relaxed)
        if bytes > before { budget.charge(bytes - before) }
        if bytes < before { budget.giveBack(before - bytes) }
    }

    /// From now on it holds its answer alone.
    func holdAnswer(_ reply: Reply) {
        let byteCount = reply.bodyByteCount
        let bytes = byteCount > MemoryBudget.smallBytes ? byteCount : 0
        if bytes != heldBytes { holdMemory(bytes) }
    }
}
