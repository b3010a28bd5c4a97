/// Scores as blocks of numbers, for programs that would read them out of text again. Little-endian, one block after another:
///
/// - the number of rows n and the bytes of the errors, both `UInt32`;
/// - log-likelihoods, scores and p-values, each `Float64` [n]: NaN where there is none;
/// - anomalies, `UInt8` [n]: 0 no, 1 yes, 2 where nobody can tell;
/// - errors, UTF-8, one behind the other, each `UInt32` [n] before them being where that of a row ends; an empty one is none.
package struct ScoreBlocks: ScoreOutput {
    private let isCalibrated: Bool
    private var logLikelihoods: [Double] = []
    private var scores: [Double] = []
    private var pValues: [Double] = []
    private var anomalies: [UInt8] = []
    private var errors: [UInt8] = []
    private var errorEnds: [UInt32] = []

    /// Without a calibration rows have no score, as `ScoreLines` has it.
    package init(isCalibrated: Bool) { self.isCalibrated = isCalibrated }

    package mutating func begin(hasHeader: Bool) {}

    package mutating func write(_ row: ScoredRow, kept: KeptCells) {
        append(row.logLikelihood, isCalibrated ? row.score : .nan, row.pValue ?? .nan, isAnomaly: row.isAnomaly)
    }

    package mutating func write(fault detail: String, row: Int, kept: KeptCells) {
        errors.append(contentsOf: detail.utf8)
        append(.nan, .nan, .nan, isAnomaly: nil)
    }

    private mutating func append(_ logLikelihood: Double, _ score: Double, _ pValue: Double, isAnomaly: Bool?) {
        logLikelihoods.append(logLikelihood)
        scores.append(score)
        pValues.append(pValue)
        anomalies.append(isAnomaly.map { $0 ? 1 : 0 } ?? 2)
        errorEnds.append(UInt32(errors.count))
    }

    /// A block of all rows since the last one; nothing where there were none.
    package mutating func take() -> [UInt8] {
        guard !anomalies.isEmpty else { return [] }
        defer { self = ScoreBlocks(isCalibrated: isCalibrated) }
        var block: [UInt8] = []
        block.reserveCapacity(8 + 29 * anomalies.count + errors.count)
        append([UInt32(anomalies.count), UInt32(errors.count)], to: &block)
        for column in [logLikelihoods, scores, pValues] { append(column.map(\.bitPattern), to: &block) }
        block += anomalies
        append(errorEnds, to: &block)
        block += errors
        return block
    }

    private func append(_ numbers: [some FixedWidthInteger], to block: inout [UInt8]) {
        numbers.map(\.littleEndian).withUnsafeBytes { block.append(contentsOf: $0) }
    }

    package var heldByteCount: Int { 0 }

    package mutating func finish() -> [[UInt8]] { [] }
}
