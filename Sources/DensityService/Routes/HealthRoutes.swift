internal import MADE
internal import MADERows
internal import Microhttpd
internal import Synchronization

extension RequestHandler {
    /// GET /livez: the process can answer.
    func live(_ call: Call) {
        call.answer(Self.status("ok", 200))
    }

    /// GET /readyz: requests can be answered.
    func ready(_ call: Call) {
        call.answer(withRetry(core.isReady ? Self.status("ok", 200) : Self.status(unreadiness, 503)))
    }

    /// GET /ping: as /readyz, without a body.
    func ping(_ call: Call) {
        call.answer(withRetry(Reply(status: core.isReady ? 200 : 503)))
    }

    /// GET /health: as /readyz, with what there is to know.
    func health(_ call: Call) {
        let isReady = core.isReady
        var json = JSONWriter()
        json.beginObject()
        json.member("status", isReady ? "ok" : unreadiness)
        json.member("version", Build.version)
        json.member("uptime_seconds", Double(wallNanoseconds()) * 1e-9 - core.observer.metrics.startSeconds)
        json.key("models")
        json.beginArray()
        for version in core.registry.snapshot.entries.flatMap(\.versions) {
            json.beginObject()
            json.member("name", version.file.name ?? "")
            if let number = version.number { json.member("version", number) }
            json.member("state", version.state.rawValue)
            if let model = version.model { json.member("queue_rows", model.queue.waitingRows) }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        call.answer(withRetry(.json(json.bytes, status: isReady ? 200 : 503)))
    }

    /// A 503 says when to ask again, as all of them do.
    func withRetry(_ reply: Reply) -> Reply {
        guard reply.status == 503 else { return reply }
        var reply = reply
        reply.addHeader("Retry-After", "1")
        return reply
    }

    private var unreadiness: String {
        core.isDraining.load(ordering: .relaxed) ? "draining" : "no model is ready"
    }

    private static func status(_ text: String, _ status: Int) -> Reply {
        var json = JSONWriter()
        json.beginObject()
        json.member("status", text)
        json.endObject()
        return .json(json.bytes, status: status)
    }
}
