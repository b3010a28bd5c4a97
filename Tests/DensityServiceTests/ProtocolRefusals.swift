import Testing

@testable import DensityService

/// The routes of the inference protocols but `infer`.
let protocolRefusals: [Refused] = [
    // Paths, methods, versions.
    .init(method: "GET", path: "/v2/models/modle", status: 404, detail: "did you mean 'model'?"),
    .init(method: "GET", path: "/v2/models/model/versions/2", status: 404, detail: "no version \"2\""),
    .init(method: "GET", path: "/v2/models/model/versions/2/ready", status: 404, detail: "it has \"1\""),
    .init(path: "/v2/models/model/versions/2/infer", body: "{}", status: 404, detail: "no version"),
    .init(method: "GET", path: "/v2/models/modle/config", status: 404, detail: "did you mean 'model'?"),
    .init(method: "GET", path: "/v2/models/model/versions/2/config", status: 404, detail: "it has \"1\""),
    .init(path: "/v2/models/model/config", body: "{}", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(
        method: "GET", path: "/v2/models/model/config", headers: ["X-Timeout-Ms: x"], status: 400,
        detail: "X-Timeout-Ms"),
    .init(method: "GET", path: "/v2/models//ready", status: 404, detail: "there is nothing"),
    .init(method: "GET", path: "/v2/nothing", status: 404, detail: "there is nothing"),
    .init(method: "GET", path: "/v2beta", status: 404, detail: "there is nothing"),
    .init(method: "GET", path: "/v1", status: 404, detail: "there is nothing"),
    .init(method: "GET", path: "/v1/models/modle", status: 404, detail: "did you mean 'model'?"),
    .init(path: "/v1/models/modle:predict", body: "{}", status: 404, detail: "did you mean 'model'?"),
    .init(method: "GET", path: "/v2/models/model/infer", status: 405, detail: "use POST", allow: "POST"),
    .init(path: "/v2/models/model", body: "{}", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(path: "/v2/models/model/stats", body: "{}", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(method: "DELETE", path: "/v2", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(path: "/v1/models/model:train", body: "{}", status: 405, detail: "use GET, HEAD", allow: "GET, HEAD"),
    .init(method: "GET", path: "/v2/repository/index", status: 405, detail: "use POST", allow: "POST"),
    .init(method: "GET", path: "/v2/models/model", headers: ["X-Timeout-Ms: x"], status: 400, detail: "X-Timeout-Ms"),
    // Prediction and explanation.
    .init(path: "/v1/models/model:predict", body: "", status: 400, detail: "empty"),
    .init(path: "/v1/models/model:predict", body: "[[0,1,0]]", status: 400, detail: #"such as {"instances""#),
    .init(path: "/v1/models/model:predict", body: "{}", status: 400, detail: "'instances' is missing"),
    .init(path: "/v1/models/model:predict", body: #"{"instances":1}"#, status: 400, detail: "array of rows"),
    .init(path: "/v1/models/model:predict", body: #"{"instances":[1]}"#, status: 400, detail: "instances[0]: a row is"),
    .init(
        path: "/v1/models/model:predict", body: #"{"rows":[[0,1,0]]}"#, status: 400, detail: "'instances' is missing"),
    .init(
        path: "/v1/models/model:predict", body: #"{"instances":[],"explain":1}"#, status: 400, detail: "not a field"),
    .init(
        path: "/v1/models/model:predict", body: #"{"instances":[],"alpha":0.1}"#, status: 422,
        detail: "no calibration"),
    .init(
        path: "/v1/models/model:predict", body: #"{"instances":[],"mising":"unknown"}"#, status: 400,
        detail: "did you mean 'missing'?"),
    .init(
        path: "/v1/models/model:predict", body: #"{"instances":[],"parameters":{"missing":"guess"}}"#, status: 422,
        detail: "must be \"outcome\" or \"unknown\""),
    // Of the query nothing is passed over.
    .init(
        path: "/v1/models/model:predict?mising=unknown", body: #"{"instances":[]}"#, status: 400,
        detail: "did you mean 'missing'?"),
    .init(
        path: "/v1/models/model:explain?explain=1", body: #"{"instances":[]}"#, status: 400, detail: "not a parameter"),
    .init(
        path: "/v1/models/model:predict?missing=guess", body: #"{"instances":[]}"#, status: 422,
        detail: "must be \"outcome\" or \"unknown\""),
    .init(
        path: "/v2/models/model/infer?keep=id", body: #"{"inputs":[]}"#, status: 400, detail: "not a parameter"),
    .init(
        path: "/v2/models/model/versions/1/infer?unsen=refuse", body: #"{"inputs":[]}"#, status: 400,
        detail: "did you mean 'unseen'?"),
    .init(
        path: "/invocations?mising=unknown", body: #"{"rows":[]}"#, status: 400, detail: "did you mean 'missing'?"),
    .init(path: "/invocations?explain=1", body: #"{"instances":[]}"#, status: 400, detail: "not a parameter"),
    .init(
        path: "/invocations?mising=unknown", headers: ["Content-Type: text/csv"], body: "0,1,0\n", status: 400,
        detail: "did you mean 'missing'?"),
    .init(
        path: "/invocations", body: #"{"instances":[],"parameters":{"missing":7}}"#, status: 400,
        pointer: "/parameters/missing", detail: "a string"),
    .init(
        path: "/invocations", body: #"{"instances":[],"particles":0}"#, status: 422, pointer: "/particles",
        detail: "1 to 65536"),
    .init(path: "/v1/models/model:predict", body: #"{"instances":[[0,1]]}"#, status: 422, detail: "the row 2 values"),
    .init(path: "/v1/models/model:predict", body: #"{"instances":[{"v7":1}]}"#, status: 422, detail: "\"v7\""),
    .init(path: "/v1/models/model:predict", body: #"{"instances":[[0,1,2]]}"#, status: 422, detail: "instances[0].v2"),
    .init(path: "/v1/models/model:explain", body: #"{"instances":[[0,1,2]]}"#, status: 422, detail: "instances[0].v2"),
    .init(path: "/v1/models/model:explain", body: #"{"instances":[[0,"one",1]]}"#, status: 422, detail: "v1"),
    .init(
        path: "/v1/models/model:predict", headers: ["Accept: text/csv"], body: #"{"instances":[]}"#, status: 406,
        detail: "application/json"),
    .init(
        path: "/v1/models/model:predict", headers: ["Content-Type: text/csv"], body: "0,1,0\n", status: 415,
        detail: "text/csv"),
    .init(
        path: "/v1/models/model:predict",
        body: "{\"instances\":[" + [String](repeating: "{}", count: 201).joined(separator: ",") + "]}", status: 413,
        detail: "200 rows"),
    // SageMaker's; its errors are problem documents.
    .init(path: "/invocations", body: "", status: 400, detail: "empty"),
    .init(path: "/invocations", body: "{}", status: 400, pointer: "", detail: "'rows' is missing"),
    .init(
        path: "/invocations", body: #"{"rows":[],"instances":[]}"#, status: 400, pointer: "/instances",
        detail: "not a field"),
    .init(
        path: "/invocations", body: #" { "instances" : [], "rows" : [] }"#, status: 400, pointer: "/rows",
        detail: "not a field"),
    .init(
        path: "/invocations", body: #"{"instances":[[0,1,2]]}"#, status: 422, pointer: "/instances/0/2",
        detail: "instances[0].v2"),
    .init(path: "/invocations", body: #"{"rows":[[0,1]]}"#, status: 422, pointer: "/rows/0", detail: "3 columns"),
    .init(path: "/invocations", headers: ["Content-Type: text/plain"], body: "x", status: 415, detail: "text/plain"),
    .init(path: "/invocations", headers: ["Accept: image/png"], body: #"{"rows":[]}"#, status: 406, detail: "text/csv"),
    .init(method: "GET", path: "/invocations", status: 405, detail: "use POST", allow: "POST"),
    // The repository.
    .init(path: "/v2/repository/index", body: "x", status: 400, detail: "not JSON"),
    .init(path: "/v2/repository/index", body: "[]", status: 400, detail: "must be a JSON object"),
    .init(path: "/v2/repository/index", body: #"{"ready":1}"#, status: 400, detail: "true or false"),
    .init(path: "/v2/repository/index", body: #"{"raedy":true}"#, status: 400, detail: "did you mean 'ready'?"),
    .init(
        path: "/v2/repository/index", headers: ["Content-Type: text/plain"], body: "{}", status: 415,
        detail: "text/plain"),
    .init(path: "/v2/repository/models/n/load", body: "", status: 404, detail: "no model is called \"n\""),
    .init(path: "/v2/repository/models/n/unload", body: "", status: 404, detail: "no model is called \"n\""),
    .init(path: "/v2/repository/models/model/load", body: "[]", status: 400, detail: "must be a JSON object"),
    .init(path: "/v2/repository/models/model/unload", body: #"{"x":1}"#, status: 400, detail: "not a field"),
]
