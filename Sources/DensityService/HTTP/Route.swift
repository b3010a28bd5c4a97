internal import MADERows
internal import Microhttpd

/// What is served at some paths, and all that anybody has to know of it: the answers to requests, access, metrics, logs and the
/// OpenAPI document are made of this.
struct Route: Sendable {
    /// Percent-decoded; `{model}` and `{version}` stand for names. The first is what the route is called in logs and metrics.
    var paths: [String]
    /// Paths that lead here as well, and are not told of.
    var aliases: [String] = []
    /// What it asks of who calls it.
    var requirement = Requirement.key(.score)
    /// The parameters that its query may have; nil where others are none of our business: probes and protocols of others
    /// bring their own.
    var queryNames: [String]? = nil
    var body = Body.required
    /// The form of its errors.
    var errors = ErrorForm.problem
    /// Whether its requests compute, and have a histogram of durations of their own.
    var computes = false
    /// Whether its requests are counted in a model's statistics.
    var scores = false
    /// What its methods do, for the document; they are the ones that it serves, and HEAD where it serves GET.
    var operations: APIOperation.All
    var handler: Handler

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

    /// The same as the `Allow` field names them.
    var allow: String { methods.map(\.rawValue).joined(separator: ", ") }

    /// Whether it serves `method`.
    func serves(_ method: Microhttpd.Method) -> Bool {
        method == .head ? operations[.get] != nil : operations[method] != nil
    }
}
