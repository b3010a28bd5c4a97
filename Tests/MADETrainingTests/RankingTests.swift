import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// Measures of a ranking against their definitions, by brute force.
@Suite struct RankingTests {
    /// `count` scores of a few different values, some of them anomalies.
    private func draw(_ count: Int, levels: UInt64, seed: UInt64) -> (scores: [Double], areAnomalies: [Bool]) {
        var generator = PhiloxGenerator(seed: seed)
        let areAnomalies = (0..<count).map { $0 == 0 || ($0 > 1 && generator.next() % 4 == 0) }
        return (areAnomalies.map { Double(generator.next() % levels) + ($0 ? Double(levels) / 5 : 0) }, areAnomalies)
    }

    @Test(arguments: [(2, 2), (3, 2), (10, 3), (60, 5), (200, 7), (200, 1000), (301, 1 << 40)] as [(Int, UInt64)])
    func areaAndPrecisionAreTheirDefinitions(_ count: Int, _ levels: UInt64) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let (scores, areAnomalies) = draw(count, levels: levels, seed: seed)
            let anomalies = zip(scores, areAnomalies).filter(\.1).map(\.0)
            let normals = zip(scores, areAnomalies).filter { !$0.1 }.map(\.0)
            var wins = 0.0
            for anomaly in anomalies {
                for normal in normals { wins += anomaly > normal ? 1 : anomaly == normal ? 0.5 : 0 }
            }
            let ranking = try #require(Ranking(scores: scores, areAnomalies: areAnomalies))
            let area = wins / Double(anomalies.count * normals.count)
            #expect(abs(ranking.auroc.value - area) < 1e-12, "seed \(seed)")

            var precision = 0.0
            var recall = 0.0
            for threshold in Set(scores).sorted(by: >) {
                let hits = anomalies.count { $0 >= threshold }
                let recallNow = Double(hits) / Double(anomalies.count)
                precision += (recallNow - recall) * Double(hits) / Double(scores.count { $0 >= threshold })
                recall = recallNow
            }
            #expect(abs(ranking.averagePrecision.value - precision) < 1e-12, "seed \(seed)")
        }
    }

    @Test func aRankingNeedsRowsOfBothKinds() throws {
        #expect(Ranking(scores: [1, 2], areAnomalies: [false, false]) == nil)
        #expect(Ranking(scores: [1], areAnomalies: [true]) == nil)
        let perfect = try #require(Ranking(scores: [1, 2, 3], areAnomalies: [false, true, true]))
        #expect(perfect.auroc == Estimate(value: 1, standardError: 0) && perfect.auroc.interval == nil)
        let tied = try #require(Ranking(scores: [1, 1, 1, 1], areAnomalies: [true, false, true, false]))
        #expect(tied.auroc.value == 0.5 && tied.averagePrecision.value == 0.5)
    }

    /// Two normal distributions 1.5 apart: the area is Φ(1.5 / √2).
    @Test func intervalsHoldTheTruthInAbout95Of100Samples() throws {
        let truth = 0.5 * erfc(-1.5 / 2)
        var generator = PhiloxGenerator(seed: 11)
        func normal() -> Double {
            (-2 * log(Double.random(in: .leastNonzeroMagnitude...1, using: &generator))).squareRoot()
                * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
        }
        var held = 0
        for _ in 0..<1000 {
            let areAnomalies = (0..<120).map { $0 < 40 }
            let scores = areAnomalies.map { $0 ? normal() + 1.5 : normal() }
            let ranking = try #require(Ranking(scores: scores, areAnomalies: areAnomalies))
            if ranking.auroc.interval?.contains(truth) == true { held += 1 }
        }
        #expect((930...970).contains(held), "\(held) of 1000, seed 11")
    }

    @Test func sharesHaveWilsonsInterval() throws {
        // Brown, Cai and DasGupta's and R's prop.test(correct = FALSE) figures.
        let some = try #require(Estimate(share: 15, of: 148).interval)
        #expect(abs(some.lowerBound - 0.06237) < 1e-4 && abs(some.upperBound - 0.16056) < 1e-4, "\(some)")
        let none = try #require(Estimate(share: 0, of: 20).interval)
        #expect(none.lowerBound == 0 && abs(none.upperBound - 0.16113) < 1e-4, "\(none)")
        #expect(Estimate(share: 20, of: 20).interval?.upperBound == 1)
    }

    @Test func momentsAreThoseOfTheNumbersTheyTook() {
        var moments = Moments()
        for value in [4.0, 7, 13, 16] { moments.take(1e9 + value) }
        moments.take(1e9 + 10, count: 2)
        #expect(moments.count == 6 && moments.mean == 1e9 + 10)
        #expect(abs(moments.standardError - (18.0 / 6).squareRoot()) < 1e-6)
    }

    @Test func aTallyCountsFlagsByGroup() throws {
        let calibration = Calibration(logLikelihoods: (1...99).map { -Double($0) })
        var tally = ScoreTally(Judgement(calibration, alpha: 0.05))
        for (logLikelihood, group) in [
            (-95.5, .normal), (-50, .normal), (-96, .anomaly), (-1000, .anomaly), (-2, .anomaly),
            (-.infinity, .anomaly),
        ]
            as [(Double, ScoreTally.Group)]
        {
            tally.take(logLikelihood, score: -logLikelihood, group)
        }
        #expect(tally.flagged(.normal) == Estimate(share: 1, of: 2))
        #expect(tally.flagged(.anomaly) == Estimate(share: 3, of: 4))
        #expect(tally.flagged(.unlabelled) == nil)
        #expect(tally.nats.count == 5 && tally.nats(of: .normal).mean == 72.75)
        #expect(tally.rowCount == 6 && tally.impossibleCount == 1)
        #expect(tally.ranking?.auroc.value == 6.0 / 8)
    }
}
