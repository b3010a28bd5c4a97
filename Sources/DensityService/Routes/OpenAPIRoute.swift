internal import MADERows
internal import Microhttpd

extension RequestHandler {
    /// GET /openapi.json.
    func openAPI(_ call: Call) throws(Problem) {
        try call.answers(with: [.json])
        call.answer(.json(core.apiDocument))
    }
}
