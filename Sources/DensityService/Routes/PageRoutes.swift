internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// GET / and GET /docs: the pages for people.
    func page(_ call: Call, _ page: WebPage) throws(Problem) {
        try call.answers(with: [.html])
        call.answer(
            Reply(
                status: 200,
                headers: [
                    ("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", page.contentPolicy),
                    ("X-Content-Type-Options", "nosniff"),
                ], body: page.bytes))
    }
}
