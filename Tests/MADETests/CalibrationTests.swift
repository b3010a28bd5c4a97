import MADE
import Testing

@Suite struct CalibrationTests {
    @Test func thePValueCountsWhatIsAtMostAsLikely() {
        let calibration = Calibration(logLikelihoods: [-1, -3, -2, -2])
        #expect(calibration.logLikelihoods == [-3, -2, -2, -1])
        #expect(calibration.pValue(of: -4) == 0.2)
        #expect(calibration.pValue(of: -3) == 0.4)
        #expect(calibration.pValue(of: -2.5) == 0.4)
        #expect(calibration.pValue(of: -2) == 0.8)
        #expect(calibration.pValue(of: 0) == 1)
        #expect(calibration.smallestPValue == 0.2)
    }

    /// Rank of a new draw among n: P(p-value ≤ alpha) ≤ alpha, with equality where alpha (n + 1) is whole.
    @Test(arguments: [UInt64(1), 2])
    func theFalseAlarmRateIsAlpha(seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        var alarms = 0
        for _ in 0..<4000 {
            let calibration = Calibration(logLikelihoods: (0..<99).map { _ in Double(generator.uniform()) })
            if calibration.pValue(of: Double(generator.uniform())) <= 0.1 { alarms += 1 }
        }
        let deviation = (0.1 * 0.9 / 4000).squareRoot()
        #expect(abs(Double(alarms) / 4000 - 0.1) < 4 * deviation, "seed \(seed): \(alarms) of 4000")
    }

    /// With ties, and of a few and of many rows.
    @Test func thePValuesOfManyRowsAreThoseOfEach() {
        for seed in 0..<60 as Range<UInt64> {
            var generator = PhiloxGenerator(seed: seed)
            let draws = { (count: Int) in
                (0..<count).map { _ in (Double.random(in: -9...9, using: &generator) * 2).rounded() / 2 }
            }
            let calibration = Calibration(logLikelihoods: draws(Int(seed) + 1))
            let scores = draws(Int(seed * seed) % 90) + [0, -0.0, .infinity, -.infinity, .nan, 40, -40]
            #expect(
                calibration.pValues(of: scores, by: .likelihood)
                    == scores.map { calibration.pValue(of: $0, by: .likelihood) }, "seed \(seed)")
            #expect(calibration.pValues(of: [], by: .likelihood).isEmpty)
        }
    }
}
