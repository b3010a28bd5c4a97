import Testing

@testable import DensityService

private let ndjson = ["Content-Type: application/x-ndjson"]
private let csv = ["Content-Type: text/csv"]

/// Bodies of a row a line. A faulty line is no refusal: its answer is in its own line.
let bulkRefusals: [Refused] = [
    .init(headers: csv, body: "\"v0", status: 400, detail: "no CSV (RFC 4180)"),
    .init(headers: csv, body: "v0,v0,v1\n", status: 400, detail: "\"v0\" twice"),
    .init(headers: csv, body: "v0,vl,v2\n", status: 422, detail: "did you mean 'v0'?"),
    .init(headers: csv, body: "v0,v1\n0,1\n", status: 422, detail: "lacks \"v2\""),
    .init(
        headers: csv, body: "v0,zip,v1,v2\n", status: 422,
        detail: "\"zip\" is none of the model's; ignore_unknown passes over"),
    .init(path: "/score?keep=", headers: csv, body: "v0,v1,v2\n", status: 422, detail: "'keep' must name columns"),
    .init(path: "/score?keep=,", headers: ndjson, body: "[0,1,0]", status: 422, detail: "separated by commas"),
    .init(
        path: "/score?keep=v0", headers: csv + ["Accept: application/json"], body: "v0,v1,v2\n", status: 406,
        detail: "an answer of lines"),
    .init(path: "/score?unseen=no", headers: csv, body: "v0\n", status: 422, detail: "\"score\" or \"refuse\""),
    .init(path: "/score?ignore_unknown=2", headers: csv, body: "v0\n", status: 400, detail: "true or false"),
    .init(
        path: "/score?ignore_unknown=true", headers: csv, body: "v0,zip,v1\n", status: 422, detail: "lacks \"v2\""),
    .init(headers: ndjson + ["X-Timeout-Ms: soon"], body: "[0,1,0]", status: 400, detail: "X-Timeout-Ms"),
    .init(path: "/score?alpha=x", headers: ndjson, body: "[0,1,0]", status: 400, detail: "'alpha' is \"x\""),
    .init(path: "/score?alpha=0.1", headers: ndjson, body: "[0,1,0]", status: 422, detail: "no calibration"),
    .init(
        path: "/models/calibrated/score?alpha=0.001", headers: csv, body: "v0", status: 422,
        detail: "199 calibration rows"),
    .init(path: "/models/calibrated/score?alpha=2", body: #"{"rows":[]}"#, status: 422, detail: "between that and 1"),
    .init(
        path: "/score?alpha=1&alpha=1", headers: ndjson, body: "[0,1,0]", status: 400, detail: "'alpha' occurs twice"),
    .init(
        path: "/invocations", headers: csv + ["Accept: image/png"], body: "0,1,0", status: 406,
        detail: "application/json"),
    .init(
        path: "/invocations", headers: ["Content-Type: text/csv; charset=latin1"], body: "0", status: 415,
        detail: "send UTF-8"),
    .init(path: "/score?particles=2", headers: ndjson, body: "[0,1,0]", status: 400, detail: "not a parameter"),
    .init(path: "/models/modl/score", headers: csv, body: "v0\n", status: 404, detail: "did you mean 'model'?"),
    .init(method: "PUT", headers: csv, body: "v0\n", status: 405, detail: "use POST", allow: "POST"),
    .init(headers: ndjson + ["Accept: image/png"], body: "[0,1,0]", status: 406, detail: "application/x-ndjson"),
    .init(headers: ndjson, body: String(repeating: " ", count: 70_000), status: 413, detail: "limit of 65536 bytes"),
    .init(headers: ndjson, body: String(repeating: "[0,1,0]\n", count: 300), status: 413, detail: "2048 bytes"),
    .init(headers: ["Content-Type: text/csv; charset=utf-16"], body: "v0", status: 415, detail: "send UTF-8"),
    .init(headers: ["Content-Type: text/csv; Charset = \"latin1\""], body: "v0", status: 415, detail: "\"latin1\""),
    .init(headers: ["Content-Type: text/csv; header=no"], body: "v0", status: 400, detail: "present or absent"),
    .init(headers: ["Content-Type: text/csv;header=\"ab;sent\""], body: "v0", status: 400, detail: "\"ab;sent\""),
    .init(headers: csv + ["Content-Encoding: br"], body: "v0", status: 415, detail: "as gzip or zstd"),
    .init(headers: csv + ["Content-Encoding: gzip"], body: "v0", status: 400, detail: "corrupt at byte"),
]
