import Foundation
import Oracle
import Testing

@testable import MADE

struct ExpectedPValueTests {
    /// A random model, calibrated on its own draws, whose real variables have encodings of `scale`.
    private func calibrated(_ seed: UInt64, _ kinds: String, scale: Float = 1) -> CompiledModel {
        var generator = PhiloxGenerator(seed: seed)
        let variables = kinds.enumerated().map { index, kind in
            let real = RealEncoding(
                affine: AffineEncoding(offset: 0, scale: scale), componentCount: 3, scaleFloor: 0.05, inputBound: 3)
            let labels = Categories(labels: ["x", "y", "z"])
            return Variable(name: "v\(index)", kind: kind == "r" ? .real(real) : .categorical(labels))
        }
        var model = RandomModel.mixed(
            variables, hiddenWidths: [32, 32], activation: .tanh, direct: true, isResidual: true, memberCount: 2,
            using: &generator)
        let compiled = CompiledModel(model)
        model.calibration = Calibration(
            logLikelihoods: compiled.sample(
                SamplingRequest(count: 999, seed: 100), using: compiled.makeWorkspace()
            ).logLikelihoods)
        return CompiledModel(model)
    }

    /// `count` draws of the model, of which each value is missing with probability `share`.
    private func incomplete(_ model: CompiledModel, count: Int, share: Float) -> [[Float]] {
        var generator = PhiloxGenerator(seed: 300)
        let rows = model.sample(SamplingRequest(count: count, seed: 200), using: model.makeWorkspace()).rows
        return (0..<count).map { row in
            rows[row * model.variableCount..<(row + 1) * model.variableCount].map {
                generator.uniform() < share ? .nan : $0
            }
        }
    }

    private func pValue(of row: [Float], _ model: CompiledModel, particles: Int) -> Double? {
        model.expectedPValue(
            of: row.span, missing: MissingValues(particles: particles), using: model.makeWorkspace())
    }

    @Test func itIsTheMeanOverAllCompletions() throws {
        let model = calibrated(1, "cccc")
        let calibration = try #require(model.card.calibration)
        for row in incomplete(model, count: 60, share: 0.5) {
            let grid = GridDistribution(model, evidence: row)
            var exact = 0.0
            for (mass, score) in zip(grid.masses, model.scores(grid.rows)) {
                exact += mass / grid.total * calibration.pValue(of: score)
            }
            let found = try #require(pValue(of: row, model, particles: 4000))
            // A p-value's standard deviation is at most a half; weights that differ cost some.
            #expect(abs(found - exact) < 4 * 0.5 / 2000.0.squareRoot(), "\(row): \(found) for \(exact)")
        }
    }

    @Test func aCompleteRowHasItsOwnPValue() throws {
        let model = calibrated(2, "crrc")
        let calibration = try #require(model.card.calibration)
        for row in incomplete(model, count: 20, share: 0) {
            #expect(pValue(of: row, model, particles: 256) == calibration.pValue(of: model.scores(row)[0]))
        }
        var generator = PhiloxGenerator(seed: 2)
        let none = CompiledModel(RandomModel.mixed(model.card.variables, hiddenWidths: [3], using: &generator))
        let row: [Float] = [0, .nan, 0, 0]
        #expect(pValue(of: row, none, particles: 256) == nil)
    }

    @Test func falseAlarmsAreNoMoreThanAlphaInAnyUnits() throws {
        for scale in [Float(100), 0.01] {
            let model = calibrated(3, "crrcrrcr", scale: scale)
            let rows = incomplete(model, count: 600, share: 0.2)
            let pValues = rows.compactMap { pValue(of: $0, model, particles: 32) }
            for alpha in [0.01, 0.05, 0.2] {
                let alarms = Double(pValues.count { $0 <= alpha }) / 600
                // The rows' own chance, and that of the calibration.
                let error = (alpha * (1 - alpha) * (1.0 / 600 + 1.0 / 999)).squareRoot()
                #expect(alarms <= alpha + 4 * error, "scale \(scale), alpha \(alpha)")
                #expect(alarms >= alpha / 4 - 4 * error)
            }
        }
    }

    @Test func unitsDoNotMatter() throws {
        // Powers of two: the same draws to the bit, in other units.
        let models = [calibrated(4, "rcrr", scale: 64), calibrated(4, "rcrr", scale: 0.125)]
        let rows = models.map { incomplete($0, count: 40, share: 0.4) }
        for (narrow, wide) in zip(rows[0], rows[1]) {
            let pair = zip(models, [narrow, wide]).map { model, row in
                // The seed follows from the row's bits, which differ.
                pValue(of: row, model, particles: 4000) ?? .nan
            }
            #expect(abs(pair[0] - pair[1]) < 0.06, "\(pair)")
        }
    }
}
