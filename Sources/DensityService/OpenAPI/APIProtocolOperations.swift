internal import Microhttpd

extension APIOperation {
    private static let scoring = [404, 406, 422]

    private static func read(_ summary: String, _ schema: String, problems: [Int] = []) -> APIOperation {
        APIOperation(
            summary: summary,
            answers: [Answer(description: "It is so.", content: [("application/json", schema, nil)])],
            problems: problems)
    }

    static let invocations = APIOperation(
        summary: "SageMaker's: as /score, or as KServe's :predict.",
        description: """
            CSV has a header where its first cell is the name of a variable, or the type says 'header=present'; without one \
            each line has the values in the model's order, and the answer has no header either.
            """, body: "Invocation", lineBodies: ["text/csv", "application/jsonlines"],
        examples: [("one_instance", APIExample.predictRequest)],
        answers: [
            Answer(
                description: "Scored.", headers: ["Server-Timing"],
                content: [
                    ("application/json", "InvocationAnswer", APIExample.predictions), ("text/csv", "Text", nil),
                    ("application/jsonlines", "Text", nil), ("application/x-ndjson", "Text", nil),
                ])
        ], problems: scoring)
    static let v1Models = read("KServe's first protocol: the models that are ready.", "ModelNames")
    static let v1Model = model(read("Whether a model is ready.", "Readiness"))
    static let v1Predict = APIOperation(
        summary: "Score instances.", body: "PredictRequest",
        examples: [("one_instance", APIExample.predictRequest)],
        answers: [
            Answer(
                description: "Scored.", headers: ["Server-Timing"],
                content: [("application/json", "Predictions", APIExample.predictions)])
        ], problems: scoring)
    static let v1Explain = APIOperation(
        summary: "Score instances, and say of each column what the row would gain if it were right.",
        body: "PredictRequest",
        examples: [("one_instance", APIExample.predictRequest)],
        answers: [
            Answer(
                description: "Scored.", headers: ["Server-Timing"],
                content: [("application/json", "Predictions", nil)])
        ], problems: scoring)

    static let v2Server = read("The Open Inference Protocol: this server.", "Server")
    static let v2Live = read("Whether the process can answer.", "ServerHealth")
    static let v2Ready = APIOperation(
        summary: "Whether requests can be answered.",
        answers: [
            Answer(description: "They can.", content: [("application/json", "ServerHealth", nil)]),
            Answer(
                status: 503, description: "They cannot.", headers: ["Retry-After"],
                content: [("application/json", "ServerHealth", nil), ("application/problem+json", "Problem", nil)]),
        ])
    static let v2Model = model(read("The tensors that a model takes and gives.", "ModelMetadata"))
    static let v2ModelReady = model(read("Whether a model is ready.", "Readiness"))
    static let v2Statistics = model(
        read("What a model has done, a version each, since it was first loaded.", "Statistics"))
    static let v2Config = model(
        read("The same as Triton's clients ask for it, as far as there is an answer.", "ModelConfiguration"))
    static let v2Infer = APIOperation(
        summary: "Score rows: one tensor of all of them, or a tensor a column.",
        description: """
            Fields that the protocol has not got are passed over, and a bare NaN, which is no JSON, is null. With the header field Inference-Header-Content-Length raw \
            tensors follow the JSON.
            """,
        body: "InferRequest", examples: [("one_row", APIExample.inferRequest)],
        answers: [
            Answer(
                description: "The outputs that were asked for.", headers: ["Server-Timing"],
                content: [
                    ("application/json", "InferAnswer", APIExample.inferAnswer),
                    ("application/octet-stream", "Text", nil),
                ])
        ], problems: scoring)
    static let v2Index = APIOperation(
        summary: "The models and their states.", body: "IndexRequest", isBodyRequired: false,
        examples: [("ready_ones", #"{"ready": true}"#)],
        answers: [Answer(description: "All of them.", content: [("application/json", "Index", nil)])])
    static let v2Load = change("Read a model's files again and serve what they hold now.")
    static let v2Unload = change("Take a model out of service.")

    private static func change(_ summary: String) -> APIOperation {
        APIOperation(
            summary: summary, description: "Where no keys are configured, from the service's own machine only.",
            body: "RepositoryRequest",
            isBodyRequired: false, examples: [("plain", "{}")],
            answers: [Answer(description: "Done.", content: [("application/json", "Empty", "{}")])],
            problems: [404, 422])
    }

    private static func model(_ operation: APIOperation) -> APIOperation {
        var operation = operation
        operation.problems = [404]
        return operation
    }
}
