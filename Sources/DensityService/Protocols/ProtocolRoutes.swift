internal import MADERows
internal import Microhttpd

extension Route {
    /// The routes of other servers' protocols: SageMaker's containers, KServe's first and the Open Inference Protocol.
    static let protocols = [invocations] + v1 + v2Server + v2Models + v2Repository

    private static let invocations = Route(
        // What SageMaker sends of a table has no header, as a rule.
        paths: ["/invocations"], queryNames: ScoreOptions.queryNames, body: .lines(header: .guessed), computes: true,
        scores: true,
        operations: [.post: .invocations],
        handler: .model { handler, call, model throws(Problem) in try handler.invocations(call, model) })

    private static let v1 = [
        Route(
            paths: ["/v1/models"], errors: .inference, operations: [.get: .v1Models],
            handler: .service { handler, call in handler.v1Models(call) }),
        Route(
            paths: ["/v1/models/{model}"], errors: .inference, operations: [.get: .v1Model],
            handler: .model { handler, call, model in handler.v1Model(call, model) }),
        Route(
            paths: ["/v1/models/{model}:predict"], queryNames: ScoreOptions.judgingQueryNames, errors: .inference,
            computes: true, scores: true,
            operations: [.post: .v1Predict],
            handler: .model { handler, call, model throws(Problem) in try handler.v1Predict(call, model) }),
        Route(
            paths: ["/v1/models/{model}:explain"], queryNames: ScoreOptions.judgingQueryNames, errors: .inference,
            computes: true, scores: true,
            operations: [.post: .v1Explain],
            handler: .model { handler, call, model throws(Problem) in try handler.v1Explain(call, model) }),
    ]

    private static let v2Server = [
        Route(
            paths: ["/v2"], aliases: ["/v2/"], errors: .inference, operations: [.get: .v2Server],
            handler: .service { handler, call in handler.v2Server(call) }),
        Route(
            paths: ["/v2/health/live"], requirement: .nothing, errors: .inference, operations: [.get: .v2Live],
            handler: .service { handler, call in handler.v2Live(call) }),
        Route(
            paths: ["/v2/health/ready"], requirement: .nothing, errors: .inference, operations: [.get: .v2Ready],
            handler: .service { handler, call in handler.v2Ready(call) }),
    ]

    private static func v2Paths(_ verb: String) -> [String] {
        ["/v2/models/{model}\(verb)", "/v2/models/{model}/versions/{version}\(verb)"]
    }

    private static let v2Models = [
        Route(
            paths: v2Paths(""), errors: .inference, operations: [.get: .v2Model],
            handler: .model { handler, call, model in handler.v2Model(call, model) }),
        Route(
            paths: v2Paths("/ready"), errors: .inference, operations: [.get: .v2ModelReady],
            handler: .model { handler, call, model in handler.v2ModelReady(call, model) }),
        Route(
            paths: v2Paths("/stats"), errors: .inference, operations: [.get: .v2Statistics],
            handler: .model { handler, call, model in handler.v2Statistics(call, model) }),
        Route(
            paths: v2Paths("/infer"), queryNames: ScoreOptions.judgingQueryNames, errors: .inference, computes: true,
            scores: true, operations: [.post: .v2Infer],
            handler: .model { handler, call, model throws(Problem) in try handler.v2Infer(call, model) }),
        Route(
            paths: v2Paths("/config"), errors: .inference, operations: [.get: .v2Config],
            handler: .model { handler, call, model in handler.v2Config(call, model) }),
    ]

    private static let v2Repository = [
        Route(
            paths: ["/v2/repository/index"], body: .optional, errors: .inference, operations: [.post: .v2Index],
            handler: .service { handler, call throws(Problem) in try handler.v2Index(call) }),
        Route(
            paths: ["/v2/repository/models/{model}/load"], requirement: .key(.admin), body: .optional,
            errors: .inference, operations: [.post: .v2Load],
            handler: .service { handler, call throws(Problem) in try handler.v2Load(call) }),
        Route(
            paths: ["/v2/repository/models/{model}/unload"], requirement: .key(.admin), body: .optional,
            errors: .inference, operations: [.post: .v2Unload],
            handler: .service { handler, call throws(Problem) in try handler.v2Unload(call) }),
    ]
}
