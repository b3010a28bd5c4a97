import Testing

@testable import DensityService

/// Paths, methods, media types and sizes.
let routeRefusals: [Refused] = [
    // 404 and 405.
    .init(method: "GET", path: "/nothing", status: 404, detail: "/nothing"),
    .init(method: "GET", path: "/models/modle", status: 404, detail: "did you mean 'model'?"),
    .init(path: "/models/other/score", body: #"{"rows":[]}"#, status: 404, detail: "other"),
    .init(method: "GET", path: "/models/model/score/x", status: 404, detail: "there is nothing"),
    // An encoded slash separates nothing.
    .init(path: "/models/model%2Fscore", body: #"{"rows":[]}"#, status: 405, detail: "GET", allow: "GET, HEAD"),
    .init(method: "GET", path: "/models/model%2fdrift", status: 404, detail: "model%2fdrift"),
    .init(method: "GET", path: "/v2/models/model%2Fready", status: 404, detail: "model%2Fready"),
    .init(method: "GET", status: 405, detail: "POST", allow: "POST"),
    .init(method: "HEAD", path: "/conditionals", status: 405, detail: "POST", allow: "POST"),
    .init(path: "/models", body: "{}", status: 405, detail: "GET", allow: "GET, HEAD"),
    .init(path: "/", body: "{}", status: 405, detail: "GET", allow: "GET, HEAD"),
    .init(
        method: "DELETE", path: "/sample", status: 405, detail: "/sample does not serve this method",
        allow: "GET, HEAD, POST"),
    // 406 and 415.
    .init(headers: ["Accept: image/png"], body: #"{"rows":[]}"#, status: 406, detail: "application/json"),
    .init(headers: ["Accept: application/json;q=0, */*;q=0"], body: #"{"rows":[]}"#, status: 406, detail: "takes none"),
    .init(method: "GET", path: "/sample", headers: ["Accept: image/png"], status: 406, detail: "text/csv"),
    .init(method: "GET", path: "/models", headers: ["Accept: text/html"], status: 406, detail: "application/json"),
    .init(method: "GET", path: "/", headers: ["Accept: application/json"], status: 406, detail: "text/html"),
    .init(method: "GET", path: "/docs", headers: ["Accept: application/json"], status: 406, detail: "text/html"),
    .init(
        headers: ["Accept: text/csv"], body: #"{"rows":[],"per_variable":true}"#, status: 406,
        detail: "Accept: application/json"),
    .init(
        headers: ["Content-Type: text/plain"], body: "v0,v1,v2\n0,1,0\n", status: 415,
        detail: "application/json, application/x-ndjson, text/csv"),
    .init(
        path: "/conditionals", headers: ["Content-Type: application/x-ndjson"], body: "[0,1,0]\n", status: 415,
        detail: "application/json"),
    .init(headers: ["Content-Type: application/json; charset=utf-16"], body: "{}", status: 415, detail: "UTF-8"),
    // 413: more rows than may wait, and a body over the limit.
    .init(
        body: "{\"rows\":[" + [String](repeating: "{}", count: 201).joined(separator: ",") + "]}", status: 413,
        pointer: "/rows", detail: "200 rows"),
    .init(body: String(repeating: " ", count: 70_000), status: 413, detail: "65536"),
    .init(method: "PUT", path: "/score", body: "{}", status: 405, detail: "use POST", allow: "POST"),
    .init(method: "PATCH", path: "/models/model", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(method: "BREW", path: "/nothing", status: 404, detail: "the routes are"),
    .init(method: "HEAD", path: "/nothing", status: 404, detail: ""),
    .init(path: "/drift", body: "{}", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(method: "GET", path: "/models/modle/drift", status: 404, detail: "did you mean 'model'?"),
    .init(method: "GET", path: "/drift?window=5", status: 400, detail: "not a parameter"),
    .init(method: "GET", path: "/drift", headers: ["Accept: text/csv"], status: 406, detail: "application/json"),
    .init(method: "GET", path: "/models/", status: 404, detail: "there is nothing"),
    .init(method: "GET", path: "/livez%zz", status: 404, detail: "/livez%zz"),
    .init(method: "GET", path: "/models?name=model", status: 400, detail: "not a parameter"),
    .init(method: "GET", path: "/models/model?x", status: 400, detail: "not a parameter"),
    .init(method: "GET", path: "/models/model", headers: ["X-Timeout-Ms: ever"], status: 400, detail: "X-Timeout-Ms"),
    .init(method: "GET", path: "/models/model", headers: ["Accept: text/csv"], status: 406, detail: "application/json"),
    .init(
        method: "GET", path: "/openapi.json", headers: ["Accept: text/csv"], status: 406, detail: "application/json"),
    .init(
        path: "/conditionals", headers: ["Accept: text/csv"], body: #"{"rows":[]}"#, status: 406,
        detail: "application/json"),
    .init(headers: ["Content-Encoding: deflate"], body: "{}", status: 415, detail: "as gzip or zstd"),
    .init(headers: ["Content-Encoding: gzip, gzip"], body: "{}", status: 415, detail: "\"gzip, gzip\""),
    .init(path: "/v2/models/model/infer", headers: ["Content-Encoding: br"], body: "{}", status: 415, detail: "zstd"),
    .init(headers: ["Content-Encoding: gzip"], body: "\u{1f}", status: 400, detail: "end early, after 1 bytes"),
    .init(headers: ["Content-Encoding: zstd"], body: "{}", status: 400, detail: "the body's zstd data"),
    .init(headers: ["Content-Encoding: zstd"], body: "", status: 400, detail: "the body is empty"),
    .init(
        headers: ["Content-Type: application/json", "Content-Type: text/csv"], body: "{}", status: 415,
        detail: "application/json, text/csv"),
]
