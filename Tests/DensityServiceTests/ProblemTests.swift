import Foundation
import RawHTTP
import Testing

@testable import DensityService

private struct Refused: Sendable, CustomTestStringConvertible {
    var method = "POST"
    var path = "/score"
    var headers = ["Content-Type: application/json"]
    var body: String? = nil
    var status: Int
    var pointer: String? = nil
    /// A part of the detail.
    var detail: String
    var allow: String? = nil

    var testDescription: String { "\(method) \(path) \(body?.prefix(80) ?? "") \(headers) → \(status)" }
}

private let refusals: [Refused] = [
    // 400: not JSON, a field of a wrong type, an unknown field.
    .init(body: "", status: 400, detail: "empty"),
    .init(body: "{", status: 400, detail: "not JSON"),
    .init(body: #"{"rows":[[0,1,0]],"x":tru}"#, status: 400, detail: "not JSON at byte"),
    .init(body: "[[0,1,0]]", status: 400, pointer: "", detail: "must be a JSON object"),
    .init(body: "{}", status: 400, pointer: "", detail: "'rows' is missing"),
    .init(body: #"{"rows":3}"#, status: 400, pointer: "/rows", detail: "array of rows"),
    .init(body: #"{"rows":[],"rows":[]}"#, status: 400, pointer: "/rows", detail: "twice"),
    .init(body: #"{"rows":[[0,1,0],7]}"#, status: 400, pointer: "/rows/1", detail: "rows[1]"),
    .init(body: #"{"rows":[{"v0":1,"v0":1}]}"#, status: 400, pointer: "/rows/0/v0", detail: "twice"),
    .init(body: #"{"rows":[],"explian":1}"#, status: 400, pointer: "/explian", detail: "did you mean 'explain'?"),
    .init(body: #"{"rows":[],"a/b~c":1}"#, status: 400, pointer: "/a~1b~0c", detail: "not a field"),
    .init(body: #"{"rows":[],"explain":"2"}"#, status: 400, pointer: "/explain", detail: "a whole number"),
    .init(body: #"{"rows":[],"per_variable":1}"#, status: 400, pointer: "/per_variable", detail: "true or false"),
    .init(body: #"{"rows":[],"alpha":[]}"#, status: 400, pointer: "/alpha", detail: "a number"),
    .init(body: #"{"rows":[],"on_error":1}"#, status: 400, pointer: "/on_error", detail: "a string"),
    .init(headers: ["X-Timeout-Ms: soon"], body: #"{"rows":[]}"#, status: 400, detail: "X-Timeout-Ms"),
    // 422: well-formed, but not of this model.
    .init(body: #"{"rows":[[0,1,0],[0,1]]}"#, status: 422, pointer: "/rows/1", detail: "3 variables, the row 2"),
    .init(body: #"{"rows":[{"w0":1}]}"#, status: 422, pointer: "/rows/0/w0", detail: "did you mean 'v0'?"),
    .init(body: #"{"rows":[[0,1,"1"]]}"#, status: 422, pointer: "/rows/0/2", detail: "rows[0].v2"),
    .init(body: #"{"rows":[[0,1,[]]]}"#, status: 422, pointer: "/rows/0/2", detail: "an array"),
    .init(body: #"{"rows":[[0,1,2]]}"#, status: 422, pointer: "/rows/0/2", detail: "(0, 1)"),
    .init(body: #"{"rows":[[0,1,1e999]]}"#, status: 422, pointer: "/rows/0/2", detail: "out of range"),
    .init(body: #"{"rows":[[0,null,1]]}"#, status: 422, pointer: "/rows/0/1", detail: "missing"),
    .init(body: #"{"rows":[{"v0":1,"v2":1}]}"#, status: 422, pointer: "/rows/0/v1", detail: "missing"),
    .init(body: #"{"rows":[],"explain":4}"#, status: 422, pointer: "/explain", detail: "0 to 3"),
    .init(body: #"{"rows":[],"explain":-1}"#, status: 422, pointer: "/explain", detail: "0 to 3"),
    .init(body: #"{"rows":[],"alpha":0.1}"#, status: 422, pointer: "/alpha", detail: "no calibration"),
    .init(body: #"{"rows":[],"particles":0}"#, status: 422, pointer: "/particles", detail: "1 to 65536"),
    .init(body: #"{"rows":[],"on_error":"skip"}"#, status: 422, pointer: "/on_error", detail: "\"row\""),
    // Conditionals.
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"variables":["v3"]}"#, status: 422, pointer: "/variables/0",
        detail: "not a variable"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"variables":"v1"}"#, status: 400, pointer: "/variables",
        detail: "an array"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"variables":[1]}"#, status: 400, pointer: "/variables",
        detail: "an array of strings"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"member":1}"#, status: 422, pointer: "/member",
        detail: "members 0 to 0"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"explain":1}"#, status: 400, pointer: "/explain",
        detail: "not a field"),
    .init(path: "/conditionals", body: #"{"rows":[[0,1]]}"#, status: 422, pointer: "/rows/0", detail: "3 variables"),
    // Samples.
    .init(path: "/sample", body: #"{"n":0}"#, status: 422, pointer: "/n", detail: "1 to 100"),
    .init(path: "/sample", body: #"{"n":101}"#, status: 422, pointer: "/n", detail: "1 to 100"),
    .init(path: "/sample", body: #"{"n":1.5}"#, status: 400, pointer: "/n", detail: "'n'"),
    .init(path: "/sample", body: #"{"seed":-1}"#, status: 400, pointer: "/seed", detail: "'seed'"),
    .init(path: "/sample", body: #"{"temperature":0}"#, status: 422, pointer: "/temperature", detail: "0.001"),
    .init(path: "/sample", body: #"{"as":"tables"}"#, status: 422, pointer: "/as", detail: "\"arrays\""),
    .init(path: "/sample", body: #"{"given":{"v7":1}}"#, status: 422, pointer: "/given/v7", detail: "not a variable"),
    .init(path: "/sample", body: #"{"given":{"v1":3}}"#, status: 422, pointer: "/given/v1", detail: "given.v1"),
    .init(path: "/sample", body: #"{"give":{}}"#, status: 400, pointer: "/give", detail: "did you mean 'given'?"),
    .init(method: "GET", path: "/sample?n=x", status: 400, detail: "a whole number"),
    .init(method: "GET", path: "/sample?n=1000", status: 422, detail: "1 to 100"),
    .init(method: "GET", path: "/sample?sead=1", status: 400, detail: "did you mean 'seed'?"),
    .init(method: "GET", path: "/sample?format=xml", status: 400, detail: "ndjson"),
    // 404 and 405.
    .init(method: "GET", path: "/nothing", status: 404, detail: "/nothing"),
    .init(method: "GET", path: "/models/modle", status: 404, detail: "did you mean 'model'?"),
    .init(path: "/models/other/score", body: #"{"rows":[]}"#, status: 404, detail: "other"),
    .init(method: "GET", path: "/models/model/score/x", status: 404, detail: "there is nothing"),
    .init(method: "GET", status: 405, detail: "POST", allow: "POST"),
    .init(method: "HEAD", path: "/conditionals", status: 405, detail: "POST", allow: "POST"),
    .init(path: "/models", body: "{}", status: 405, detail: "GET", allow: "GET, HEAD"),
    .init(path: "/", body: "{}", status: 405, detail: "GET", allow: "GET, HEAD"),
    .init(method: "DELETE", path: "/sample", status: 405, detail: "not served", allow: "GET, HEAD, POST"),
    // 406 and 415.
    .init(headers: ["Accept: image/png"], body: #"{"rows":[]}"#, status: 406, detail: "application/json"),
    .init(headers: ["Accept: application/json;q=0, */*;q=0"], body: #"{"rows":[]}"#, status: 406, detail: "takes none"),
    .init(method: "GET", path: "/sample", headers: ["Accept: image/png"], status: 406, detail: "text/csv"),
    .init(method: "GET", path: "/models", headers: ["Accept: text/html"], status: 406, detail: "application/json"),
    .init(method: "GET", path: "/", headers: ["Accept: application/json"], status: 406, detail: "text/html"),
    .init(
        headers: ["Accept: text/csv"], body: #"{"rows":[],"explain":1}"#, status: 406,
        detail: "Accept: application/json"),
    .init(headers: ["Content-Type: text/plain"], body: "v0,v1,v2\n0,1,0\n", status: 415, detail: "application/json"),
    .init(
        path: "/conditionals", headers: ["Content-Type: application/x-ndjson"], body: "[0,1,0]\n", status: 415,
        detail: "application/json"),
    .init(headers: ["Content-Type: application/json; charset=utf-16"], body: "{}", status: 415, detail: "UTF-8"),
    // 413: more rows than may wait, and a body over the limit.
    .init(
        body: "{\"rows\":[" + [String](repeating: "{}", count: 201).joined(separator: ",") + "]}", status: 413,
        pointer: "/rows", detail: "200 rows"),
    .init(body: String(repeating: " ", count: 70_000), status: 413, detail: "65536"),
]

@Test func everyRefusalSaysWhatIsWrongAndWhere() throws {
    let service = try TestService([randomModel("model", variables: 3)]) { options in
        options.queueRowsMax = 200
        options.sampleRowsMax = 100
        options.bodyBytesMax = 65536
    }
    for refused in refusals {
        let comment = Comment(rawValue: refused.testDescription)
        let response = try service.client()(
            refused.method, refused.path, headers: refused.headers + ["X-Request-ID: q1"], body: refused.body)
        #expect(response.status == refused.status, comment)
        #expect(response.header("Content-Type") == "application/problem+json", comment)
        #expect(response.header("X-Request-ID") == "q1", comment)
        #expect(response.header("Allow") == refused.allow, comment)
        if refused.method == "HEAD" { continue }
        let problem = try response.decode(ProblemReply.self)
        #expect(problem.status == refused.status && problem.type == "about:blank", comment)
        #expect(problem.title == Problem.title(of: refused.status) && problem.title != "Error", comment)
        #expect(problem.pointer == refused.pointer, comment)
        #expect(problem.detail.contains(refused.detail), "\(refused.testDescription): \(problem.detail)")
        #expect(problem.requestId == "q1", comment)
        #expect(!problem.detail.contains("byte -"), comment)
    }
}

@Test func aBodyThatIsNotUTF8IsRefused() throws {
    let service = try TestService([randomModel("m", variables: 3)])
    let client = try service.client()
    try client.send("POST", "/score", body: Array(#"{"rows":[],"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
    let response = try client.receive()
    #expect(response.status == 400)
    #expect(try response.decode(ProblemReply.self).detail.contains("not UTF-8 at byte 16"))
}
