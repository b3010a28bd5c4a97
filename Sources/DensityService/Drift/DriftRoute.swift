internal import Dispatch
internal import MADE
internal import Microhttpd

extension RequestHandler {
    /// Does what takes milliseconds, which a loop has not, one after the other.
    static let background = DispatchQueue(label: "made.background")

    /// GET /drift.
    func drift(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.answers(with: [.json])
        let alpha = core.options.alpha
        Self.background.asyncAnywhere {
            call.answer(.json(model.drift.report(alpha: alpha).document(nameMembers: model.nameMembers)))
        }
    }
}
