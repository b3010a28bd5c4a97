import Foundation
import Testing

@testable import MADE

@Suite struct UnseenRarityTests {
    private let variables = [
        Variable(
            name: "number", kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 0.1)),
            unseen: UnseenValues(rowCount: 9_999)),
        Variable(
            name: "label", kind: .categorical(Categories(labels: ["a", "b"])),
            unseen: UnseenValues(rowCount: 99, singletonCount: 4)),
        Variable(name: "flag", kind: .binary(.plusMinusOne)),
        Variable(
            name: "gap", kind: .real(RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 0.1)),
            unseen: UnseenValues(rowCount: 49), hasMissing: true),
    ]

    @Test func itAddsUpTheSharesOfRowsWithAnUnseenValueInTheColumn() {
        let unseen = UnseenRarity(variables)
        let hole = log(10_000 / 0.5)
        let label = log(100 / 4.5)
        let known: [Float] = [-4, 1, 0, Variable.missingValue]
        #expect(unseen.nats(of: known.span) == 0)
        // Not known is not unseen.
        #expect(unseen.nats(of: [Float](repeating: .nan, count: 4).span) == 0)
        let both: [Float] = [variables[0].valueOfMissing, Variable.unseenValue, 1, 0]
        #expect(abs(unseen.nats(of: both.span) - hole - label) < 1e-12)
        let found = unseen.nats(of: (known + both).span, count: 2)
        #expect(found[0] == 0 && abs(found[1] - hole - label) < 1e-12)
    }

    /// The same in a row that is scored and in a calibration row, or p-values are not valid.
    @Test func aLostFieldRanksAboveRowsOfSmallerDensity() throws {
        var generator = PhiloxGenerator(seed: 4)
        let unseen = UnseenRarity(variables)
        var tally = CellCalibrationTally(variableCount: 4)
        // Surprisals of numbers reach far above what a hole costs.
        let surprisals = (0..<400).map { _ in Float(-4 * log(Double.random(in: 1e-9..<1, using: &generator))) }
        let logLikelihoods = stride(from: 0, to: 400, by: 4).map { -Double(surprisals[$0..<$0 + 4].reduce(0, +)) }
        let lost: [Float] = [variables[0].valueOfMissing, 0, 0, 0]
        var rows = [Float](repeating: 0, count: 400)
        rows.replaceSubrange(28..<32, with: lost)
        tally.add(
            logLikelihoods: logLikelihoods, surprisals: surprisals.span,
            unseen: unseen.nats(of: rows.span, count: 100))
        let cells = try #require(tally.calibration)
        let calibration = Calibration(logLikelihoods: logLikelihoods, cells: cells, variables: variables)
        let own: [Float] = [Float(variables[0].unseen?.surprisal ?? 0), 1, 1, 1]
        let whole: [Float] = [0, 0, 0, 0]
        for statistic in [RowStatistic.cells, .combined] {
            let without = calibration.score(statistic, of: whole.span, logLikelihood: -8, surprisals: own.span)
            let score = calibration.score(statistic, of: lost.span, logLikelihood: -8, surprisals: own.span)
            #expect(abs(score - without - log(20_000)) < 1e-9)
            #expect(calibration.pValue(of: without, by: statistic) > 0.1)
            #expect(calibration.pValue(of: score, by: statistic) <= 0.05)
            // The calibration row that lost the field is on top, too.
            let all = calibration.scores(statistic)
            #expect(all[99] - all[98] > log(20_000) / 4)
        }
    }
}
