import ArgumentParser
import DensityService
import MADE
import MADERows
import MADETraining

/// `made inspect`: the model card, and the proof of the autoregressive property.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the model card, and check that the model is autoregressive.")

    @OptionGroup var source: ModelArguments

    @Option(
        help: """
            An SVG file to write, or such a plot to replace: the training curve, the calibration rows' scores, samples of a \
            model of pictures.
            """)
    var plot: String?

    @OptionGroup var outputs: OutputArguments

    @OptionGroup var results: ResultArguments

    func run() throws {
        let target = try plot.map { try outputs.target($0, .plot, inputs: [source.model]) }
        let (file, read, model, verdict) = try source.loadAll()
        if let target { try writePicture(of: model, to: target) }
        if results.json {
            return try Output.print(
                ModelCardDocument.json(of: file, compiled: model, weights: source.weights, verdict: verdict))
        }
        let last = [("fp16 weights", halves(of: read)), ("autoregressive", proof(verdict))]
        for (title, text) in lines(of: model.card) + last {
            try Output.print(title.padded(to: 16) + text)
        }
    }

    private func writePicture(of model: CompiledModel, to target: OutputTarget) throws {
        let picture = Picture.ofModel(model.card) { count in
            model.sample(SamplingRequest(count: count, seed: 1), using: model.makeWorkspace()).rows
        }
        guard let picture else {
            throw ValidationError("--plot: the model has no training curve, no calibration and no pictures to show")
        }
        try target.write(Array(picture.utf8))
    }

    private func lines(of card: ModelCard) -> [(String, String)] {
        let names = card.variables.map(\.name)
        var lines = [
            ("model", "\(card.name), version \(card.version)"),
            ("variables", card.variables.summary),
        ]
        lines += card.variables.details
        lines += card.schema?.details ?? []
        lines += [
            (
                "hidden layers",
                card.hiddenWidths.isEmpty
                    ? "none"
                    : card.hiddenWidths.map(String.init).joined(separator: ", ") + (card.isResidual ? ", residual" : "")
            ),
            ("activation", card.activation.rawValue),
            ("direct", card.hasDirectConnections ? "input→output connections" : "none"),
            ("parameters", "\(card.parameterCount)"),
            ("members", "\(card.orderings.count), of \(card.networkCount) network\(card.networkCount == 1 ? "" : "s")"),
        ]
        for (index, ordering) in card.orderings.enumerated() {
            lines.append(("ordering \(index)", ordering.variables.map { names[$0] }.shortened(to: 12)))
        }
        if let width = card.imageWidth { lines.append(("image", "\(width) × \(names.count / width) pixels")) }
        if let training = card.training {
            let test = training.testNats.map { ", test \($0.rounded(places: 4))" } ?? ""
            lines.append(
                (
                    "training",
                    "\(training.trainRows) rows, validation \(training.validationRows), \(training.epochs) epochs, seed "
                        + "\(training.seed)"
                ))
            lines.append(
                (
                    "nats a row",
                    "train \(training.trainNats.rounded(places: 4)), validation \(training.validationNats.rounded(places: 4))"
                        + test
                ))
        }
        lines.append(("calibration", card.calibration.map(describe) ?? "none: no p-values"))
        if let calibration = card.calibration, let groups = calibration.groups {
            lines.append(("groups", describe(groups, calibration, of: names[groups.variable])))
        }
        return lines
    }

    private func describe(_ calibration: Calibration) -> String {
        let sorted = calibration.logLikelihoods
        let quantiles = [0.01, 0.05, 0.5].map { share in
            "\(sorted[Int(share * Double(sorted.count - 1))].rounded(places: 3)) (\(Int(share * 100)) %)"
        }
        return "\(sorted.count) rows, log-likelihood \(quantiles.joined(separator: ", ")); "
            + "smallest alpha \(calibration.smallestPValue.rounded(places: 6)), ranked by "
            + calibration.statistics.map(\.rawValue).joined(separator: ", ")
    }

    private func describe(_ groups: GroupCalibration, _ calibration: Calibration, of column: String) -> String {
        let own = groups.names.indices.filter(groups.isOwn).map { "\(groups.names[$0]) (\(groups.rowCounts[$0]) rows)" }
        let rest = calibration.rowCount(of: nil)
        return "\(column): "
            + (own.isEmpty ? "none with \(GroupCalibration.rowCountMin) calibration rows" : own.shortened(to: 12))
            + "; the rest "
            + (groups.hasOwnRest ? "(\(rest) rows)" : "is compared with all \(rest) rows")
    }

    /// What `--weights fp16` would change.
    private func halves(of model: DensityModel) -> String {
        let rowCount = 1000
        do {
            let (most, mean) = CompiledModel(model).difference(
                from: try CompiledModel(model, weights: .fp16), rowCount: rowCount)
            return "change the log-likelihoods of \(rowCount) of its own samples by at most "
                + "\(most.rounded(places: 6)) nats, on average by \(mean.rounded(places: 6))"
        } catch {
            return "not possible: \(error)"
        }
    }

    private func proof(_ verdict: AutoregressiveVerdict) -> String {
        "yes: masks and weights of \(verdict.memberCount) member\(verdict.memberCount == 1 ? "" : "s") connect none of the "
            + "\(verdict.independentPairCount) pairs of an output and an input that is not before it; "
            + "\(verdict.probeCount) rows changed from some position on left every output up to it the same to the bit"
    }
}
