import ArgumentParser
internal import Glibc
import MADE
import MADERows
import MADETraining

/// `made evaluate`: how well the model predicts rows that it has not seen.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the model on the rows of a CSV file.",
        discussion: """
            Prints the mean negative log-likelihood with its standard error, bits per dimension, and the share of \
            anomalies. With --label, the name of a column that is 1 for anomalies and 0 for normal rows, also how well \
            the model tells them apart: the area under the ROC curve, the average precision, and the shares of normal \
            rows (false alarms) and of anomalies (detected) whose p-value is at most alpha. Behind a measure stands its \
            95 % interval: DeLong's of the area, Boyd's of the average precision, Wilson's of the shares. Rows are read as made score reads them; one that cannot be scored ranks as the least \
            likely and is in no mean.
            """)

    @OptionGroup var source: ModelArguments

    @Argument(
        help: "A CSV or NDJSON file with the model's variables in any order; gzip and zstd too. - is standard input.")
    var data: String

    @Option(help: "A column of the file that is 1 for anomalies and 0 for normal rows.")
    var label: String?

    @Option(help: "Columns of the file to pass over, separated by commas, besides those that training left out.")
    var drop = NameList()

    @OptionGroup(title: "Rows")
    var rows: RowArguments

    @OptionGroup(title: "Judging")
    var judging: JudgingArguments

    @Option(
        help: """
            An SVG file to write, or such a plot to replace: the scores with the thresholds, and the share of rows flagged \
            at each alpha.
            """)
    var plot: String?

    @OptionGroup var outputs: OutputArguments

    @OptionGroup var results: ResultArguments

    @OptionGroup var remarks: RemarkArguments

    func run() throws {
        let target = try plot.map { try outputs.target($0, .plot, inputs: [source.model, data]) }
        let (model, _) = try source.load()
        let judgement = try judging.judgement(model.card)
        let tally = try measure(
            model,
            ScoreTally(judgement, keepsScores: plot != nil), judgement)
        guard tally.rowCount > 0 else { throw TableError(path: data, problem: .noRows) }
        try target?.write(Array(Picture.ofScores(tally, model.card).utf8))
        if results.json {
            return try Output.print(json(tally, model.card, judgement))
        }
        for (title, text) in lines(tally, model.card, judgement) {
            try Output.print(title.padded(to: 20) + text)
        }
    }

    private func measure(
        _ model: CompiledModel, _ start: ScoreTally, _ judgement: Judgement
    ) throws -> ScoreTally {
        if let label,
            model.card.schema?.columns.contains(where: { $0.name == label && $0.leftOut == nil })
                ?? model.card.variables.contains(where: { $0.name == label })
        {
            throw ValidationError(
                "--label \(label): the model knows that column; labels must be one it was not trained on")
        }
        guard let schema = RowSchema(model.card, passingOver: drop.names + (label.map { [$0] } ?? [])) else {
            throw ValidationError("memory is short")
        }
        let reader = try TableReader(
            path: data, schema: schema, options: rows.options, kept: label.map { [$0] } ?? [],
            command: "made evaluate MODEL -")
        let labels = try label.map { (name) throws(TableError) in
            try TableSchema(binary: [name]).rowSchema(path: data)
        }
        let workspace = model.makeWorkspace()
        let scorer = RowScorer(model, judgement: judgement)
        let masked = MaskedCalibration(model)
        let width = model.variableCount
        var tally = start
        while true {
            let first = reader.rowCount
            let count = try reader.read(rowsMax: 1024)
            if count == 0 { return tally }
            if tally.impossibleCount == 0, let fault = reader.faults.first {
                Output.note("\(fault); such rows rank as the least likely")
            }
            scorer.score(reader.values.span, using: workspace)
            let faulty = Set(reader.faultyRows)
            var next = 0
            for row in 0..<count {
                let group = try group(of: reader.keptCells[row], number: first + row + 1, labels)
                if faulty.contains(row) {
                    tally.take(-.infinity, score: .infinity, isFlagged: judgement.canJudge, group)
                } else {
                    let score = scorer.scores[next]
                    let values = reader.values[next * width..<(next + 1) * width]
                    let unknown =
                        judgement.calibration == nil || !values.contains(where: \.isNaN)
                        ? nil
                        : masked.pValue(of: score, values, judgement, missing: MissingValues(), using: workspace)
                    tally.take(
                        scorer.logLikelihoods[next], score: score,
                        in: scorer.groups.isEmpty ? nil : scorer.groups[next],
                        isFlagged: unknown.map { $0.isAnomaly(judgement.alpha) == true }, group)
                    next += 1
                }
            }
        }
    }

    /// Whether the label says that a row is an anomaly.
    private func group(
        of cell: @autoclosure () -> String?, number: Int, _ labels: RowSchema?
    ) throws(TableError) -> ScoreTally.Group {
        guard let label, let labels else { return .unlabelled }
        let text = cell().map(NumberText.normalised)
        switch text.flatMap({ try? labels.read($0, column: 0, options: ReadingOptions(refusesUnseen: true)).number })
        {
        case 1?: return .anomaly
        case 0?: return .normal
        default:
            throw TableError(path: data, column: label, problem: .rowUnlabelled(number: number, text: text))
        }
    }

    /// Whose share of flagged rows is told, what it is called, and what it is a share of.
    private static let shares: [(ScoreTally.Group, title: String, of: String)] = [
        (.unlabelled, "anomalies", "rows"), (.normal, "false alarms", "normal rows"),
        (.anomaly, "detected", "anomalies"),
    ]

    /// What `lines` tell, numbers in full: an interval is its two ends, null where there is none.
    private func json(_ tally: ScoreTally, _ card: ModelCard, _ judgement: Judgement) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("model", card.name)
        json.member("version", card.version)
        json.member("rows", tally.rowCount)
        json.member("not_scored", tally.impossibleCount)
        json.member("nats", tally.nats)
        json.member("bits_per_dimension", bitsPerDimension(tally, card))
        if label != nil {
            json.member("normal_nats", tally.nats(of: .normal))
            json.member("anomaly_nats", tally.nats(of: .anomaly))
            json.member("auroc", tally.ranking?.auroc)
            json.member("average_precision", tally.ranking?.averagePrecision)
        }
        json.member("statistic", judgement.statistic.rawValue)
        json.member("alpha", judgement.alpha)
        for (group, title, _) in Self.shares {
            guard judgement.canJudge, let flagged = tally.flagged(group) else { continue }
            json.member(title.split(separator: " ").joined(separator: "_"), flagged)
        }
        if let note = judgement.note { json.member("note", note) }
        json.endObject()
        return json.bytes
    }

    /// NaN where no row was scored.
    private func bitsPerDimension(_ tally: ScoreTally, _ card: ModelCard) -> Double {
        tally.nats.count > 0 ? tally.nats.mean / (Double(card.variables.count) * log(2)) : .nan
    }

    private func lines(_ tally: ScoreTally, _ card: ModelCard, _ judgement: Judgement) -> [(String, String)] {
        let bits = bitsPerDimension(tally, card)
        var lines = [("nats a row", text(tally.nats))]
        if tally.nats.count > 0 { lines.append(("bits per dimension", "\(bits.rounded(places: 4))")) }
        if tally.impossibleCount > 0 {
            let rows = rowCount(tally.impossibleCount)
            lines.append(("not scored", "\(rows): ranked as the least likely, in no mean"))
        }
        if label != nil {
            lines.append(("  normal", text(tally.nats(of: .normal))))
            lines.append(("  anomalies", text(tally.nats(of: .anomaly))))
            let ranking = tally.ranking
            lines.append(("AUROC", ranking.map { text($0.auroc) } ?? "none: that needs normal rows and anomalies"))
            if let ranking { lines.append(("average precision", text(ranking.averagePrecision))) }
        }
        for (group, title, rows) in Self.shares {
            guard judgement.canJudge, let flagged = tally.flagged(group) else { continue }
            lines.append((title, "\(text(flagged)) of the \(rows) at alpha \(judgement.alpha)"))
        }
        if let note = judgement.note { lines.append((judgement.canJudge ? "not judged" : "false alarms", note)) }
        return lines
    }

    private func text(_ nats: Moments) -> String {
        guard nats.count > 0 else { return "no rows" }
        return
            "\(nats.mean.rounded(places: 4)) ± \(nats.standardError.rounded(places: 4)), \(rowCount(nats.count))"
    }

    private func rowCount(_ count: Int) -> String { "\(count) row\(count == 1 ? "" : "s")" }

    private func text(_ estimate: Estimate) -> String {
        let value = "\(estimate.value.rounded(places: 5))"
        guard let interval = estimate.interval else { return value }
        return "\(value) (\(interval.lowerBound.rounded(places: 5))…\(interval.upperBound.rounded(places: 5)))"
    }
}

extension JSONWriter {
    /// Null where there were no rows.
    fileprivate mutating func member(_ name: String, _ nats: Moments) {
        key(name)
        guard nats.count > 0 else { return null() }
        beginObject()
        member("mean", nats.mean)
        member("standard_error", nats.standardError)
        member("rows", nats.count)
        endObject()
    }

    fileprivate mutating func member(_ name: String, _ estimate: Estimate?) {
        key(name)
        guard let estimate else { return null() }
        beginObject()
        member("value", estimate.value)
        key("interval")
        if let interval = estimate.interval {
            beginArray()
            number(interval.lowerBound)
            number(interval.upperBound)
            endArray()
        } else {
            null()
        }
        endObject()
    }
}
