internal import Dispatch
internal import MADE
internal import Microhttpd

extension RequestHandler {
    /// Works out reports, one after the other: milliseconds, which a loop has not.
    static let studies = DispatchQueue(label: "made.studies")

    /// GET /drift.
    func drift(_ call: Call, _ model: LoadedModel) throws(Problem) {
        try call.answers(with: [.json])
        let alpha = core.options.alpha
        Self.studies.asyncAnywhere {
            call.answer(.json(model.drift.report(alpha: alpha).document(nameMembers: model.nameMembers)))
        }
    }
}
