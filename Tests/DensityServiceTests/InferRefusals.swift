import Testing

@testable import DensityService

private let infer = "/v2/models/six/infer"

private func request(_ data: String, shape: String = "[5,6]", _ more: String = "") -> String {
    "{\"inputs\":[{\"name\":\"rows\",\"shape\":\(shape),\"datatype\":\"FP32\",\"data\":\(data)}]\(more)}"
}

/// One row, a tensor a variable, of which the last is as it is told; `isTwice`: it is there twice.
private func columns(
    last name: String? = "v5", type: String = "INT64", shape: String = "[1]", data: String = "[1]",
    isTwice: Bool = false
) -> String {
    func tensor(_ name: String, _ type: String, _ shape: String, _ data: String) -> String {
        #"{"name":"\#(name)","datatype":"\#(type)","shape":\#(shape),"data":\#(data)}"#
    }
    let first = (0..<5).map { tensor("v\($0)", "INT64", "[1]", "[1]") }
    let last = name.map { [String](repeating: tensor($0, type, shape, data), count: isTwice ? 2 : 1) } ?? []
    return "{\"inputs\":[\((first + last).joined(separator: ","))]}"
}

extension Refused {
    fileprivate static func bad(body: String, status: Int = 400, detail: String) -> Refused {
        Refused(path: infer, body: body, status: status, detail: detail)
    }
}

