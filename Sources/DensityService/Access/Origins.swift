internal import Microhttpd

/// The web pages whose scripts may read answers (CORS, in the Fetch standard).
struct Origins: Sendable {
    private let isAny: Bool
    private let origins: Set<String>

    /// Header fields of requests and answers that scripts need, beside the ones that they always may use.
    private static let requestFields =
        "Authorization, Content-Encoding, Content-Type, Inference-Header-Content-Length, traceparent, X-API-Key, X-Request-ID, X-Timeout-Ms"
    private static let exposedFields = Reply.Header(
        "Access-Control-Expose-Headers",
        "Inference-Header-Content-Length, Retry-After, Server-Timing, WWW-Authenticate, X-Request-ID, X-Seed")
    private static let vary = Reply.Header("Vary", "Origin")

    /// Nil where there are none.
    ///
    /// - Precondition: all are `*` or as `isOrigin` has them.
    init?(_ texts: [String]) {
        guard !texts.isEmpty else { return nil }
        isAny = texts.contains("*")
        origins = Set(texts)
    }

    /// Whether `text` is an origin as browsers send it: scheme and host in lower case, a port, and nothing else.
    static func isOrigin(_ text: String) -> Bool {
        guard let mark = text.firstRange(of: "://"), mark.lowerBound > text.startIndex else { return false }
        let authority = text[mark.upperBound...]
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                true
            default: false
            }
        }
        return isPlain && !authority.isEmpty && !authority.contains("/") && !authority.hasPrefix(":")
    }

    /// The host of an origin, without its port.
    static func host(of origin: String) -> Substring {
        let authority = origin[(origin.firstRange(of: "://")?.upperBound ?? origin.startIndex)...]
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return authority[...end] }
        return authority.prefix { $0 != ":" }
    }

    /// What an answer to a request from `origin` says about who may read it.
    func headers(for origin: String?) -> [Reply.Header] {
        if isAny { return [Reply.Header("Access-Control-Allow-Origin", "*"), Self.exposedFields] }
        guard let origin, origins.contains(origin) else { return [Self.vary] }
        return [Reply.Header("Access-Control-Allow-Origin", origin), Self.vary, Self.exposedFields]
    }

    /// The answer to OPTIONS, a browser's question before it sends what a form could not.
    static func preflight(of served: [Microhttpd.Method]) -> Reply {
        let methods = served.map(\.rawValue) + [Microhttpd.Method.options.rawValue]
        let allowed = methods.joined(separator: ", ")
        return Reply(
            status: 204,
            headers: [
                ("Allow", allowed), ("Access-Control-Allow-Methods", allowed),
                ("Access-Control-Allow-Headers", requestFields), ("Access-Control-Max-Age", "600"),
            ])
    }
}
