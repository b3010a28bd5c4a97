internal import Logging
internal import Microhttpd

/// Sees every answer: counts it and writes its log line.
final class Observer: Sendable {
    let routes: RouteTable
    let metrics: Metrics
    let logger: Logger
    private let sink: LogSink
    private let format: LogFormat
    private let logsRequests: Bool

    init(sink: LogSink, level: Logger.Level, format: LogFormat, routes: RouteTable = .standard) {
        self.routes = routes
        metrics = Metrics(routes)
        self.sink = sink
        self.format = format
        logger = Logger(label: "made") { _ in LineLogHandler(sink: sink, level: level, format: format) }
        logsRequests = level <= .info
    }

    /// Log lines that nobody has read.
    var droppedLineCount: Int { sink.droppedLineCount }

    /// What there is to know of an answered request; durations are nanoseconds.
    struct Answer {
        var id: String
        var trace: TraceContext?
        var method: String
        var route: RouteMatch
        /// The name of the client's API key, or whose its certificate is.
        var client: String?
        var model: String?
        var status: Int
        var rows = 0
        var queue: UInt64 = 0
        var compute: UInt64 = 0
        var total: UInt64 = 0
    }

    /// The status under which the log has requests whose clients left before there was an answer.
    static let departed = 499

    /// Counts an answer and writes its log line.
    func note(_ answer: Answer) {
        metrics.countRequest(answer.route, status: answer.status, duration: answer.total)
        log(answer)
    }

    /// Writes the log line of a request.
    func log(_ answer: Answer) {
        guard logsRequests else { return }
        var line = LogLine(format, level: .info, message: "request")
        line.field("id", answer.id)
        if let trace = answer.trace {
            line.field("trace_id", trace.traceID)
            line.field("parent_id", trace.parentID)
        }
        line.field("method", answer.method)
        line.field("route", routes.label(answer.route))
        if let client = answer.client { line.field("client", client) }
        if let model = answer.model { line.field("model", model) }
        line.field("status", answer.status)
        if answer.rows > 0 {
            line.field("rows", answer.rows)
            line.field("queue_ms", nanoseconds: answer.queue)
            line.field("compute_ms", nanoseconds: answer.compute)
        }
        line.field("total_ms", nanoseconds: answer.total)
        sink.write(line)
    }
}
