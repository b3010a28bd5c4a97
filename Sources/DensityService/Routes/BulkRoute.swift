internal import MADE
internal import Microhttpd

extension ServiceLoop {
    /// POST /score with a row a line: such a body is read as it arrives.
    func sink(for head: RequestHead) -> ((Exchange) -> any BodySink)? {
        guard head.method == .post, let type = head.header("Content-Type"), let format = LineFormat(contentType: type),
            Destination(path: head.path).route == .score
        else { return nil }
        return { self.openBulk($0, format) }
    }

    private func openBulk(_ exchange: Exchange, _ format: LineFormat) -> any BodySink {
        let start = monotonicNanoseconds()
        let id = requestID(of: exchange)
        var call = Call(exchange: exchange, id: id, route: .score, start: start, observer: core.observer)
        do throws(Problem) {
            try check(exchange, .score)
            let model = try model(at: Destination(path: exchange.path))
            call = Call(
                exchange: exchange, id: id, route: .score, model: model.card.name, start: start,
                deadline: try Self.deadline(of: exchange, start: start), observer: core.observer,
                statistics: model.statistics)
            if let objection = MediaType.charsetObjection(exchange.header("Content-Type") ?? "") {
                throw Problem(415, objection)
            }
            if let problem = call.unreadableCoding { throw problem }
            return try BulkSink(call, model: model, input: format, options: core.options)
        } catch {
            call.refuse(error)
            return RefusedBody()
        }
    }
}

extension LineFormat {
    /// Nil where a body of this type is not read by lines.
    init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }
        switch String(type).trimmed().lowercased() {
        case "application/x-ndjson", "application/ndjson", "application/jsonlines", "application/x-jsonlines":
            self = .ndjson
        case "text/csv": self = .csv
        default: return nil
        }
    }
}
