internal import Glibc
internal import MADE
internal import MADERows

/// The charts of rows' scores.
enum ScoreCharts {
    /// Alphas whose thresholds are shown, where the calibration reaches them.
    private static let alphas = [0.05, 0.01, 0.001]
    private static let columnCount = 60

    /// How often scores occur among each group's rows; what lies far beyond the first group is in the last column.
    static func histogram(
        _ all: [(name: String, scores: [Double])], judgement: Judgement, title: String, offset: Double,
        in drawing: inout Drawing
    ) {
        // A row that cannot be scored has no place on the axis.
        let groups = all.map { (name: $0.name, scores: $0.scores.filter(\.isFinite)) }.filter { !$0.scores.isEmpty }
        guard !groups.isEmpty else { return }
        let sorted = groups.map { $0.scores.sorted() }
        let low = sorted.compactMap(\.first).min() ?? 0
        let usual = sorted[0][Int(0.995 * Double(sorted[0].count - 1))]
        // Every group has thresholds of its own: none is the table's.
        let thresholds =
            judgement.hasGroups
            ? nil
            : judgement.calibration.map { calibration in
                let scores = calibration.scores(judgement.statistic)
                return alphas.compactMap { alpha in threshold(alpha, scores).map { (alpha, $0) } }
            }
        let wanted = max(usual, thresholds?.map(\.1).max() ?? usual)
        let last = sorted.compactMap(\.last).max() ?? 0
        let range = low...max(min(last, wanted + max(wanted - low, 1e-9)), low + 1e-9)
        let heights = sorted.map { columns($0, range) }
        let beyond = sorted.reduce(0) { $0 + $1.count { $0 > range.upperBound } }
        let axis = Axis(
            name(judgement.statistic) + ", nats" + (beyond > 0 ? "; \(beyond) rows beyond are in the last column" : ""),
            range)
        let chart = Chart(
            title, x: axis, y: Axis("share of the rows", 0...(heights.joined().max() ?? 1) * 1.08, tickCount: 4),
            offset: offset, in: &drawing)
        let roles: [Drawing.Role] = [.first, .second]
        for (heights, role) in zip(heights, roles) { chart.columns(heights, role, in: &drawing) }
        for (row, threshold) in (thresholds ?? []).enumerated() {
            chart.threshold(threshold.1, "alpha \(Axis.text(threshold.0))", row: row, in: &drawing)
        }
        chart.legend(
            zip(groups, roles).map { ("\($0.name), \($0.scores.count) row\($0.scores.count == 1 ? "" : "s")", $1) },
            in: &drawing)
    }

    /// Shares of the scores in columns of equal width; those beyond the range are in the last one.
    private static func columns(_ scores: [Double], _ range: ClosedRange<Double>) -> [Double] {
        var counts = [Int](repeating: 0, count: columnCount)
        for score in scores {
            let place = (score - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(columnCount)
            counts[max(0, min(columnCount - 1, Int(min(place, Double(columnCount)))))] += 1
        }
        return counts.map { Double($0) / Double(max(scores.count, 1)) }
    }

    private static func name(_ statistic: RowStatistic) -> String {
        switch statistic {
        case .likelihood: "−log p(x)"
        case .cells: "rarity of the most surprising cell"
        case .combined: "rarity of the row and of its most surprising cell"
        }
    }

    /// The score above which a row's p-value is at most `alpha` among calibration scores, which ascend; nil where none is.
    static func threshold(_ alpha: Double, _ scores: [Double]) -> Double? {
        let count = scores.count
        // The largest number of calibration rows that may be as unusual; 1e-9 is for the product's rounding.
        let rowsAbove = Int(alpha * Double(count + 1) + 1e-9) - 1
        return (0..<count).contains(rowsAbove) ? scores[count - 1 - rowsAbove] : nil
    }

    /// The share of the normal rows whose p-value is at most alpha over alpha, which should be alpha, and of anomalies, by their
    /// p-values.
    static func calibration(
        normal: [Double], anomalies: [Double], name: String, _ judgement: Judgement, offset: Double,
        in drawing: inout Drawing
    ) {
        guard let calibration = judgement.calibration else { return }
        let pointCount = 80
        let low = calibration.smallestPValue
        let alphas = (0...pointCount).map { low * pow(1 / low, Double($0) / Double(pointCount)) }
        let pValues = [normal, anomalies].map { $0.sorted() }
        let axis = Axis(logarithmic: "alpha", low...1)
        let chart = Chart(
            "Rows flagged at each alpha", x: axis, y: Axis(logarithmic: "share of the rows", low / 2...1),
            offset: offset, in: &drawing)
        chart.line([(low, low), (1, 1)], .reference, in: &drawing)
        var names: [(String, Drawing.Role)] = []
        for (values, (name, role)) in zip(
            pValues, [(name, .first), ("anomalies", .second)] as [(String, Drawing.Role)])
        where !values.isEmpty {
            let shares = alphas.map { alpha in
                (alpha, Estimate(share: count(values, atMost: alpha), of: values.count))
            }
            let bounds = shares.map { ($0.0, $0.1.interval ?? 0...1) }
            chart.band(
                bounds.map { ($0.0, $0.1.lowerBound) }, bounds.map { ($0.0, $0.1.upperBound) }, role, in: &drawing)
            chart.line(shares.map { ($0.0, $0.1.value) }, role, in: &drawing)
            names.append(("\(name), with 95 % intervals", role))
        }
        chart.legend(names, in: &drawing)
    }

    /// How many of an ascending sequence are at most `bound`, but for rounding.
    private static func count(_ sorted: [Double], atMost bound: Double) -> Int {
        sorted.partitionPoint { $0 <= bound * (1 + 1e-12) }
    }
}
