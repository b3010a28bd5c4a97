import Foundation
import MADE
import Oracle
import Testing

/// All ways to deal values to a sample of `n` and one of the rest, as masks.
private func dealings(of total: Int, _ n: Int) -> [UInt32] {
    (0..<(UInt32(1) << UInt32(total))).filter { $0.nonzeroBitCount == n }
}

private func ascending(_ count: Int, _ draw: () -> Double) -> [Double] { (0..<count).map { _ in draw() }.sorted() }

/// How far a share of `count` trials may be from its probability: five standard deviations.
private func margin(_ probability: Double, _ count: Int) -> Double {
    5 * (probability * (1 - probability) / Double(count)).squareRoot()
}

@Suite struct DriftTests {
    /// Against every way to deal the values, ties included.
    @Test func thePValueIsTheShareOfAllDealings() {
        var generator = PhiloxGenerator(seed: 4)
        for (n, m, kinds) in [(5, 5, 1000), (4, 7, 1000), (6, 5, 4), (3, 9, 2), (7, 4, 3), (1, 6, 1000), (5, 6, 1)] {
            let values = (0..<n + m).map { _ in Double(Int.random(in: 0..<kinds, using: &generator)) }
            let deal = { (mask: UInt32, isFirst: Bool) in
                values.indices.filter { (mask >> UInt32($0) & 1 == 1) == isFirst }.map { values[$0] }.sorted()
            }
            let tests = dealings(of: n + m, n).map {
                KolmogorovSmirnov(calibration: deal($0, true), window: deal($0, false))
            }
            for test in tests {
                let share =
                    Double(tests.count { $0.distance >= test.distance - 1e-12 }) / Double(tests.count)
                #expect(abs(test.pValue - share) < 1e-12, "\(n) and \(m) of \(kinds): \(test) and \(share)")
            }
        }
    }

    /// Smirnov's limit, where both are to be had; ends far apart still have a p-value above nothing.
    @Test func theLimitAndTheExactValueMeet() {
        let first = (0..<400).map(Double.init)
        for shift in [10.3, 25.3, 40.3] {
            let test = KolmogorovSmirnov(calibration: first, window: first.map { $0 + shift })
            let lambda = test.distance * 200.0.squareRoot()
            var limit = 0.0
            for k in 1...50 { limit += (k % 2 == 1 ? 2 : -2) * exp(-2 * Double(k * k) * lambda * lambda) }
            #expect(abs(test.pValue - limit) < 0.05 * limit + 0.01, "\(test) \(limit)")
        }
        let far = KolmogorovSmirnov(calibration: first, window: first.map { $0 + 1000 })
        #expect(far.distance == 1 && far.pValue > 0 && far.pValue < 1e-100)
    }

    /// The false-alarm rate of a window is alpha although all of its p-values come from one calibration. A test of one sample
    /// against the uniform distribution gives far more alarms: the calibration's own error is what it sees.
    @Test(arguments: [UInt64(1), 2])
    func withoutDriftAlarmsAreAsRareAsTheirPValueSays(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let (n, m, trials) = (60, 240, 1500)
        var alarms = 0
        var naiveAlarms = 0
        var crowds = 0
        for _ in 0..<trials {
            let calibration = Calibration(logLikelihoods: ascending(n) { Double(generator.uniform()) })
            let window = ascending(m) { Double(generator.uniform()) }
            if KolmogorovSmirnov(calibration: calibration.logLikelihoods, window: window).pValue <= 0.05 { alarms += 1 }
            let pValues = window.map { calibration.pValue(of: $0) }
            let distance = pValues.enumerated().map { abs(Double($0.offset + 1) / Double(m) - $0.element) }.max() ?? 0
            if distance * Double(m).squareRoot() > 1.358 { naiveAlarms += 1 }
            let count = pValues.count { $0 <= 0.1 }
            if AnomalyShare(count: count, rowCount: m, alpha: 0.1, calibration: calibration).pValue <= 0.05 {
                crowds += 1
            }
        }
        let rates = [alarms, crowds].map { Double($0) / Double(trials) }
        for rate in rates {
            #expect(rate < 0.05 + margin(0.05, trials), "seed \(seed): \(rates)")
            // Both statistics are discrete: the rate is the largest attainable one below 0.05.
            #expect(rate > 0.03 - margin(0.05, trials), "seed \(seed): \(rates)")
        }
        #expect(naiveAlarms > trials / 3, "seed \(seed): \(naiveAlarms) of \(trials)")
    }

