/// Judges a request by its head alone, before a byte of its body is kept. libmicrohttpd accepts much that HTTP forbids;
/// what it lets through here is safe to frame, and within the limits.
struct RequestGuard {
    let limits: Limits
    let allowsOptions: Bool

    private var allowedMethods: String { allowsOptions ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, POST" }

    /// The reason to refuse the request, or nil.
    func objection(
        method: Method?, isHTTP10: Bool, target: RequestTarget, fields: HeaderFields, isStreamed: Bool,
        mayLackBody: () -> Bool
    ) -> Refusal.Reason? {
        // Framing first: a doubtful body must not be read, whatever else is wrong.
        if let what = fields.framingViolation(isHTTP10: isHTTP10) ?? fields.violation { return .malformed(what) }
        if target.bytes.count > limits.uriBytesMax { return .uriTooLong(bytesMax: limits.uriBytesMax) }
        if fields.byteCount > limits.headerBytesMax || fields.count > limits.headerCountMax {
            return .headerFieldsTooLarge(bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax)
        }
        guard let method, method != .options || allowsOptions else {
            return .methodNotAllowed(allowed: allowedMethods)
        }
        if let what = target.violation { return .malformed(what) }
        if fields.expectCount > 0, !isHTTP10, !fields.expectsContinue || fields.expectCount > 1 {
            return .expectationUnknown
        }
        if method == .post, fields.contentLengthCount == 0, !fields.isChunked, !mayLackBody() {
            return .lengthRequired
        }
        let bodyBytesMax = isStreamed ? limits.streamedBodyBytesMax : limits.bodyBytesMax
        if let length = fields.contentLength, length > bodyBytesMax {
            return .bodyTooLarge(bytesMax: bodyBytesMax, isStreamed: isStreamed)
        }
        return nil
    }

    /// Whether a refused request's body is read and dropped before the answer: only then does a client that sends
    /// first and reads afterwards surely see it. libmicrohttpd closes where a reply precedes the body.
    func drains(_ reason: Refusal.Reason, fields: HeaderFields) -> Bool {
        if case .malformed = reason { return false }
        return drains(fields, bytesMax: drainedBytesMax)
    }

    /// Whether a body that nobody wants is read and dropped nevertheless, as its length says.
    func drains(_ fields: HeaderFields, bytesMax: Int) -> Bool {
        fields.expectCount == 0 && (fields.isChunked || fields.contentLength ?? 0 <= bytesMax)
    }

    /// Bytes that are read at most of the body of a request that its handler answers by its head.
    static let unwantedBytesMax = 1 << 20
    /// Bytes of a refused body that are read at most.
    var drainedBytesMax: Int { max(1 << 20, 2 * limits.bodyBytesMax) }
}
