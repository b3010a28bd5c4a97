/// How well scores rank anomalies before normal rows.
public struct Ranking: Sendable, Equatable {
    /// The probability that an anomaly's score is higher than a normal row's, equal ones counting half, with the
    /// interval of DeLong et al. 1988 (eq. 5–7, by the mid-ranks of Sun and Xu 2014) on the scale of log-odds.
    public let auroc: Estimate
    /// Σ (R_k − R_{k−1}) P_k over the different scores k from the highest, P_k and R_k being precision and recall of the
    /// rows that score at least as high: rows of equal score are taken together. The interval is the one of Boyd, Eng
    /// and Page 2013 (section 3.2) on the scale of log-odds.
    public let averagePrecision: Estimate

    /// A run of equal scores in ascending order.
    private struct Tie {
        var anomalyCount = 0
        var normalCount = 0
    }

    /// `scores` [n], higher being more anomalous; no NaN. Nil where all rows, or none, are anomalies.
    public init?(scores: [Double], areAnomalies: [Bool]) {
        precondition(scores.count == areAnomalies.count && scores.allSatisfy { !$0.isNaN })
        let anomalyCount = areAnomalies.count(where: \.self)
        let normalCount = scores.count - anomalyCount
        guard anomalyCount > 0 && normalCount > 0 else { return nil }
        var ties: [Tie] = []
        var last = Double.nan
        for index in scores.indices.sorted(by: { scores[$0] < scores[$1] }) {
            if scores[index] != last { ties.append(Tie()) }
            last = scores[index]
            if areAnomalies[index] {
                ties[ties.count - 1].anomalyCount += 1
            } else {
                ties[ties.count - 1].normalCount += 1
            }
        }
        auroc = Self.auroc(ties, anomalyCount: anomalyCount, normalCount: normalCount)
        averagePrecision = Self.averagePrecision(ties, anomalyCount: anomalyCount)
    }

    /// Of each anomaly the share of normal rows below it, of each normal row the share of anomalies above it: both have
    /// the area as their mean, and its variance is that of the two means.
    private static func auroc(_ ties: [Tie], anomalyCount: Int, normalCount: Int) -> Estimate {
        let (m, n) = (Double(anomalyCount), Double(normalCount))
        var anomalies = Moments()
        var normals = Moments()
        var anomaliesBelow = 0
        var normalsBelow = 0
        for tie in ties {
            let below = (Double(normalsBelow) + Double(tie.normalCount) / 2) / n
            let above = (m - Double(anomaliesBelow) - Double(tie.anomalyCount) / 2) / m
            anomalies.take(below, count: tie.anomalyCount)
            normals.take(above, count: tie.normalCount)
            anomaliesBelow += tie.anomalyCount
            normalsBelow += tie.normalCount
        }
        let variance = anomalies.varianceOfMean + normals.varianceOfMean
        return Estimate(value: anomalies.mean, standardError: variance.squareRoot())
    }

    private static func averagePrecision(_ ties: [Tie], anomalyCount: Int) -> Estimate {
        var anomaliesSoFar = 0
        var rowsSoFar = 0
        var sum = 0.0
        for tie in ties.reversed() {
            anomaliesSoFar += tie.anomalyCount
            rowsSoFar += tie.anomalyCount + tie.normalCount
            sum += Double(tie.anomalyCount) * Double(anomaliesSoFar) / Double(rowsSoFar)
        }
        let value = sum / Double(anomalyCount)
        return Estimate(value: value, standardError: (value * (1 - value) / Double(anomalyCount)).squareRoot())
    }
}
