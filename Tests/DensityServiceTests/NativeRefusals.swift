import Testing

@testable import DensityService

/// Bodies and queries of the native routes.
let nativeRefusals: [Refused] = [
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
    .init(body: #"{"rows":[],"model":1}"#, status: 400, pointer: "/model", detail: "a string"),
    // 422: well-formed, but not of this model.
    .init(body: #"{"rows":[],"model":"n"}"#, status: 422, pointer: "/model", detail: "has model \"model\""),
    .init(body: #"{"rows":[],"version":"2"}"#, status: 422, pointer: "/version", detail: "leave 'version' out"),
    .init(body: #"{"rows":[[0,1,0],[0,1]]}"#, status: 422, pointer: "/rows/1", detail: "3 columns, the row 2"),
    .init(body: #"{"rows":[{"w0":1}]}"#, status: 422, pointer: "/rows/0/w0", detail: "did you mean 'v0'?"),
    .init(body: #"{"rows":[[0,1,"one"]]}"#, status: 422, pointer: "/rows/0/2", detail: "rows[0].v2"),
    .init(body: #"{"rows":[[0,1,[]]]}"#, status: 422, pointer: "/rows/0/2", detail: "an array"),
    .init(body: #"{"rows":[[0,1,2]]}"#, status: 422, pointer: "/rows/0/2", detail: "(0, 1)"),
    .init(body: #"{"rows":[[0,1,1e999]]}"#, status: 422, pointer: "/rows/0/2", detail: "out of range"),
    .init(body: #"{"rows":[],"explain":4}"#, status: 422, pointer: "/explain", detail: "0 to 3"),
    .init(body: #"{"rows":[],"explain":-1}"#, status: 422, pointer: "/explain", detail: "0 to 3"),
    .init(body: #"{"rows":[],"alpha":0.1}"#, status: 422, pointer: "/alpha", detail: "no calibration"),
    .init(body: #"{"rows":[],"particles":0}"#, status: 422, pointer: "/particles", detail: "1 to 65536"),
    .init(body: #"{"rows":[],"on_error":"skip"}"#, status: 422, pointer: "/on_error", detail: "\"row\""),
    .init(body: #"{"rows":[],"unseen":"skip"}"#, status: 422, pointer: "/unseen", detail: "\"score\" or \"refuse\""),
    .init(body: #"{"rows":[],"unseen":false}"#, status: 400, pointer: "/unseen", detail: "a string"),
    .init(body: #"{"rows":[],"ignore_unknown":"yes"}"#, status: 400, pointer: "/ignore_unknown", detail: "true or"),
    .init(path: "/score?unseen=skip", body: #"{"rows":[]}"#, status: 422, detail: "'unseen' is \"skip\""),
    .init(path: "/score?ignore_unknown=yes", body: #"{"rows":[]}"#, status: 400, detail: "must be true or false"),
    .init(
        path: "/score?ignore_unknown=1&unseen=score", body: #"{"rows":[{"w0":1}],"ignore_unknown":false}"#, status: 422,
        pointer: "/rows/0/w0", detail: "did you mean 'v0'?"),
    .init(path: "/score?keep=v0", body: #"{"rows":[]}"#, status: 422, detail: "CSV or NDJSON"),
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
    .init(path: "/conditionals", body: #"{"rows":[[0,1]]}"#, status: 422, pointer: "/rows/0", detail: "3 columns"),
    // Samples.
    .init(path: "/sample", body: #"{"n":0}"#, status: 422, pointer: "/n", detail: "1 to 100"),
    .init(path: "/sample", body: #"{"n":101}"#, status: 422, pointer: "/n", detail: "1 to 100"),
    .init(path: "/sample", body: #"{"n":1.5}"#, status: 400, pointer: "/n", detail: "'n'"),
    .init(path: "/sample", body: #"{"seed":-1}"#, status: 400, pointer: "/seed", detail: "'seed'"),
    .init(path: "/sample", body: #"{"temperature":0}"#, status: 422, pointer: "/temperature", detail: "0.001"),
    .init(path: "/sample", body: #"{"as":"tables"}"#, status: 422, pointer: "/as", detail: "\"arrays\""),
    .init(
        path: "/sample", body: #"{"given":{"v7":1}}"#, status: 422, pointer: "/given/v7",
        detail: "\"v7\" is not a column"),
    .init(path: "/sample", body: #"{"given":{"v1":3}}"#, status: 422, pointer: "/given/v1", detail: "given.v1"),
    .init(path: "/sample", body: #"{"give":{}}"#, status: 400, pointer: "/give", detail: "did you mean 'given'?"),
    .init(method: "GET", path: "/sample?n=x", status: 400, detail: "a whole number"),
    .init(method: "GET", path: "/sample?n=1000", status: 422, detail: "1 to 100"),
    .init(method: "GET", path: "/sample?sead=1", status: 400, detail: "did you mean 'seed'?"),
    .init(method: "GET", path: "/sample?format=xml", status: 400, detail: "ndjson"),
    .init(body: #"{"rows":[],"particles":1.5}"#, status: 400, pointer: "/particles", detail: "a whole number"),
    .init(body: #"{"rows":[],"seed":-1}"#, status: 400, pointer: "/seed", detail: "below 2^64"),
    .init(body: #"{"rows":[],"seed":"7"}"#, status: 400, pointer: "/seed", detail: "below 2^64"),
    .init(body: #"{"rows":[],"alpha":1e999}"#, status: 400, pointer: "/alpha", detail: "a number"),
    .init(
        body: #"{"rows":[],"explain":99999999999999999999}"#, status: 400, pointer: "/explain", detail: "whole number"),
    .init(
        body: "{\"v0\":1}\n{\"v0\":0}\n", status: 400,
        detail: "something follows the JSON object at byte 9; lines of CSV or NDJSON go to /score, with Content-Type: "
            + "text/csv or application/x-ndjson"),
    .init(body: "v0,v1,v2\n0,1,0\n", status: 400, detail: "Content-Type: text/csv or application/x-ndjson"),
    .init(body: #"{"rows":[]} {}"#, status: 400, detail: "something follows"),
    .init(body: #"{"rows":[NaN]}"#, status: 400, detail: "not JSON"),
    .init(body: #"{"rows":[[0,1,NaN]]}"#, status: 400, detail: "not JSON"),
    .init(body: #"{"rows":{"v0":1}}"#, status: 400, pointer: "/rows", detail: "array of rows"),
    .init(body: #"{"rows":null}"#, status: 400, pointer: "/rows", detail: "array of rows"),
    .init(
        body: "{\"rows\":[" + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "]}",
        status: 400, detail: "nested more than 64 deep"),
    .init(
        body: "{" + (0..<70).map { "\"f\($0)\":1" }.joined(separator: ",") + "}", status: 400, pointer: "",
        detail: "more than 64 fields"),
    .init(headers: ["X-Timeout-Ms: 0"], body: #"{"rows":[]}"#, status: 400, detail: "1 to 3600000"),
    .init(headers: ["X-Timeout-Ms: +5"], body: #"{"rows":[]}"#, status: 400, detail: "1 to 3600000"),
    .init(headers: ["X-Timeout-Ms: 3600001"], body: #"{"rows":[]}"#, status: 400, detail: "1 to 3600000"),
    .init(path: "/score?alhpa=1", body: #"{"rows":[]}"#, status: 400, detail: "did you mean 'alpha'?"),
    .init(
        path: "/models/calibrated/score", body: #"{"rows":[],"alpha":0.004}"#, status: 422, pointer: "/alpha",
        detail: "199 calibration rows"),
    .init(
        path: "/models/calibrated/score", body: #"{"rows":[],"alpha":1.5}"#, status: 422, pointer: "/alpha",
        detail: "between that and 1"),
    .init(body: #"{"rows":[],"particles":65537}"#, status: 422, pointer: "/particles", detail: "1 to 65536"),
    .init(body: #"{"rows":[{"v0":1,"v1":0,"v2":"x"}]}"#, status: 422, pointer: "/rows/0/v2", detail: "rows[0].v2"),
    .init(body: #"{"rows":[{"v0":1,"v1":{},"v2":1}]}"#, status: 422, pointer: "/rows/0/v1", detail: "an object"),
    .init(path: "/conditionals", body: "", status: 400, detail: "empty"),
    .init(path: "/conditionals", body: "{}", status: 400, pointer: "", detail: "'rows' is missing"),
    .init(path: "/conditionals", body: #"{"rows":7}"#, status: 400, pointer: "/rows", detail: "array of rows"),
    .init(path: "/conditionals", body: #"{"rows":[[0,1,7]]}"#, status: 422, pointer: "/rows/0/2", detail: "v2"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"member":"0"}"#, status: 400, pointer: "/member",
        detail: "a whole number"),
    .init(
        path: "/conditionals", body: #"{"rows":[[0,1,0]],"member":-1}"#, status: 422, pointer: "/member",
        detail: "members 0 to 0"),
    .init(path: "/conditionals?n=1", body: #"{"rows":[]}"#, status: 400, detail: "not a parameter"),
    .init(path: "/sample", body: "", status: 400, detail: "empty; send a JSON object"),
    .init(path: "/sample", body: "[]", status: 400, pointer: "", detail: "must be a JSON object"),
    .init(path: "/sample", body: #"{"n":"3"}"#, status: 400, pointer: "/n", detail: "a whole number"),
    .init(path: "/sample", body: #"{"seed":18446744073709551616}"#, status: 400, pointer: "/seed", detail: "2^64"),
    .init(path: "/sample", body: #"{"temperature":"1"}"#, status: 400, pointer: "/temperature", detail: "a number"),
    .init(
        path: "/sample", body: #"{"temperature":1001}"#, status: 422, pointer: "/temperature", detail: "0.001 to 1000"),
    .init(path: "/sample", body: #"{"as":1}"#, status: 400, pointer: "/as", detail: "a string"),
    .init(path: "/sample", body: #"{"given":7}"#, status: 400, pointer: "/given", detail: "a row is"),
    .init(path: "/sample", body: #"{"given":[1]}"#, status: 422, pointer: "/given", detail: "3 columns, the row 1"),
    .init(path: "/sample", body: #"{"given":[1,0,"x"]}"#, status: 422, pointer: "/given/2", detail: "given.v2"),
    .init(path: "/sample", headers: ["Content-Type: text/csv"], body: "n\n1\n", status: 415, detail: "text/csv"),
    .init(path: "/sample", headers: ["Accept: text/html"], body: "{}", status: 406, detail: "application/x-ndjson"),
    .init(method: "GET", path: "/sample?n=-1", status: 422, detail: "1 to 100"),
    .init(method: "GET", path: "/sample?n=1&n=2", status: 400, detail: "'n' occurs twice"),
    .init(method: "GET", path: "/sample?seed=-1", status: 400, detail: "below 2^64"),
    .init(method: "GET", path: "/sample?temperature=0x1p0", status: 400, detail: "a number"),
    .init(method: "GET", path: "/sample?temperature=nan", status: 400, detail: "a number"),
    .init(method: "GET", path: "/sample?temperature=0", status: 422, detail: "0.001 to 1000"),
    .init(method: "GET", path: "/sample?as=tables", status: 422, detail: "arrays"),
    .init(method: "GET", path: "/sample", headers: ["X-Timeout-Ms: x"], status: 400, detail: "X-Timeout-Ms"),
    // A reload.
    .init(path: "/models/model/reload", body: "x", status: 400, detail: "not JSON"),
    .init(path: "/models/model/reload", body: "[]", status: 400, pointer: "", detail: "must be a JSON object"),
    .init(
        path: "/models/model/reload", body: #"{"force":true}"#, status: 400, pointer: "/force", detail: "not a field"),
    .init(path: "/models/model/reload?force=1", body: "", status: 400, detail: "not a parameter"),
    .init(
        path: "/models/model/reload", headers: ["Content-Type: text/plain"], body: "x", status: 415,
        detail: "text/plain"),
    .init(path: "/models/moddel/reload", body: "", status: 404, detail: "did you mean 'model'?"),
]
