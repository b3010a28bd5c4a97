/// Takes the body of one request as it arrives. Called on its loop's thread only.
public protocol BodySink: AnyObject {
    /// The next bytes; they hold for the call only. Not called any more once the exchange is answered.
    func receive(_ bytes: UnsafeRawBufferPointer)
    /// The body is complete.
    func complete()
    /// The exchange is over, or its client has gone: whatever is not done yet need not be done.
    func end()
}

/// A request whose body has not come yet.
public struct RequestHead {
    private let request: Request

    init(_ request: Request) { self.request = request }

    /// The request method.
    public var method: Method { request.method }
    /// The percent-decoded path, as of `Exchange`.
    public var path: String { request.path }
    /// What `LoopHandler.match` made of the path.
    public var match: RouteMatch { request.match }

    /// The value of a header field, as of `Exchange`.
    public func header(_ name: String) -> String? { request.fields[name] }

    /// The bytes of a header field's value; the first where it was sent more than once. No text is made of them.
    public func headerBytes(_ name: StaticString) -> ArraySlice<UInt8>? { request.fields.bytes(of: name) }

    /// The client's numeric address, without the port.
    public var remoteAddress: String { request.client.remoteAddress }
    /// Whether the client runs on this machine, or somebody there passes it on.
    public var isFromLoopback: Bool { request.client.isLoopback }
    /// The certificate that the client has shown, where its connection is TLS.
    public var clientCertificate: ClientCertificate { request.client.tls?.clientCertificate ?? .none }
    /// Shared by all requests from the client's address (of IPv6: from its network of 64 bits).
    public var addressBucket: TokenBucket { request.client.address.bucket }

    /// Who sends the request, for `Exchange.principal`. To be set in `LoopHandler.earlyReply` only.
    public var principal: String? {
        get { request.principal }
        nonmutating set { request.principal = newValue }
    }
}

extension LoopHandler {
    /// There are no routes.
    public func match(path: String) -> RouteMatch { .none }
    /// All bodies are collected.
    public func sink(for head: RequestHead) -> ((Exchange) -> any BodySink)? { nil }
    /// Nobody counts them.
    public func noteDeparture(_ head: RequestHead) {}
    /// Every POST has a body.
    public func mayLackBody(_ head: RequestHead) -> Bool { false }
    /// All requests pass.
    public func earlyReply(to head: RequestHead) -> Reply? { nil }
    /// None.
    public func commonHeaders(for head: RequestHead) -> [Reply.Header] { [] }
}
