internal import MADERows
internal import Microhttpd

/// What the document says of one operation. Texts that are JSON say so.
struct APIOperation {
    /// What a route's methods do.
    typealias All = [Microhttpd.Method: APIOperation]

    var summary: String
    var description = ""
    /// The request body: a schema of the components.
    var body: String?
    var isBodyRequired = true
    /// Media types of bodies that hold a row a line, beside JSON.
    var lineBodies: [String] = []
    /// Requests that can be sent as they are, JSON objects by name.
    var examples: [(name: String, json: String)] = []
    /// The answers: status, and by media type the name of a schema and an example (JSON; of others than JSON a string).
    var answers: [Answer]
    /// What else may be answered, beside what every request may be.
    var problems: [Int] = []

    struct Answer {
        var status = 200
        var description: String
        var headers: [String] = []
        var content: [(type: String, schema: String, example: String?)]
    }

    /// Of any request.
    private static let commonProblems = [400, 408, 414, 417, 431, 500, 503]
    /// All statuses of problem documents.
    static let problemStatuses = [
        400, 401, 403, 404, 406, 408, 411, 413, 414, 415, 417, 422, 429, 431, 500, 503, 504,
    ]

    /// When a status is answered.
    static func reason(of status: Int) -> String {
        switch status {
        case 400: "not HTTP, not JSON, not UTF-8, a value of the wrong type, or an unknown field or parameter."
        case 401: "keys are configured, and there is none or a wrong one."
        case 403: "the key has not the scope, or without keys the request does not come from the service's machine."
        case 404: "no such route or model."
        case 406: "'Accept' takes nothing that can be answered."
        case 408: "the request did not arrive within its time."
        case 411: "a POST with neither a length nor chunks."
        case 413: "the body, expanded where it is compressed, its rows or its values are over a limit."
        case 414: "the request target is over its limit."
        case 415: "a body of a 'Content-Type' or a 'Content-Encoding' that is not read."
        case 417: "an expectation other than 100-continue."
        case 422: "well-formed, but not of this model or out of its range."
        case 429: "over the rate of the key or of the client's address."
        case 431: "the header fields are over their limit."
        case 500: "a fault of the service; its log has the request's id."
        case 503: "the queue is full, no model is ready, or the service is stopping."
        default: "the request's own deadline passed."
        }
    }

    /// Writes it; a HEAD has the answers of its GET, without their contents.
    ///
    /// - Parameters:
    ///   - route: whose operation it is, under `method`.
    ///   - isKeyed: whether the service has keys.
    func write(id: String, _ method: Microhttpd.Method, of route: Route, isKeyed: Bool, to json: inout JSONWriter) {
        let isHead = method == .head
        json.beginObject()
        json.member("operationId", id)
        json.member("summary", isHead ? "\(summary) Without the body." : summary)
        if !description.isEmpty, !isHead { json.member("description", description) }
        json.key("parameters")
        json.beginArray()
        let deadlineName = route.hasDeadline ? ["timeout"] : []
        for name in (route.queryNames ?? []) + deadlineName + ["request_id", "traceparent"] {
            json.raw(##"{"$ref":"#/components/parameters/\##(name)"}"##)
        }
        json.endArray()
        if let body { writeBody(body, to: &json) }
        json.key("security")
        switch route.requirement {
        case .key(let scope):
            let schemes = #"{"bearer":["\#(scope.rawValue)"]},{"api_key":["\#(scope.rawValue)"]}"#
            json.raw(isKeyed ? "[\(schemes)]" : "[{},\(schemes)]")
        case .nothing, .moderation: json.raw("[]")
        }
        json.key("responses")
        json.beginObject()
        for answer in answers { write(answer, isHead: isHead, to: &json) }
        let access = route.requirement == .nothing ? [] : route.requirement == .moderation ? [429] : [401, 403, 429]
        let form =
            (method == .post ? route.body == .optional ? [413] : [411, 413] : []) + (body == nil ? [] : [415])
        let deadline = route.hasDeadline ? [504] : []
        let errorName = route.errors == .inference ? "Error" : "Problem"
        let all = Set(problems + Self.commonProblems + form + access + deadline).sorted()
        for status in all where !answers.contains(where: { $0.status == status }) {
            json.key("\(status)")
            json.raw(##"{"$ref":"#/components/responses/\##(errorName)\##(status)"}"##)
        }
        json.endObject()
        json.endObject()
    }

    private func writeBody(_ schema: String, to json: inout JSONWriter) {
        json.key("requestBody")
        json.beginObject()
        json.key("required")
        json.bool(isBodyRequired)
        json.key("content")
        json.beginObject()
        json.key("application/json")
        json.beginObject()
        json.key("schema")
        json.raw(##"{"$ref":"#/components/schemas/\##(schema)"}"##)
        json.key("examples")
        json.beginObject()
        for example in examples {
            json.key(example.name)
            json.raw("{\"value\":\(example.json)}")
        }
        json.endObject()
        json.endObject()
        // No schema: any text is one of lines, and a line that is no row has its own answer.
        for type in lineBodies {
            json.key(type)
            json.raw("{}")
        }
        json.endObject()
        json.endObject()
    }

    private func write(_ answer: Answer, isHead: Bool, to json: inout JSONWriter) {
        json.key("\(answer.status)")
        json.beginObject()
        json.member("description", answer.description)
        json.key("headers")
        json.beginObject()
        for header in ["X-Request-ID"] + answer.headers { Self.writeHeader(header, to: &json) }
        json.endObject()
        if !isHead, !answer.content.isEmpty {
            json.key("content")
            json.beginObject()
            for content in answer.content {
                json.key(content.type)
                json.beginObject()
                json.key("schema")
                json.raw(##"{"$ref":"#/components/schemas/\##(content.schema)"}"##)
                if let example = content.example {
                    json.key("example")
                    json.raw(example)
                }
                json.endObject()
            }
            json.endObject()
        }
        json.endObject()
    }

    static func writeHeader(_ name: String, to json: inout JSONWriter) {
        json.key(name)
        json.raw(##"{"$ref":"#/components/headers/\##(name)"}"##)
    }
}