/// Inference requests in JSON; of six variables. Those with raw tensors are in InferTests.
let inferRefusals: [Refused] = [
    .bad(body: "", detail: "empty"),
    .bad(body: "{\"inputs\":[{]}", detail: "not JSON"),
    .bad(body: "{}", detail: "an array of tensors"),
    .bad(body: #"{"inputs":[]}"#, detail: "no tensor"),
    .bad(body: #"{"inputs":[7]}"#, detail: "must be an object"),
    .bad(body: #"{"inputs":{"name":"rows"}}"#, detail: "an array of tensors"),
    .bad(body: #"{"input":[]}"#, detail: "'inputs' must be"),
    .bad(body: request("[]", shape: "[0,6]", #","id":3"#), detail: "'id' must be a string"),
    .bad(body: request("[]", shape: "[0,6]", #","parameters":{"binary_data_output":"yes"}"#), detail: "true or false"),
    .bad(body: request("[]", shape: "[0,6]", #","outputs":[{"name":"density"}]"#), detail: "log_likelihood, surprisal"),
    .bad(body: request("[]", shape: "[0,6]", #","outputs":[{"name":"p_value"}]"#), detail: "not an output"),
    .bad(
        body: request("[]", shape: "[0,6]", #","outputs":[{"name":"surprisal"},{"name":"surprisal"}]"#), detail: "twice"
    ),
    .bad(body: #"{"inputs":[{"name":"x","shape":[0,6],"datatype":"BYTES","data":[]}]}"#, detail: "rows are numbers"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"BOOL","data":[]}]}"#, detail: "\"rows\" is BOOL"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"FP8","data":[]}]}"#, detail: "FP32, FP64, BYTES"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"fp32","data":[]}]}"#, detail: "must be one of"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"data":[]}]}"#, detail: "must be one of"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"FP32"}]}"#, detail: "neither"),
    .bad(body: #"{"inputs":[{"name":"rows","name":"rows"}]}"#, detail: "twice"),
    .bad(
        body:
            #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"FP32","data":[],"parameters":{"binary_data_size":0}}]}"#,
        detail: "both"),
    // Shapes that contradict themselves, their values, or all sense.
    .bad(body: request("[]", shape: "[]"), detail: "an array of whole numbers"),
    .bad(body: request("[0,1,0,1,0,1]", shape: "[6]"), detail: "'shape' must be"),
    .bad(body: request("[]", shape: "[-1,6]"), detail: "none below 0"),
    .bad(body: request("[]", shape: "[1.5,6]"), detail: "'shape' must be"),
    .bad(body: request("[]", shape: "[99999999999999999999,6]"), detail: "'shape' must be"),
    .bad(body: request("[]", shape: "[9223372036854775807,6]"), detail: "beyond all memory"),
    .bad(body: request("[]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("[0,1,0,1,0]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("[0,1,0,1,0,1,0]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("[[0,1,0,1,0],[1]]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("[0,1,0,[1,0,1]]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("[[0,1,0,1,0,1],[0,1,0,1,0,1]]", shape: "[1,6]"), detail: "fewer or more"),
    .bad(body: request("7", shape: "[1,6]"), detail: "must be an array"),
    .bad(body: request("[0,1,0,1]", shape: "[1,4]"), status: 422, detail: "6 columns"),
    .bad(body: request("[0,1,0,1,0,2]", shape: "[1,6]"), status: 422, detail: "\"rows\"[0].v5: \"2\""),
    .bad(body: request("[[0,1,0,1,0,1],[0,1,0.5,1,0,1]]", shape: "[2,6]"), status: 422, detail: "\"rows\"[1].v2"),
    .bad(body: request("[{\"v0\":1}]", shape: "[1,6]"), status: 422, detail: "\"rows\"[0].v0"),
    .bad(body: request("[]", shape: "[0,6]", #","parameters":7"#), detail: "an object"),
    .bad(body: request("[]", shape: "[0,6]", #","outputs":{}"#), detail: "array of objects"),
    .bad(body: request("[]", shape: "[0,6]", #","outputs":["p_value"]"#), detail: "array of objects"),
    .bad(body: request("[]", shape: "[0,6]", #","outputs":[{}]"#), detail: "with a 'name'"),
    .bad(
        body: request("[]", shape: "[0,6]", #","outputs":[{"name":"surprisal","parameters":{"binary_data":1}}]"#),
        detail: "true or false"),
    .bad(
        body: #"{"inputs":[{"name":7,"shape":[0,6],"datatype":"FP32","data":[]}]}"#, detail: "'name' must be a string"),
    .bad(
        body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":1,"data":[]}]}"#,
        detail: "'datatype' must be a string"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":7,"datatype":"FP32","data":[]}]}"#, detail: "'shape' must be"),
    .bad(body: #"{"inputs":[{"name":"rows","datatype":"FP32","data":[]}]}"#, detail: "the 'shape' of"),
    .bad(body: #"{"inputs":[{"name":"rows","shape":[0,6],"datatype":"FP32","date":[]}]}"#, detail: "mean 'data'?"),
    .bad(
        body: #"{"inputs":[{"name":"rows","shape":[1,6],"datatype":"FP32","parameters":{"binary_data_size":"24"}}]}"#,
        detail: "'binary_data_size' a whole number"),
    .bad(
        body: #"{"inputs":[{"name":"rows","shape":[1,6],"datatype":"FP32","parameters":{"binary_data_size":24}}]}"#,
        detail: "0 bytes follow"),
    .bad(body: request("[]", shape: "[0,6]") + " {}", detail: "something follows"),
    .init(
        path: infer, headers: ["Inference-Header-Content-Length: 999"], body: "{}", status: 400,
        detail: "Inference-Header-Content-Length"),
    .init(
        path: infer, headers: ["Inference-Header-Content-Length: 2"], body: "{}xyz", status: 400,
        detail: "an array of tensors"),
    // What follows the JSON does not close it.
    .init(
        path: infer, headers: ["Inference-Header-Content-Length: 9"], body: #"{"x":[[{}]]}]]}"#, status: 400,
        detail: "not closed"),
    .init(
        path: infer, headers: ["Inference-Header-Content-Length: 24"],
        body: #"{"inputs":[{"data":[[{}]}]}]]}}}}"#, status: 400, detail: "not closed"),
    .init(
        path: infer, headers: ["Inference-Header-Content-Length: 34"],
        body: #"{"inputs":[{"name":"x","data":[[{}]]]}]}"#, status: 400, detail: "not closed"),
    .init(path: infer, headers: ["Content-Type: text/csv"], body: "x", status: 415, detail: "text/csv"),
    .init(path: infer, headers: ["Accept: text/html"], body: "{}", status: 406, detail: "application/octet-stream"),
    .init(path: infer, headers: ["X-Timeout-Ms: 1s"], body: "{}", status: 400, detail: "X-Timeout-Ms"),
    // A tensor a column.
    .bad(body: columns(isTwice: true), detail: "two tensors named \"v5\""),
    .bad(body: columns(last: "v6"), status: 422, detail: "\"v6\" is not a column of the model; did you mean 'v0'?"),
    .bad(body: columns(last: nil), status: 422, detail: "lacks a tensor for the column 'v5'"),
    .bad(body: columns(shape: "[2]"), detail: "the shape of \"v5\" is [2]; a column of these 1 rows is [1] or [1, 1]"),
    .bad(body: columns(shape: "[1,2]", data: "[0,1]"), detail: "is [1] or [1, 1]"),
    .bad(body: columns(shape: "[1,1,1]"), detail: "is [1] or [1, 1]"),
    .bad(body: columns(shape: "[]"), detail: "the 'shape' of \"v5\""),
    .bad(body: columns(data: "[]"), detail: "'data' of \"v5\" holds 0 values, its shape says 1"),
    .bad(body: columns(data: "[0,1]"), detail: "holds 2 values"),
    .bad(body: columns(data: "[[0],[1]]"), detail: "holds 2 values"),
    .bad(body: columns(data: "[[0,1]]"), detail: "\"v5\"[0] is a list of 2 values"),
    .bad(body: columns(data: "[[]]"), detail: "\"v5\"[0] is a list of 0 values"),
    .bad(body: columns(data: "7"), detail: "must be an array"),
    .bad(body: columns(data: "[2]"), status: 422, detail: "\"v5\"[0].v5: \"2\" is not a value of a binary variable"),
    .bad(body: columns(data: "[\"x\"]"), status: 422, detail: "\"v5\"[0].v5"),
    .bad(body: columns(data: "[{}]"), status: 422, detail: "an object"),
    .bad(body: columns(type: "INT128"), detail: "must be one of"),
]
