import DensityService
import MADE
import MADERows
import MADETraining

/// What `made train` prints on standard output of what it has written.
struct TrainingReport {
    /// The checkpoint.
    let path: String
    /// Nil where a search was interrupted before it had one.
    let model: DensityModel?
    /// How the search ended, and settings that were found out rather than given; nil where there was none.
    let search: (outcome: SearchOutcome, found: [String])?

    /// Lines of text, or one JSON object.
    func print(asJSON: Bool) throws {
        if asJSON { return try Output.print(json()) }
        if let model { try printLines(of: model) }
        if let search { try printLines(of: search.outcome, command: command) }
    }

    /// The command that trains the winner again, without a search.
    private var command: String? {
        search?.outcome.best.map {
            Reproduction.command(
                Array(CommandLine.arguments.dropFirst()), settings: (search?.found ?? []) + $0.settings)
        }
    }

    /// `{"path": …, "model": the card as the service has it, or null, "search": {…}}`.
    private func json() throws -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("path", path)
        json.key("model")
        if let model {
            let file = try CheckpointFile(path)
            let (compiled, verdict) = try file.compiled(model)
            json.raw(try ModelCardDocument.json(of: file, compiled: compiled, weights: .fp32, verdict: verdict))
        } else {
            json.null()
        }
        if let outcome = search?.outcome {
            json.key("search")
            json.beginObject()
            json.member("trials", outcome.trials.count)
            json.member("abandoned", outcome.trials.count { $0.nats == nil })
            json.member("ending", outcome.ending.rawValue)
            if let best = outcome.best, let nats = best.nats {
                json.member("winner", best.number)
                json.member("validation_nats", nats)
            }
            if let nats = outcome.trials.first?.nats { json.member("validation_nats_as_given", nats) }
            if let command { json.member("command", command) }
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }

    private func printLines(of model: DensityModel) throws {
        guard let summary = model.training else { return }
        try Output.print("model       \(path)")
        try Output.print("name        \(model.name)")
        try Output.print("variables   \(model.variables.summary)")
        if let names = model.variables.logarithms {
            try Output.print(
                "logarithms  \(names): many decades, or products of each other; --no-logarithms takes them as they are")
        }
        if let names = summary.nearDeterministic, !names.isEmpty {
            try Output.print("dependent   \(names.shortened(to: 12)): 99 % given by the other columns")
        }
        let networkCount = model.networks.count
        let networks = "\(networkCount) network\(networkCount == 1 ? "" : "s")"
        try Output.print("members     \(model.members.count), of \(networks)")
        try Output.print("parameters  \(model.card.parameterCount)")
        try Output.print("seed        \(summary.seed)")
        try Output.print("epochs      \(summary.epochs)")
        let trainNats = ProgressLine.decimal(summary.trainNats, 4)
        try Output.print("train       \(trainNats) nats a row, \(summary.trainRows) rows")
        let validationNats = ProgressLine.decimal(summary.validationNats, 4)
        try Output.print("validation  \(validationNats) nats a row, \(summary.validationRows) rows")
        if let nats = summary.testNats {
            try Output.print("test        \(ProgressLine.decimal(nats, 4)) nats a row")
        }
        if summary.calibrationRows > 0 {
            let folds = summary.calibrationFolds.map { ", cross-fitted in \($0) parts" } ?? ""
            try Output.print("calibration \(summary.calibrationRows) rows\(folds)")
            if let groups = model.calibration?.groups {
                let own = groups.names.indices.filter(groups.isOwn)
                let names = own.map { "\(groups.names[$0]) \(groups.rowCounts[$0])" }
                try Output.print(
                    "groups      \(own.count) of \(model.variables[groups.variable].name) with rows of their own"
                        + (names.isEmpty
                            ? ""
                            : ": " + names.prefix(12).joined(separator: ", ")
                                + (names.count > 12 ? " …" : "")))
            }
        } else {
            try Output.print("calibration none: the model gives no p-values")
        }
    }

    private func printLines(of outcome: SearchOutcome, command: String?) throws {
        let abandonedCount = outcome.trials.count { $0.nats == nil }
        let ending = outcome.ending == .outOfTime ? "; the time ran out" : ""
        try Output.print("trials      \(outcome.trials.count), \(abandonedCount) of them abandoned\(ending)")
        guard let best = outcome.best, let nats = best.nats else {
            try Output.print("winner      none: no trial came to its end")
            return
        }
        let given = outcome.trials.first?.nats.map { ", as given \(ProgressLine.decimal($0, 4))" } ?? ""
        let title = outcome.ending == .interrupted ? "best so far" : "winner     "
        try Output.print("\(title) trial \(best.number), valid \(ProgressLine.decimal(nats, 4))\(given)")
        if let command { try Output.print("command     \(command)") }
    }
}
