internal import MADE

/// Scores as values.
final class ScoreCollector: ScoreOutput {
    private(set) var scores: [RowScore] = []
    private(set) var faults: [RowFault] = []
    private let explainer: CellExplainer
    private let judgement: Judgement

    init(_ explainer: CellExplainer, _ judgement: Judgement) {
        self.explainer = explainer
        self.judgement = judgement
    }

    func begin(hasHeader: Bool) {}

    func write(_ row: ScoredRow, kept: KeptCells) {
        scores.append(
            RowScore(
                index: scores.count + faults.count, logLikelihood: row.logLikelihood,
                standardError: row.estimate?.standardError ?? 0, score: row.score, pValue: row.pValue,
                isAnomaly: row.isAnomaly, group: judgement.name(ofGroup: row.group),
                explanation: (row.explanation ?? []).map(explainer.column)))
    }

    func write(fault detail: String, row: Int, kept: KeptCells) {
        faults.append(RowFault(index: row, description: detail))
    }

    func take() -> [UInt8] { [] }

    var heldByteCount: Int { 0 }

    func finish() -> [[UInt8]] { [] }
}
