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

    /// The value of a header field, as of `Exchange`.
    public func header(_ name: String) -> String? { request.fields[name] }
}

extension LoopHandler {
    /// All bodies are collected.
    public func sink(for head: RequestHead) -> ((Exchange) -> any BodySink)? { nil }

    /// Every POST has a body.
    public func mayLackBody(_ head: RequestHead) -> Bool { false }
}
