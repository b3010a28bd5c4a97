import Foundation
import Testing

@testable import MADE

@Suite struct DiscoveryRateTests {
    /// The step-up procedure as the paper has it: the k smallest, for the largest k with p₍ₖ₎ ≤ q k / n.
    private func discoveries(_ pValues: [Double], at rate: Double, of count: Int) -> [Bool] {
        let sorted = pValues.sorted()
        let last = sorted.indices.last { sorted[$0] * Double(count) / Double($0 + 1) <= rate }
        guard let last else { return pValues.map { _ in false } }
        return pValues.map { $0 <= sorted[last] }
    }

    @Test func qValuesSayWhatTheStepUpProcedureFinds() {
        for seed in 0..<100 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let count = Int.random(in: 1...40, using: &generator)
            // Conformal p-values: ranks, some equal.
            let pValues = (0..<count).map { _ in Double(Int.random(in: 1...50, using: &generator)) / 500 }
            let testCount = count + Int.random(in: 0...30, using: &generator)
            let qValues = DiscoveryRate.qValues(pValues, testCount: testCount)
            for rate in [0.01, 0.05, 0.1, 0.3] {
                #expect(
                    qValues.map { $0 <= rate } == discoveries(pValues, at: rate, of: testCount), "seed \(seed), \(rate)"
                )
            }
        }
    }

    @Test func whatHasNoPValueDoesNotCount() {
        let found = DiscoveryRate.qValues([0.01, .nan, 0.2])
        #expect(found[0] == 0.02 && found[1].isNaN && found[2] == 0.2)
        #expect(DiscoveryRate.qValues([]).isEmpty)
    }

    /// Normal rows and anomalies that share a calibration set.
    @Test(arguments: [0.05, 0.1, 0.2]) func theShareOfFalseDiscoveriesIsBounded(rate: Double) {
        var generator = PhiloxGenerator(seed: 11)
        let score = { (shift: Double) in shift - log(Double.random(in: 1e-12..<1, using: &generator)) }
        let rounds = 200
        var shares: [Double] = []
        var found = 0
        for _ in 0..<rounds {
            let calibration = (0..<300).map { _ in score(0) }.sorted()
            let scores = (0..<100).map { score($0 < 20 ? 4 : 0) }
            let pValues = scores.map { score in
                Double(1 + calibration.count - calibration.partitionPoint { $0 < score })
                    / Double(1 + calibration.count)
            }
            let discoveries = DiscoveryRate.qValues(pValues).map { $0 <= rate }
            let (right, wrong) = (discoveries.prefix(20).count { $0 }, discoveries.dropFirst(20).count { $0 })
            shares.append(Double(wrong) / Double(max(right + wrong, 1)))
            found += right
        }
        let mean = shares.reduce(0, +) / Double(rounds)
        let deviation = (shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot() / Double(rounds)
        // 80 of 100 rows are normal, so that the bound is 0.8 of the rate.
        #expect(mean <= 0.8 * rate + 4 * deviation, "\(mean)")
        #expect(found > 2 * rounds, "\(found)")
    }
}
