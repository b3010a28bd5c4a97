internal import Microhttpd

/// What the service counts of itself.
final class Metrics: Sendable {
    /// Why a request was turned away although it could have been served.
    enum Rejection: Int, CaseIterable {
        case queueFull, noModel, stopping, noKey, wrongKey, scope, notLocal, keyRate, addressRate,
            noCertificate, wrongCertificate, memory

        var label: String {
            switch self {
            case .queueFull: "queue_full"
            case .noModel: "no_model"
            case .stopping: "stopping"
            case .noKey: "no_key"
            case .wrongKey: "wrong_key"
            case .scope: "scope"
            case .notLocal: "not_local"
            case .keyRate: "key_rate"
            case .addressRate: "address_rate"
            case .noCertificate: "no_certificate"
            case .wrongCertificate: "wrong_certificate"
            case .memory: "memory"
            }
        }
    }

    /// Why work was dropped that had been accepted.
    enum Cancellation: Int, CaseIterable {
        case hangUp, deadline

        var label: String {
            switch self {
            case .hangUp: "hang_up"
            case .deadline: "deadline"
            }
        }
    }

    /// Where a batch was computed.
    enum Place: Int, CaseIterable {
        case inline, queue
    }

    static let statuses = [
        200, 204, 400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 422, 429, 431, 500, 503, 504,
    ]

    private let routes: RouteTable
    /// [routes × statuses], the last row for all that is no route, the last column for any other status.
    private let requests: Counters
    private let rejections = Counters(count: Rejection.allCases.count)
    private let cancellations = Counters(count: Cancellation.allCases.count)
    private let batches = Counters(count: Place.allCases.count)
    /// Files of models read: failed, succeeded.
    private let loads = Counters(count: 2)
    /// Seconds from the complete request to its reply, of the routes that compute and of all others.
    private let durations: [Histogram?]
    private let otherDurations = Histogram(bounds: Histogram.durations)
    let queueDurations = Histogram(bounds: Histogram.durations)
    let computeDurations = Histogram(bounds: Histogram.durations)
    let batchRows = Histogram(bounds: Histogram.rows)
    let startSeconds = Double(wallNanoseconds()) * 1e-9

    init(_ routes: RouteTable = .standard) {
        self.routes = routes
        requests = Counters(count: (routes.routes.count + 1) * (Self.statuses.count + 1))
        durations = routes.routes.map { $0.computes ? Histogram(bounds: Histogram.durations) : nil }
    }

    /// Counts an answered request; durations are nanoseconds.
    func countRequest(_ route: RouteMatch, status: Int, duration: UInt64) {
        let row = route.index < 0 ? routes.routes.count : route.index
        let column = Self.statuses.firstIndex(of: status) ?? Self.statuses.count
        requests.add(1, at: row * (Self.statuses.count + 1) + column)
        let histogram = route.index < 0 ? otherDurations : durations[row] ?? otherDurations
        histogram.record(Int(clamping: duration))
    }

    func countRejection(_ reason: Rejection) { rejections.add(1, at: reason.rawValue) }

    func countLoad(succeeded: Bool) { loads.add(1, at: succeeded ? 1 : 0) }

    func countCancellation(_ reason: Cancellation) { cancellations.add(1, at: reason.rawValue) }

    /// Of all reasons.
    var cancellationCount: Int {
        Cancellation.allCases.reduce(0) { $0 + cancellations.value(at: $1.rawValue) }
    }

    func countBatch(_ place: Place, rows: Int) {
        batches.add(1, at: place.rawValue)
        batchRows.record(rows)
    }

    /// Appends everything in the text format.
    func write(to text: inout PrometheusText) {
        text.family("made_http_requests_total", "counter", "Requests answered.")
        for (row, label) in (routes.routes.map(\.label) + [RouteTable.unknownLabel]).enumerated() {
            for (column, status) in (Self.statuses + [0]).enumerated() {
                let count = requests.value(at: row * (Self.statuses.count + 1) + column)
                guard count > 0 else { continue }
                text.sample(
                    "made_http_requests_total",
                    [("route", label), ("status", status == 0 ? "other" : String(status))], Double(count))
            }
        }
        text.family("made_rejected_total", "counter", "Requests turned away although they could be served.")
        for reason in Rejection.allCases {
            text.sample(
                "made_rejected_total", [("reason", reason.label)], Double(rejections.value(at: reason.rawValue)))
        }
        text.family(
            "made_cancelled_total", "counter", "Requests accepted, but not answered: the client or its time had gone.")
        for reason in Cancellation.allCases {
            text.sample(
                "made_cancelled_total", [("reason", reason.label)], Double(cancellations.value(at: reason.rawValue)))
        }
        text.family("made_model_loads_total", "counter", "Files of models read, to serve them or not.")
        for (index, outcome) in ["failed", "ready"].enumerated() {
            text.sample("made_model_loads_total", [("outcome", outcome)], Double(loads.value(at: index)))
        }
        text.family("made_batches_total", "counter", "Batches scored, on an event loop or by a queue's worker.")
        for place in Place.allCases {
            text.sample("made_batches_total", [("place", "\(place)")], Double(batches.value(at: place.rawValue)))
        }
        text.family(
            "made_http_request_duration_seconds", "histogram", "From the complete request to its reply.")
        for (route, histogram) in zip(routes.routes, durations) {
            guard let histogram else { continue }
            text.histogram("made_http_request_duration_seconds", [("route", route.label)], histogram, unit: 1e-9)
        }
        text.histogram("made_http_request_duration_seconds", [("route", "other")], otherDurations, unit: 1e-9)
        text.family(
            "made_queue_duration_seconds", "histogram", "From the complete request to the start of its computation.")
        text.histogram("made_queue_duration_seconds", [], queueDurations, unit: 1e-9)
        text.family("made_compute_duration_seconds", "histogram", "Computation of a request's batch.")
        text.histogram("made_compute_duration_seconds", [], computeDurations, unit: 1e-9)
        text.family("made_batch_rows", "histogram", "Rows scored at once.")
        text.histogram("made_batch_rows", [], batchRows, unit: 1)
    }
}
