internal import MADERows
internal import Microhttpd

/// What is served at some paths, and all that anybody has to know of it: the answers to requests, access, metrics, logs and the
/// OpenAPI document are made of this. A class, as every request looks at it several times and a copy would cost each time.
final class Route: Sendable {
    /// Percent-decoded; `{model}` and `{version}` stand for names. The first is what the route is called in logs and metrics.
    let paths: [String]
    /// Paths that lead here as well, and are not told of.
    let aliases: [String]
    /// What it asks of who calls it.
    let requirement: Requirement
    /// The parameters that its query may have; nil where none is read and others are none of our business, as of probes.
    let queryNames: [String]?
    let body: Body
    /// The form of its errors.
    let errors: ErrorForm
    /// Whether its requests compute, and have a histogram of durations of their own.
    let computes: Bool
    /// Whether its requests are counted in a model's statistics.
    let scores: Bool
    /// What its methods do, for the document; they are the ones that it serves, and HEAD where it serves GET.
    let operations: APIOperation.All
    let handler: Handler

    init(
        paths: [String], aliases: [String] = [], requirement: Requirement = .key(.score), queryNames: [String]? = nil,
        body: Body = .required, errors: ErrorForm = .problem, computes: Bool = false, scores: Bool = false,
        operations: APIOperation.All, handler: Handler
    ) {
        self.paths = paths
        self.aliases = aliases
        self.requirement = requirement
        self.queryNames = queryNames
        self.body = body
        self.errors = errors
        self.computes = computes
        self.scores = scores
        self.operations = operations
        self.handler = handler
    }

    /// The body of a POST.
    enum Body: Equatable {
        case required
        case optional
        /// One that is required, and read as it arrives where its type says that it is CSV or NDJSON; whether CSV has a header
        /// where it does not say so.
        case lines(header: LineHeader)
    }

    /// How errors are told.
    enum ErrorForm {
        /// RFC 9457.
        case problem
        /// `{"error": …}`, as the inference protocols have it.
        case inference
    }

    /// Answers the requests.
    enum Handler: Sendable {
        typealias OfService = @Sendable (RequestHandler, Call) throws(Problem) -> Void
        typealias OfModel = @Sendable (RequestHandler, Call, LoadedModel) throws(Problem) -> Void

        case service(OfService)
        /// Of the model that the path names, or the default one; its requests may have a deadline.
        case model(OfModel)
    }

    /// What it is called.
    var label: String { paths[0] }

    /// The methods that it serves.
    var methods: [Microhttpd.Method] {
        (operations[.get] == nil ? [] : [.get, .head]) + (operations[.post] == nil ? [] : [.post])
    }

    /// Whether its requests may say after which time their answers are worthless.
    var hasDeadline: Bool {
        if case .model = handler { true } else { false }
    }

    /// The same as the `Allow` field names them.
    var allow: String { methods.map(\.rawValue).joined(separator: ", ") }

    /// Whether it serves `method`.
    func serves(_ method: Microhttpd.Method) -> Bool {
        method == .head ? operations[.get] != nil : operations[method] != nil
    }
}
