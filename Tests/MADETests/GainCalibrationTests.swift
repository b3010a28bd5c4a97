import Foundation
import Oracle
import Testing

@testable import MADE

@Suite struct GainCalibrationTests {
    private func random(_ rowCount: Int, _ width: Int, seed: UInt64) -> GainCalibration {
        var generator = PhiloxGenerator(seed: seed)
        // Coarse, so that some are equal; many are 0, as gains are.
        let gains = (0..<rowCount * width).map { _ in max(Float(Int.random(in: -10...20, using: &generator)) / 4, 0) }
        return GainCalibration(gains, variableCount: width)
    }

    @Test func aPValueCountsTheCalibrationRowsThatGainAsMuch() {
        for seed in 0..<20 as Range<UInt64> {
            let calibration = random(37, 5, seed: seed)
            let columns = [0..<1, 1..<4, 4..<5]
            let found = ColumnGains(calibration, columns: columns)
            for (index, column) in columns.enumerated() {
                for gain in [0, 0.25, 1.3, 2, 5, 9] {
                    let count = (0..<37).count { row in
                        column.contains { Double(calibration.gains[row * 5 + $0]) >= gain } || gain == 0
                    }
                    #expect(found.pValue(of: gain, column: index) == Double(1 + count) / 38, "seed \(seed), \(gain)")
                }
            }
            #expect(found.smallestPValue == 1 / 38.0)
        }
    }

    @Test func manyVariablesHaveFewerRows() {
        func rowCount(_ count: Int, _ variableCount: Int, _ kind: Variable.Kind) -> Int {
            let variables = (0..<variableCount).map { Variable(name: "\($0)", kind: kind) }
            return GainCalibration.rowCount(of: count, variables: variables)
        }
        #expect(rowCount(100, 8, .binary(.plusMinusOne)) == 100)
        #expect(rowCount(100_000, 8, .binary(.plusMinusOne)) == 2048)
        #expect(rowCount(100_000, 784, .binary(.plusMinusOne)) == 334)
        #expect(rowCount(100_000, 10_000, .binary(.plusMinusOne)) == 256)
        let number = Variable.Kind.real(RealEncoding(centre: 0, scale: 1, componentCount: 5, scaleFloor: 0.1))
        #expect(rowCount(50, 1000, number) == 50)
        #expect(rowCount(100_000, 64, number) == 2048)
        #expect(rowCount(100_000, 256, number) == 1024)
        // 500 columns with 24 numbers tried each, of 15 outputs: 9e7 outputs a row.
        #expect(rowCount(100_000, 500, number) == 381)
        #expect(rowCount(100_000, 2000, number) == 100)
    }

    private func written(_ change: (inout DensityModel) -> Void = { _ in }, bytes: (inout Data) -> Void = { _ in })
        throws
        -> Calibration?
    {
        var generator = PhiloxGenerator(seed: 3)
        var model = RandomModel.binary(
            variableCount: 2, hiddenWidths: [3], activation: .relu, direct: false, memberCount: 1,
            encoding: .plusMinusOne, using: &generator)
        model.calibration = Calibration(logLikelihoods: [-3, -2, -1], gains: random(3, 2, seed: 1))
        change(&model)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try Checkpoint.write(model, to: file.path)
        var data = try Data(contentsOf: file)
        bytes(&data)
        try data.write(to: file)
        return try Checkpoint.read(file.path).calibration
    }

    @Test func aCheckpointKeepsThem() throws {
        #expect(try written()?.gains == random(3, 2, seed: 1))
        #expect(try written({ $0.calibration = Calibration(logLikelihoods: [-1]) })?.gains == nil)
    }

    @Test func gainsThatCannotBeAreRefused() {
        for wrong in [-1, .nan, .infinity] as [Float] {
            #expect(throws: CheckpointError.self, "\(wrong)") {
                try written({
                    $0.calibration = Calibration(
                        logLikelihoods: [-1], gains: GainCalibration([0, wrong], variableCount: 2))
                })
            }
        }
        // Of one variable more than the model has.
        #expect(throws: CheckpointError.self) {
            try written({
                $0.calibration = Calibration(
                    logLikelihoods: [-1], gains: GainCalibration([0, 1, 2], variableCount: 3))
            })
        }
    }
}
