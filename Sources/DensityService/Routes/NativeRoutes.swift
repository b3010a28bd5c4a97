internal import MADERows
internal import Microhttpd

extension Route {
    /// The routes of this service.
    static let native: [Route] = pages + work + models + probes + documents

    private static let pages = [
        Route(
            paths: ["/"], requirement: .moderation, operations: [.get: .workbench],
            handler: .service { handler, call throws(Problem) in try handler.page(call, .workbench) }),
        Route(
            paths: ["/docs"], requirement: .moderation, operations: [.get: .reference],
            handler: .service { handler, call throws(Problem) in try handler.page(call, .reference) }),
    ]

    private static let work = [
        Route(
            paths: ["/score", "/models/{model}/score"], queryNames: ScoreOptions.queryNames,
            body: .lines(header: .present), computes: true, scores: true, operations: [.post: .score],
            handler: .model { handler, call, model throws(Problem) in try handler.score(call, model) }),
        Route(
            paths: ["/conditionals", "/models/{model}/conditionals"], queryNames: [], computes: true,
            operations: [.post: .conditionals],
            handler: .model { handler, call, model throws(Problem) in try handler.conditionals(call, model) }),
        Route(
            paths: ["/impute", "/models/{model}/impute"], queryNames: [], computes: true,
            operations: [.post: .impute],
            handler: .model { handler, call, model throws(Problem) in try handler.impute(call, model) }),
        Route(
            paths: ["/repair", "/models/{model}/repair"], queryNames: [], computes: true,
            operations: [.post: .repair],
            handler: .model { handler, call, model throws(Problem) in try handler.repair(call, model) }),
        Route(
            paths: ["/sample", "/models/{model}/sample"], queryNames: SampleRequest.queryNames, computes: true,
            operations: [.get: .sample, .post: .samplePost],
            handler: .model { handler, call, model throws(Problem) in try handler.sample(call, model) }),
    ]

    private static let models = [
        Route(
            paths: ["/models"], queryNames: [], operations: [.get: .models],
            handler: .service { handler, call throws(Problem) in try handler.models(call) }),
        Route(
            paths: ["/models/{model}"], queryNames: [], operations: [.get: .modelCard],
            handler: .model { handler, call, model throws(Problem) in try handler.modelCard(call, model) }),
        Route(
            paths: ["/models/{model}/reload"], requirement: .key(.admin), queryNames: [], body: .optional,
            operations: [.post: .reload],
            handler: .service { handler, call throws(Problem) in try handler.reload(call) }),
        Route(
            paths: ["/drift", "/models/{model}/drift"], queryNames: [], operations: [.get: .drift],
            handler: .model { handler, call, model throws(Problem) in try handler.drift(call, model) }),
    ]

    private static let probes = [
        Route(
            paths: ["/livez"], requirement: .nothing, operations: [.get: .live],
            handler: .service { handler, call in handler.live(call) }),
        Route(
            paths: ["/readyz"], requirement: .nothing, operations: [.get: .ready],
            handler: .service { handler, call in handler.ready(call) }),
        Route(
            paths: ["/health"], requirement: .nothing, operations: [.get: .health],
            handler: .service { handler, call in handler.health(call) }),
        Route(
            paths: ["/ping"], requirement: .nothing, operations: [.get: .ping],
            handler: .service { handler, call in handler.ping(call) }),
    ]

    private static let documents = [
        Route(
            paths: ["/metrics"], requirement: .key(.metrics), operations: [.get: .metrics],
            handler: .service { handler, call in handler.metrics(call) }),
        Route(
            paths: ["/openapi.json"], requirement: .moderation, operations: [.get: .openAPI],
            handler: .service { handler, call throws(Problem) in try handler.openAPI(call) }),
    ]
}
