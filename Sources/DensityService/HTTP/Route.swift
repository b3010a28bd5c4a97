internal import Microhttpd

/// What a path asks for. The raw value is the label under which it is counted and logged.
enum Route: String, CaseIterable {
    case page = "/"
    case score = "/score"
    case conditionals = "/conditionals"
    case sample = "/sample"
    case models = "/models"
    case model = "/models/{model}"
    case reload = "/models/{model}/reload"
    case drift = "/drift"
    case live = "/livez"
    case ready = "/readyz"
    case health = "/health"
    case ping = "/ping"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"
    case invocations = "/invocations"
    case v1Models = "/v1/models"
    case v1Model = "/v1/models/{model}"
    case v1Predict = "/v1/models/{model}:predict"
    case v1Explain = "/v1/models/{model}:explain"
    case v2Server = "/v2"
    case v2Live = "/v2/health/live"
    case v2Ready = "/v2/health/ready"
    case v2Model = "/v2/models/{model}"
    case v2ModelReady = "/v2/models/{model}/ready"
    case v2Statistics = "/v2/models/{model}/stats"
    case v2Infer = "/v2/models/{model}/infer"
    case v2Config = "/v2/models/{model}/config"
    case v2Index = "/v2/repository/index"
    case v2Load = "/v2/repository/models/{model}/load"
    case v2Unload = "/v2/repository/models/{model}/unload"
    /// No such path.
    case unknown = "unknown"

    /// Position among all routes.
    var index: Int {
        switch self {
        case .page: 0
        case .score: 1
        case .conditionals: 2
        case .sample: 3
        case .models: 4
        case .model: 5
        case .reload: 6
        case .live: 7
        case .ready: 8
        case .health: 9
        case .ping: 10
        case .metrics: 11
        case .invocations: 12
        case .v1Models: 13
        case .v1Model: 14
        case .v1Predict: 15
        case .v1Explain: 16
        case .v2Server: 17
        case .v2Live: 18
        case .v2Ready: 19
        case .v2Model: 20
        case .v2ModelReady: 21
        case .v2Statistics: 22
        case .v2Infer: 23
        case .v2Index: 24
        case .v2Load: 25
        case .v2Unload: 26
        case .openAPI: 27
        case .unknown: 28
        case .drift: 29
        case .v2Config: 30
        }
    }

    /// Whether it is only posted to.
    private var isPostOnly: Bool {
        switch self {
        case .score, .conditionals, .reload, .invocations, .v1Predict, .v1Explain, .v2Infer, .v2Index, .v2Load,
            .v2Unload:
            true
        default: false
        }
    }

    /// Whether what is posted to it may have no body.
    var takesNoBody: Bool {
        switch self {
        case .reload, .v2Index, .v2Load, .v2Unload: true
        default: false
        }
    }

    /// Whether its requests are counted in a model's statistics.
    var scores: Bool {
        switch self {
        case .score, .invocations, .v1Predict, .v1Explain, .v2Infer: true
        default: false
        }
    }

    /// The methods it serves.
    var methods: [Microhttpd.Method] {
        if isPostOnly { return [.post] }
        return self == .sample ? [.get, .head, .post] : [.get, .head]
    }

    /// The methods it serves, as the `Allow` field names them.
    var allow: String { methods.map(\.rawValue).joined(separator: ", ") }

    /// Whether it serves `method`.
    func serves(_ method: Microhttpd.Method) -> Bool { methods.contains(method) }

    /// The paths that lead to it.
    var paths: [String] {
        switch self {
        case .score, .conditionals, .sample, .drift: [rawValue, "/models/{model}\(rawValue)"]
        case .v2Model: [rawValue, "\(rawValue)/versions/{version}"]
        case .v2ModelReady, .v2Statistics, .v2Infer, .v2Config:
            [rawValue, "/v2/models/{model}/versions/{version}/\(rawValue.split(separator: "/").last ?? "")"]
        case .unknown: []
        default: [rawValue]
        }
    }
}

/// A path taken apart.
struct Destination {
    var route: Route
    /// The model that the path names; nil for the default one.
    var model: String?
    /// The version that the path names; nil for the one that is served.
    var version: String?

    init(route: Route, model: String? = nil, version: String? = nil) {
        self.route = route
        self.model = model
        self.version = version
    }

    /// Reads a percent-decoded path.
    init(path: String) {
        model = nil
        switch path {
        case "/score": route = .score
        case "/conditionals": route = .conditionals
        case "/sample": route = .sample
        case "/drift": route = .drift
        case "/models": route = .models
        case "/livez": route = .live
        case "/readyz": route = .ready
        case "/health": route = .health
        case "/ping": route = .ping
        case "/metrics": route = .metrics
        case "/openapi.json": route = .openAPI
        case "/": route = .page
        case "/invocations": route = .invocations
        case _ where path.hasPrefix("/v2"): self = Self.v2(path)
        case _ where path.hasPrefix("/v1"): self = Self.v1(path)
        default: (route, model) = Self.modelRoute(path)
        }
    }

    private static func modelRoute(_ path: String) -> (Route, String?) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        // "/models/NAME" and "/models/NAME/VERB" start with an empty part.
        guard parts.count == 3 || parts.count == 4, parts[0].isEmpty, parts[1] == "models", !parts[2].isEmpty else {
            return (.unknown, nil)
        }
        guard parts.count == 4 else { return (.model, String(parts[2])) }
        let verbs: [Substring: Route] = [
            "score": .score, "conditionals": .conditionals, "sample": .sample, "reload": .reload, "drift": .drift,
        ]
        guard let route = verbs[parts[3]] else { return (.unknown, nil) }
        return (route, String(parts[2]))
    }
}
