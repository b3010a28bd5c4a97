public import MADE

/// How rows are judged: by one statistic, against the calibration of a model, at one alpha. A class, as a calibration has so
/// many parts that a copy costs more than to judge a row.
public final class Judgement: Sendable {
    /// Nil of a model that gives no p-values.
    public let calibration: Calibration?
    /// What p-values rank by.
    public let statistic: RowStatistic
    /// The share of normal rows that may be called anomalies. It is never replaced: where no p-value is as small, no row is
    /// judged.
    public let alpha: Double

    /// The alpha that holds where nobody chose one.
    public static let defaultAlpha = 0.01

    /// Whether some row could have a p-value of alpha or less.
    public let canJudge: Bool

    /// Groups of which no row could, where some of another could; nil is the rest.
    private let unjudgedGroups: [Int?]

    /// By the calibration of a model, if it has one; `statistic`: nil is the calibration's default. Precondition: the
    /// calibration has the statistic.
    public init(_ calibration: Calibration?, alpha: Double, statistic: RowStatistic? = nil) {
        self.calibration = calibration
        self.statistic = statistic ?? calibration?.statistic() ?? .likelihood
        self.alpha = alpha
        canJudge = calibration.map { alpha >= $0.smallestPValue } ?? false
        unjudgedGroups =
            calibration.flatMap { calibration in
                calibration.groups.map { groups in
                    (groups.names.indices.filter(groups.isOwn) + [nil]).filter {
                        alpha < calibration.smallestPValue(in: $0)
                    }
                }
            } ?? []
        precondition(calibration?.statistics.contains(self.statistic) ?? (self.statistic == .likelihood))
    }

    /// Whether a row's surprisals must be known to judge it.
    public var needsSurprisals: Bool { statistic != .likelihood }

    /// The statistic of an encoded `row` [D], nats, larger where the row is more unusual: what to sort by. `surprisals` are the
    /// row's [D], where they are needed.
    public func score(of row: Span<Float>, logLikelihood: Double, surprisals: Span<Float>) -> Double {
        calibration?.score(statistic, of: row, logLikelihood: logLikelihood, surprisals: surprisals) ?? 0
            - logLikelihood
    }

    /// The statistics [n] of encoded `rows` [n × D] with these log-likelihoods [n], nats; `surprisals` are [n × D], where they
    /// are needed.
    package func scores(
        of rows: Span<Float>, logLikelihoods: UnsafeBufferPointer<Double>, surprisals: UnsafeBufferPointer<Float>
    ) -> [Double] {
        guard needsSurprisals else { return logLikelihoods.map { 0 - $0 } }
        let width = logLikelihoods.isEmpty ? 0 : rows.count / logLikelihoods.count
        return logLikelihoods.indices.map { row in
            let cells = row * width..<(row + 1) * width
            return score(
                of: rows.extracting(cells), logLikelihood: logLikelihoods[row],
                surprisals: surprisals.span.extracting(cells))
        }
    }

    /// Whether groups of rows have calibrations of their own.
    public var hasGroups: Bool { calibration?.groups != nil }

    /// The group that an encoded `row` [D] is compared with, where there are any; nil: the rest.
    public func group(of row: Span<Float>) -> Int? { calibration?.group(of: row) }

    /// What a group is called: the value that its rows have; nil of the rest.
    public func name(ofGroup group: Int?) -> String? { group.flatMap { calibration?.groups?.names[$0] } }

    /// The groups of encoded `rows` [n × D]; none where there are no groups.
    package func groups(of rows: Span<Float>, width: Int) -> [Int?] {
        guard hasGroups else { return [] }
        return (0..<rows.count / width).map { group(of: rows.extracting($0 * width..<($0 + 1) * width)) }
    }

    /// The p-value of the `score` of a row of `group`; nil without a calibration.
    public func pValue(of score: Double, in group: Int? = nil) -> Double? {
        calibration?.pValue(of: score, by: statistic, in: group)
    }

    /// The p-values of rows' scores, of these `groups` where there are any; none without a calibration.
    package func pValues(of scores: [Double], in groups: [Int?]) -> [Double] {
        guard let calibration else { return [] }
        if groups.isEmpty { return calibration.pValues(of: scores, by: statistic) }
        return zip(scores, groups).map { calibration.pValue(of: $0, by: statistic, in: $1) }
    }

    /// Whether a row of `group` and of this p-value is an anomaly; nil where nobody can tell.
    public func isAnomaly(_ pValue: Double?, in group: Int? = nil) -> Bool? {
        guard canJudge, unjudgedGroups.isEmpty || !unjudgedGroups.contains(group) else { return nil }
        return pValue.map { $0 <= alpha }
    }

    /// Why no row is judged, or none of some groups; nil where rows of all are.
    public var note: String? {
        guard let calibration else { return nil }
        guard !canJudge else { return groupNote(calibration) }
        return
            "no row is judged at alpha \(alpha): with \(calibration.rowCountPhrase) no p-value is below "
            + "\(calibration.smallestPValue)"
    }

    private func groupNote(_ calibration: Calibration) -> String? {
        guard let groups = calibration.groups, !unjudgedGroups.isEmpty else { return nil }
        let shown = unjudgedGroups.prefix(5).map { group in
            "\(group.map { "'\(groups.names[$0])'" } ?? "the rest") (\(calibration.rowCount(of: group)) calibration rows)"
        }
        let more = unjudgedGroups.count - shown.count
        return "no row of these groups is judged at alpha \(alpha), as no p-value is as small: "
            + shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}

extension Calibration {
    /// `200 calibration rows`; of groups the largest's.
    package var rowCountPhrase: String {
        let count = rowCountMax
        return (groups == nil ? "" : "at most ") + "\(count) calibration row\(count == 1 ? "" : "s")"
            + (groups == nil ? "" : " a group")
    }
}
