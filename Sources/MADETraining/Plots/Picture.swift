public import MADE
internal import MADERows

/// Charts of a model and of its measures, as SVG documents that are legible on white and on black.
public enum Picture {
    /// The training curve, the calibration rows' scores with the thresholds, and samples of a model of pictures, as far as
    /// there are any; nil where there is nothing to show.
    ///
    /// - Parameter sample: draws so many rows, `[count × variables]`.
    public static func ofModel(_ card: ModelCard, sample: (_ count: Int) -> [Float]) -> String? {
        var drawing = Drawing()
        var height = 8.0
        if let curve = card.training?.curve, curve.epochs.count > 1 {
            draw(curve, offset: height, in: &drawing)
            height += Chart.height
        }
        if let calibration = card.calibration {
            let judgement = Judgement(calibration, alpha: Judgement.defaultAlpha)
            ScoreCharts.histogram(
                [("calibration", calibration.scores(judgement.statistic))], judgement: judgement,
                title: "Scores of the calibration rows", offset: height, in: &drawing)
            height += Chart.height
        }
        if let imageWidth = card.imageWidth {
            let sheet = SampleSheet(
                imageWidth: imageWidth, pixels: shades(sample(SampleSheet.count), of: card.variables))
            sheet.draw(offset: height, in: &drawing)
            height += sheet.height
        }
        guard height > 8 else { return nil }
        return drawing.document(width: Chart.width, height: height, title: "\(card.name), version \(card.version)")
    }

    /// The scores of a table's rows with the thresholds, and how many rows are flagged at each alpha. The tally must keep
    /// its scores, and have at least one row.
    public static func ofScores(_ tally: ScoreTally, _ card: ModelCard) -> String {
        var drawing = Drawing()
        var height = 8.0
        let unlabelled = tally.scores(of: .unlabelled)
        let normal = unlabelled.isEmpty ? tally.scores(of: .normal) : unlabelled
        let anomalies = tally.scores(of: .anomaly)
        let name = unlabelled.isEmpty ? "normal rows" : "rows"
        let groups = [(name: name, scores: normal), (name: "anomalies", scores: anomalies)]
        ScoreCharts.histogram(
            groups, judgement: tally.judgement, title: "Scores", offset: height, in: &drawing)
        height += Chart.height
        if tally.judgement.calibration != nil {
            ScoreCharts.calibration(
                normal: tally.pValues(of: unlabelled.isEmpty ? .normal : .unlabelled),
                anomalies: tally.pValues(of: .anomaly), name: name, tally.judgement, offset: height, in: &drawing)
            height += Chart.height
        }
        return drawing.document(width: Chart.width, height: height, title: "\(card.name), version \(card.version)")
    }

    /// The curve without the height of its beginning, which would flatten the rest.
    private static func draw(_ curve: TrainingCurve, offset: Double, in drawing: inout Drawing) {
        let series = [curve.validationNats, curve.trainNats].map { nats in
            zip(curve.epochs, nats).map { (x: Double($0), y: Double($1)) }
        }
        let nats = series.joined().map(\.y).sorted()
        let spread = max(nats[nats.count * 9 / 10] - nats[0], 1e-6)
        let last = Double(curve.epochs.last ?? 1)
        let chart = Chart(
            "Training", x: Axis("passes over the rows", Double(curve.epochs[0])...last),
            y: Axis("nats a row", nats[0] - 0.1 * spread...nats[0] + 1.3 * spread, tickCount: 5), offset: offset,
            in: &drawing)
        chart.line(series[1], .second, in: &drawing)
        chart.line(series[0], .first, in: &drawing)
        chart.legend([("validation", .first), ("training, with its noise", .second)], in: &drawing)
    }

    /// Values as shades 0…1: of numbers between the least and the greatest of training, of labels by their index.
    private static func shades(_ rows: [Float], of variables: [Variable]) -> [Float] {
        rows.enumerated().map { index, value in
            switch variables[index % variables.count].kind {
            case .binary: return value
            case .categorical(let categories):
                return min(value / Float(max(categories.labels.count - 1, 1)), 1)
            case .real(let encoding):
                guard let low = encoding.minimum, let high = encoding.maximum, high > low else { return 0 }
                return Float(min(max((encoding.decode(value) - low) / (high - low), 0), 1))
            }
        }
    }
}
