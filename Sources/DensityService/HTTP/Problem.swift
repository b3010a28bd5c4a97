internal import MADERows
internal import Microhttpd

/// A request that is refused, as the client is told (RFC 9457).
struct Problem: Error, Equatable {
    /// An HTTP status of 400 or more.
    var status: Int
    /// What is wrong, where, and what would be right; one sentence.
    var detail: String
    /// JSON Pointer (RFC 6901) to the offending part of the body.
    var pointer: String?
    /// What a 405 would have served.
    var allow: String?
    /// Seconds after which another try makes sense.
    var retryAfter: Int?
    /// The `WWW-Authenticate` of a 401 or 403.
    var challenge: String?
    /// The `Accept-Encoding` of a 415.
    var acceptEncoding: String?

    init(
        _ status: Int, _ detail: String, pointer: String? = nil, allow: String? = nil, retryAfter: Int? = nil,
        challenge: String? = nil, acceptEncoding: String? = nil
    ) {
        self.status = status
        self.detail = detail
        self.pointer = pointer
        self.allow = allow
        self.retryAfter = retryAfter
        self.challenge = challenge
        self.acceptEncoding = acceptEncoding
    }

    /// The request's own time is over.
    static let late = Problem(504, "the request's own deadline (X-Timeout-Ms) passed before its answer was there")

    /// The budget of the service (`MemoryBudget`) is taken.
    static let memoryTaken = Problem(
        503, "the memory for bodies and answers is taken by other requests (memory-bytes-max); try again later",
        retryAfter: 1)

    /// The system has no memory.
    static let memory = Problem(503, "memory is short; try again later", retryAfter: 1)

    /// The error as a reply, without the fields that every reply has.
    func reply(requestID: String, form: Route.ErrorForm = .problem) -> Reply {
        let isInference = form == .inference
        var json = JSONWriter()
        json.beginObject()
        if isInference {
            json.member("error", detail)
        } else {
            write(requestID: requestID, to: &json)
        }
        json.endObject()
        let type = isInference ? MediaType.json.rawValue : "application/problem+json"
        var reply = Reply(status: status, headers: [("Content-Type", type)], body: json.bytes)
        if let allow { reply.addHeader("Allow", allow) }
        if let retryAfter { reply.addHeader("Retry-After", String(retryAfter)) }
        if let acceptEncoding { reply.addHeader("Accept-Encoding", acceptEncoding) }
        if let challenge { reply.addHeader("WWW-Authenticate", challenge) }
        return reply
    }

    private func write(requestID: String, to json: inout JSONWriter) {
        json.member("type", "about:blank")
        json.member("title", Self.title(of: status))
        json.member("status", status)
        json.member("detail", detail)
        if let pointer { json.member("pointer", pointer) }
        json.member("request_id", requestID)
    }

    /// The reason phrase of a status (RFC 9110, section 15).
    static func title(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Error"
        }
    }
}
