internal import CRows
internal import MADE
internal import MADERows

/// How rows are repaired.
struct RepairRequest: RowFields, Sendable {
    let judgement: Judgement
    var options = Repairer.Options()
    let ignoresUnknown: Bool

    static let fieldNames = ["alpha", "statistic", "changes_max", "ignore_unknown"]

    /// - Throws: 400 for a field of the wrong type, 422 for one out of its range, or where the model judges no rows.
    init(_ scan: made_scan, settings: ServiceOptions, model: LoadedModel) throws(Problem) {
        let fields = try OptionReader(scan, names: Self.fieldNames, rowsMember: "rows")
        ignoresUnknown = try fields.value("ignore_unknown", mustBe: "true or false") ?? false
        guard let calibration = model.card.calibration else {
            throw Problem(
                422,
                "the model has no calibration, so no row of it is an anomaly that could be repaired; models that "
                    + "'made train' writes have one")
        }
        var score = ScoreOptions(alpha: settings.alpha, model: model)
        if let own = try fields.value("alpha", Double.self, mustBe: "a number") {
            try score.set(alpha: own, calibration: calibration, pointer: "/alpha")
        }
        if let statistic = try fields.value("statistic", String.self, mustBe: "a string") {
            try score.set(statistic: statistic, calibration: calibration, pointer: "/statistic")
        }
        judgement = Judgement(calibration, alpha: score.alpha, statistic: score.statistic)
        if !judgement.canJudge, let note = judgement.note {
            throw Problem(422, "\(note); send an 'alpha' of \(calibration.smallestPValue) or more", pointer: "/alpha")
        }
        if let count = try fields.value("changes_max", Int.self, mustBe: "a whole number") {
            let columnCount = model.schema.columns.count
            guard (1...columnCount).contains(count) else {
                throw Problem(
                    422, "'changes_max' is \(count); it must be 1 to \(columnCount), the number of columns",
                    pointer: "/changes_max")
            }
            options.changesMax = count
        }
    }
}
