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
    case live = "/livez"
    case ready = "/readyz"
    case health = "/health"
    case ping = "/ping"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"
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
        case .openAPI: 12
        case .unknown: 13
        }
    }

    /// The methods it serves.
    var methods: [Microhttpd.Method] {
        switch self {
        case .score, .conditionals, .reload: [.post]
        case .sample: [.get, .head, .post]
        default: [.get, .head]
        }
    }

    /// The methods it serves, as the `Allow` field names them.
    var allow: String { methods.map(\.rawValue).joined(separator: ", ") }

    /// Whether it serves `method`.
    func serves(_ method: Microhttpd.Method) -> Bool { methods.contains(method) }

    /// The paths that lead to it.
    var paths: [String] {
        switch self {
        case .score, .conditionals, .sample: [rawValue, "/models/{model}\(rawValue)"]
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

    /// Reads a percent-decoded path.
    init(path: String) {
        model = nil
        switch path {
        case "/score": route = .score
        case "/conditionals": route = .conditionals
        case "/sample": route = .sample
        case "/models": route = .models
        case "/livez": route = .live
        case "/readyz": route = .ready
        case "/health": route = .health
        case "/ping": route = .ping
        case "/metrics": route = .metrics
        case "/openapi.json": route = .openAPI
        case "/": route = .page
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
            "score": .score, "conditionals": .conditionals, "sample": .sample, "reload": .reload,
        ]
        guard let route = verbs[parts[3]] else { return (.unknown, nil) }
        return (route, String(parts[2]))
    }
}
