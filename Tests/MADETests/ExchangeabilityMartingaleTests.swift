import Foundation
import Testing

@testable import MADE

@Suite struct ExchangeabilityMartingaleTests {
    private func normal(_ generator: inout PhiloxGenerator) -> Double {
        let (u, v) = (Double.random(in: 1e-12..<1, using: &generator), Double.random(in: 0..<1, using: &generator))
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }

    /// Row by row: ranks counted, capital held as it is, the algorithm line by line.
    @Test func itIsTheSimpleJumperOnRandomisedRanks() {
        var generator = PhiloxGenerator(seed: 5)
        // Fewer than there may be classes, so that each calibration row ends one.
        let known = (0..<60).map { _ in normal(&generator) }
        var martingale = ExchangeabilityMartingale(Calibration(logLikelihoods: known), seed: 9)
        var uniforms = PhiloxGenerator(seed: 9)
        let sorted = known.sorted()
        func place(_ value: Double) -> Int { sorted.count { $0 <= value } }
        var seen: [Int] = known.map(place)
        let stakes: [Double] = [-1, 0, 1]
        var capital: [Double] = [1 / 3, 1 / 3, 1 / 3]
        var largest = 1.0
        for row in 0..<300 {
            let value = normal(&generator) - (row > 100 ? 0.7 : 0)
            martingale.take(value)
            let own = place(value)
            let uniform = Double(uniforms.next() >> 11) * 0x1p-53
            let less = Double(seen.count { $0 < own })
            let equal = Double(1 + seen.count { $0 == own })
            let pValue = (less + uniform * equal) / Double(seen.count + 1)
            seen.append(own)
            let all = capital.reduce(0, +)
            for (index, stake) in stakes.enumerated() {
                let spread = 0.99 * capital[index] + 0.01 / 3 * all
                capital[index] = spread * (1 + stake * (pValue - 0.5))
            }
            let total = capital.reduce(0, +)
            largest = max(largest, total)
            #expect(abs(martingale.value / total - 1) < 1e-9)
            #expect(abs(martingale.largestValue / largest - 1) < 1e-9)
        }
        #expect(martingale.rowCount == 300 && largest > 20)
    }

    /// Ville's inequality: 20 is reached with a probability of at most 1 in 20.
    @Test func streamsWithoutDriftRarelyRaiseAnAlarm() {
        var alarms = 0
        let streams = 1000
        for stream in 0..<streams as Range<Int> {
            var generator = PhiloxGenerator(seed: 77, stream: UInt64(stream))
            let known = (0..<50).map { _ in (4 * normal(&generator)).rounded() / 4 }
            var martingale = ExchangeabilityMartingale(Calibration(logLikelihoods: known), seed: UInt64(stream))
            for _ in 0..<200 { martingale.take((4 * normal(&generator)).rounded() / 4) }
            if martingale.largestValue >= 20 { alarms += 1 }
        }
        // Three of its standard deviations above the bound would be 71.
        #expect(alarms <= 50, "\(alarms) of \(streams)")
    }

    @Test func aShiftRaisesAnAlarmAndGrowsWithoutEnd() {
        var generator = PhiloxGenerator(seed: 3)
        let known = (0..<2000).map { _ in normal(&generator) }
        var martingale = ExchangeabilityMartingale(Calibration(logLikelihoods: known), seed: 1)
        for _ in 0..<500 { martingale.take(normal(&generator)) }
        #expect(martingale.largestValue < 20)
        for _ in 0..<300 { martingale.take(normal(&generator) - 1) }
        #expect(martingale.largestValue >= 20)
        for _ in 0..<30_000 { martingale.take(-50) }
        #expect(martingale.value.isFinite && martingale.value > 1e30)
        #expect(martingale.largestValue >= martingale.value)
    }
}
