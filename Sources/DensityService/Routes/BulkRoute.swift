internal import MADE
internal import MADERows
internal import Microhttpd

extension ServiceLoop {
    /// A body with a row a line is read as it arrives.
    func sink(for head: RequestHead) -> ((Exchange) -> any BodySink)? {
        guard head.method == .post, let type = head.header("Content-Type"), type != MediaType.json.rawValue else {
            return nil
        }
        let contentType = ContentType(type)
        guard case .lines(let header) = core.routes.route(head.match)?.body,
            let input = BulkScorer.Input(contentType, header: header)
        else {
            return nil
        }
        return { self.openBulk($0, input, contentType) }
    }

    private func openBulk(_ exchange: Exchange, _ input: BulkScorer.Input, _ type: ContentType) -> any BodySink {
        let start = monotonicNanoseconds()
        let id = requestID(of: exchange)
        var call = Call(exchange: exchange, id: id, start: start, observer: core.observer)
        do throws(Problem) {
            _ = try admitted(exchange)
            let model = try model(of: exchange)
            call = Call(
                exchange: exchange, id: id, model: model.card.name, start: start,
                deadline: try Self.deadline(of: exchange, start: start), observer: core.observer,
                statistics: model.statistics)
            try BulkScorer.Input.check(type)
            let codec = try ContentCoding.codec(of: exchange.header("Content-Encoding"))
            var input = input
            // A table without a header has rows without one.
            if input.header == .present, !model.schema.table.hasHeader { input.header = .guessed }
            return try BulkSink(call, model: model, input: input, codec: codec, options: core.options)
        } catch {
            call.refuse(error)
            return RefusedBody()
        }
    }
}
