import Testing

@testable import MADE

@Suite struct DensityCurveTests {
    /// A parabola through 0, 0 and 1 is below 0 between the first two.
    @Test func aShareOfAPanelIsNoLessThanNothingAndNoMoreThanAll() {
        let encoding = RealEncoding(centre: 0, scale: 1, componentCount: 1, scaleFloor: 0.1)
        for (low, middle, high) in [(0.0, 0.0, 1.0), (1, 0, 0), (0.001, 0, 0.8), (0, 1, 0)] {
            let curve = DensityCurve(
                [
                    DensityCurve.Panel(
                        low: 0, high: 1, lowDensity: low, middleDensity: middle, highDensity: high)
                ], encoding)
            let mass = (low + 4 * middle + high) / 6
            for step in 0...20 {
                let found = curve.cdf(Double(step) / 20)
                #expect(found >= 0 && found <= mass + 1e-15, "\(low) \(middle) \(high) at \(step): \(found)")
            }
            #expect(curve.cdf(-1) == 0 && abs(curve.cdf(2) - mass) < 1e-15)
        }
    }
}
