internal import MADERows
internal import Microhttpd

extension ServiceLoop {
    /// GET /openapi.json.
    func openAPI(_ call: Call) throws(Problem) {
        try call.answers(with: [.json])
        call.answer(.json(core.gate.keys == nil ? APIDocument.open : APIDocument.keyed))
    }
}
