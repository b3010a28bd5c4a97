internal import MADERows
internal import Microhttpd

/// The OpenAPI 3.1 document at /openapi.json, put together once from the route table and what is written about each
/// operation.
enum APIDocument {
    /// Of a service with or without keys.
    static func of(_ routes: [Route], isKeyed: Bool) -> [UInt8] {
        var json = JSONWriter(capacity: 64 << 10)
        json.beginObject()
        json.member("openapi", "3.1.0")
        json.key("info")
        json.beginObject()
        json.member("title", "made")
        json.member("version", Build.version)
        json.member("summary", "Exact log-likelihoods, p-values, conditionals and samples of rows of a table.")
        json.member("description", about)
        json.endObject()
        json.key("servers")
        json.raw(#"[{"url":"/"}]"#)
        json.key("paths")
        json.beginObject()
        for route in routes {
            for path in route.paths { write(path, route, isKeyed: isKeyed, to: &json) }
        }
        json.endObject()
        json.key("components")
        json.beginObject()
        json.key("securitySchemes")
        json.raw(APISchema.securitySchemes)
        json.key("schemas")
        json.raw(APISchema.schemas)
        json.key("parameters")
        json.raw(APISchema.parameters)
        json.key("headers")
        json.raw(APISchema.headers)
        json.key("responses")
        json.beginObject()
        for status in APIOperation.problemStatuses {
            writeProblem(status, isInference: false, to: &json)
            writeProblem(status, isInference: true, to: &json)
        }
        json.endObject()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static let about = """
        Bodies may be compressed with gzip or zstd, as 'Content-Encoding' says, and answers of more than 1 KiB are where \
        'Accept-Encoding' asks for it. All logarithms are natural; their unit is the nat. A request of a path without a model is for the default one: \
        the only one that is served, or the one that the configuration names. \
        A path that is not here is answered 404, a method that a path does not serve 405 with 'Allow', both with a problem \
        document (RFC 9457) as every error is. Keys are needed where the service has some; the scope that a route needs stands \
        beside its security scheme.
        """

    private static func write(_ path: String, _ route: Route, isKeyed: Bool, to json: inout JSONWriter) {
        json.key(path)
        json.beginObject()
        if path.contains("{model}") {
            json.key("parameters")
            let version = path.contains("{version}") ? ##",{"$ref":"#/components/parameters/version"}"## : ""
            json.raw(##"[{"$ref":"#/components/parameters/model"}\##(version)]"##)
        }
        let name =
            path == "/"
            ? "page"
            : path.dropFirst().filter { $0 != "{" && $0 != "}" }.map { $0 == "/" ? "_" : $0 }
                .reduce(into: "") { $0.append($1) }
        for method in route.methods {
            guard let operation = route.operations[method == .head ? .get : method] else { continue }
            json.key(method.rawValue.lowercased())
            operation.write(
                id: "\(method.rawValue.lowercased())_\(name)", method, of: route, isKeyed: isKeyed, to: &json)
        }
        json.endObject()
    }

    private static func writeProblem(_ status: Int, isInference: Bool, to json: inout JSONWriter) {
        json.key("\(isInference ? "Error" : "Problem")\(status)")
        json.beginObject()
        json.member("description", "\(Problem.title(of: status)): \(APIOperation.reason(of: status))")
        json.key("headers")
        json.beginObject()
        APIOperation.writeHeader("X-Request-ID", to: &json)
        if [429, 503].contains(status) { APIOperation.writeHeader("Retry-After", to: &json) }
        if status == 415 { APIOperation.writeHeader("Accept-Encoding", to: &json) }
        if [401, 403].contains(status) { APIOperation.writeHeader("WWW-Authenticate", to: &json) }
        json.endObject()
        json.key("content")
        let problem = ##""application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}"##
        let error = ##""application/json":{"schema":{"$ref":"#/components/schemas/Error"}}"##
        json.raw(isInference ? "{\(error),\(problem)}" : "{\(problem)}")
        json.endObject()
    }
}
