internal import Logging

/// Sees every answer: counts it and writes its log line.
final class Observer: Sendable {
    let metrics = Metrics()
    let logger: Logger
    private let sink: LogSink
    private let logsRequests: Bool

    init(sink: LogSink, level: Logger.Level) {
        self.sink = sink
        logger = Logger(label: "made") { _ in LineLogHandler(sink: sink, level: level) }
        logsRequests = level <= .info
    }

    /// What there is to know of an answered request; durations are nanoseconds.
    struct Answer {
        var id: String
        var method: String
        var route: Route
        var model: String?
        var status: Int
        var rows = 0
        var queue: UInt64 = 0
        var compute: UInt64 = 0
        var total: UInt64 = 0
    }

    func note(_ answer: Answer) {
        metrics.countRequest(answer.route, status: answer.status, duration: answer.total)
        guard logsRequests else { return }
        sink.line { line in
            line.append(contentsOf: "info request id=".utf8)
            line.append(contentsOf: answer.id.utf8)
            line.append(contentsOf: " method=".utf8)
            line.append(contentsOf: answer.method.utf8)
            line.append(contentsOf: " route=".utf8)
            line.append(contentsOf: answer.route.rawValue.utf8)
            if let model = answer.model {
                line.append(contentsOf: " model=".utf8)
                line.append(contentsOf: model.utf8)
            }
            line.append(contentsOf: " status=".utf8)
            append(UInt64(answer.status), to: &line)
            if answer.rows > 0 {
                line.append(contentsOf: " rows=".utf8)
                append(UInt64(answer.rows), to: &line)
                line.append(contentsOf: " queue_ms=".utf8)
                appendMilliseconds(answer.queue, to: &line)
                line.append(contentsOf: " compute_ms=".utf8)
                appendMilliseconds(answer.compute, to: &line)
            }
            line.append(contentsOf: " total_ms=".utf8)
            appendMilliseconds(answer.total, to: &line)
        }
    }
}

/// Appends a whole number.
private func append(_ value: UInt64, to bytes: inout [UInt8]) {
    if value >= 10 { append(value / 10, to: &bytes) }
    bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
}

/// Appends nanoseconds as milliseconds with three places.
func appendMilliseconds(_ nanoseconds: UInt64, to bytes: inout [UInt8]) {
    let microseconds = (nanoseconds + 500) / 1000
    append(microseconds / 1000, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    for unit in [100, 10, 1] as [UInt64] {
        bytes.append(UInt8(ascii: "0") + UInt8(microseconds / unit % 10))
    }
}
