internal import Dispatch
internal import MADE
internal import Microhttpd

extension RequestHandler {
    /// GET /drift.
    func drift(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.answers(with: [.json])
        let alpha = core.options.alpha
        Self.background.asyncAnywhere {
            call.answer(.json(model.drift.report(alpha: alpha).document(nameMembers: model.nameMembers)))
        }
    }
}