    /// Rows of a few binary variables: the same log-likelihoods again and again.
    @Test(arguments: [UInt64(3), 4])
    func tiesGiveNoMoreAlarms(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let model = CompiledModel(RandomModel.binary(variableCount: 4, hiddenWidths: [6], using: &generator))
        let workspace = model.makeWorkspace()
        let trials = 1000
        var alarms = 0
        for trial in 0..<trials {
            let drawn = model.sample(
                SamplingRequest(count: 250, seed: seed << 32 | UInt64(trial)), using: workspace
            ).logLikelihoods
            let (calibration, window) = (drawn[..<50].sorted(), drawn[50...].sorted())
            if KolmogorovSmirnov(calibration: calibration, window: window).pValue <= 0.05 { alarms += 1 }
        }
        let rate = Double(alarms) / Double(trials)
        #expect(rate < 0.05 + margin(0.05, trials) && rate > 0.01, "seed \(seed): \(rate)")
    }

    /// Equal rows are equal although another processor gave the calibration its last bits.
    @Test func lastBitsAreNoDrift() {
        let values = (0..<300).map { Double(-1 - $0 % 7) }
        let other = values.map { $0 * (1 + 1e-7) }
        #expect(KolmogorovSmirnov(calibration: values.sorted(), window: other.sorted()).distance == 0)
    }

    @Test func aShiftIsFound() {
        var generator = PhiloxGenerator(seed: 6)
        let calibration = ascending(1000) { Double(generator.uniform()) }
        let window = ascending(10_000) { 0.9 * Double(generator.uniform()) }
        let test = KolmogorovSmirnov(calibration: calibration, window: window)
        #expect(test.distance > 0.05 && test.pValue < 0.01)
        let share = AnomalyShare(
            count: 250, rowCount: 10_000, alpha: 0.01, calibration: Calibration(logLikelihoods: calibration))
        #expect(share.share == 0.025 && share.pValue < 0.01)
    }

    /// P(X ≥ x) by counting dealings.
    @Test func theAnomalyCountHasTheRightTail() {
        let (n, m, alpha) = (5, 6, 0.4)
        let calibrations = dealings(of: n + m, n).map { mask in
            (0..<n + m).filter { mask >> UInt32($0) & 1 == 1 }
        }
        let counts = calibrations.map { places in
            // Two p-values of six are at most 0.4: live values below the second calibration value have them.
            places[1] - 1
        }
        let calibration = Calibration(logLikelihoods: (0..<n).map(Double.init))
        #expect(calibration.pValueCount(upTo: alpha) == 2 && calibration.pValueCount(upTo: 1) == 6)
        #expect(calibration.pValueCount(upTo: 0.5) == 3 && calibration.pValueCount(upTo: 0.16) == 0)
        for count in 0...m {
            let share = Double(counts.count { $0 >= count }) / Double(counts.count)
            let found = AnomalyShare(count: count, rowCount: m, alpha: alpha, calibration: calibration).pValue
            #expect(abs(found - share) < 1e-12, "\(count): \(found) and \(share)")
        }
    }

    @Test func aTallyGivesMeansAndDeviations() throws {
        var tally = SurprisalTally(variableCount: 2)
        #expect(tally.summary == nil)
        tally.add([1, 10, 3, 10].span)
        tally.add([5, 10].span)
        let summary = try #require(tally.summary)
        #expect(tally.rowCount == 3 && summary.means == [3, 10])
        #expect(abs(summary.standardDeviations[0] - 2) < 1e-12 && summary.standardDeviations[1] == 0)
    }
}
