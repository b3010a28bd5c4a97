import Foundation
import Oracle
import Testing

@testable import MADE

struct EncodingTests {
    private func encoding(
        _ centre: Double, _ scale: Double, linearWidth: Double? = nil, step: Double? = nil, resolution: Double? = nil,
        within range: (Double, Double)? = nil, support: [Double] = []
    ) -> RealEncoding {
        RealEncoding(
            centre: centre, scale: scale, linearWidth: linearWidth, componentCount: 2, scaleFloor: 0.05, step: step,
            resolution: resolution, minimum: range?.0, maximum: range?.1, support: support)
    }

    /// Encodings whose numbers have more digits than a float, or fewer, and those of random models.
    private var encodings: [RealEncoding] {
        var generator = PhiloxGenerator(seed: 1)
        return [
            encoding(1.7e12, 1e10, step: 1, within: (1_690_000_000_123, 1_700_000_000_457)),
            encoding(1e9, 1, within: (999_999_999, 1_000_000_001)), encoding(1e9, 1, step: 1), encoding(0, 1e-60),
            encoding(3e-61, 1e-60, within: (0, 1e-60)), encoding(0, 1, resolution: 0.001, within: (-0.5, 0.741)),
            encoding(12.345, -2.5, resolution: 0.001, within: (12, 14.1)), encoding(-4e5, 1e9, resolution: 0.25),
            encoding(0.1, 3, within: (0.1, 0.7)), encoding(1e300, 1e299), encoding(2, 0.7, step: 1e-3),
            encoding(0, -1, step: 1, within: (-1, 0)), encoding(5e17, 1e15, step: 5, within: (0, 1e18)),
            encoding(60, 9, linearWidth: 10, step: 0.01, within: (12, 90_000)),
            encoding(0.2, -0.6, linearWidth: 0.05, within: (-100, 3)),
            encoding(11, 4, step: 0.01, within: (5.31, 30.9), support: [5.31, 5.32, 6.07, 6.08, 9.92, 9.93, 17.5]),
            encoding(2, -0.3, support: [1.93, 2.28, 8 / 3.0, 2.6783333333333337]),
            encoding(60, 9, linearWidth: 10, within: (0, 5000), support: [0, 0.1, 300 / 7.0, 999.99]),
        ] + (0..<40).map { RandomModel.realEncoding(hasStep: $0 % 2 == 0, using: &generator) }
    }

    @Test func samplesAreCodesOfTheirNumbersWithinTheRange() {
        for (index, encoding) in encodings.enumerated() {
            var generator = PhiloxGenerator(seed: UInt64(index))
            let variable = Variable(name: "x", kind: .real(encoding))
            let compiled = CompiledModel(
                RandomModel.mixed(
                    [variable, Variable(name: "b", kind: .binary(.identity))], hiddenWidths: [8],
                    memberCount: 2, using: &generator))
            let rows = compiled.sample(
                SamplingRequest(count: 3000, seed: UInt64(index)), using: compiled.makeWorkspace()
            ).rows
            let samples = stride(from: 0, to: rows.count, by: 2).map { rows[$0] }
            let numbers = samples.map(variable.decode)
            #expect(zip(samples, numbers).allSatisfy { $0.bitPattern == variable.encode($1).bitPattern }, "\(encoding)")
            #expect(numbers.allSatisfy { $0 >= encoding.minimum ?? -.infinity }, "\(encoding)")
            #expect(numbers.allSatisfy { $0 <= encoding.maximum ?? .infinity }, "\(encoding)")
            if !encoding.support.isEmpty {
                #expect(Set(numbers).isSubset(of: encoding.support) && Set(numbers).count > 1, "\(encoding)")
            } else if let (over, under) = encoding.grid {
                #expect(numbers.allSatisfy { ($0 * under / over).rounded() * over / under == $0 }, "\(encoding)")
            }
        }
    }

    /// What a row has is shown as it is, on the list or not.
    @Test func numbersOffTheSupportStayWhatTheyAre() {
        let rates = encoding(11, 4, step: 0.01, support: [5.31, 5.32, 9.92, 9.93])
        for number in [5.31, 5.33, 9.92, 9.95, 0.99, 99.3] { #expect(rates.decode(rates.encode(number)) == number) }
        for (number, own) in [(0, 5.31), (5.314, 5.31), (5.316, 5.32), (7.62, 5.32), (9.9251, 9.93), (99, 9.93)] {
            #expect(rates.own(number) == own)
        }
        let steps = encoding(11, 4, step: 0.5)
        #expect(steps.own(7.3) == 7.5)
    }

    @Test func decimalsComeBackAsTheyAreWritten() {
        for (resolution, digits) in [(1.0, 0), (0.1, 1), (0.01, 2), (0.001, 3), (1e-6, 6)] {
            let encoding = encoding(3.3, 0.4, resolution: resolution)
            for step in -500...500 {
                let number = Double(String(format: "%.\(digits)f", Double(step) * resolution)) ?? .nan
                #expect(encoding.decode(encoding.encode(number)) == number, "\(number)")
            }
        }
    }

    @Test func ofTheCentreThereIsOneZero() {
        for encoding in encodings {
            let code = encoding.encode(encoding.transform.inverse(encoding.centre))
            #expect(code == 0 && code.sign == .plus, "\(encoding)")
            #expect(encoding.encode(.nan).isNaN && encoding.decode(.nan).isNaN)
            #expect(encoding.encode(.greatestFiniteMagnitude).isFinite)
            #expect(encoding.encode(-.greatestFiniteMagnitude).isFinite)
        }
    }

    @Test func numbersThatDifferByAScaleDifferByOne() {
        // Seconds and milliseconds since 1970 among them.
        let pairs: [(Double, Double, Double)] = [
            (1.7e9, 1_700_000_001, 1), (999_999_999, 1_000_000_001, 2), (0, 1e-60, 1e-60),
            (1_700_000_000_000, 1_700_000_000_001, 1), (1_700_000_000_000, 1_700_086_400_000, 86_400_000),
            (1e-9, 2e-9, 1e-9), (1e18, 1_000_000_000_000_000_256, 256),
        ]
        for (number, other, scale) in pairs {
            for centre in [number, other] {
                let encoding = encoding(centre, scale)
                #expect(abs(encoding.encode(other) - encoding.encode(number) - 1) < 1e-6, "\(number), \(other)")
            }
        }
    }
}

// MARK: - Units of the data do not matter

extension EncodingTests {
    /// What a model gives of a column in one unit, to be compared with another.
    private struct Answers: Equatable {
        var codes: [UInt32]
        var scores: [UInt64]
        var samples: [UInt32]

        init(_ encoding: RealEncoding, seed: UInt64, numbers: [Double]) {
            var generator = PhiloxGenerator(seed: seed)
            let variables = [
                Variable(name: "x", kind: .real(encoding)),
                Variable(name: "c", kind: .categorical(Categories(labels: ["a", "b", "c"]))),
                Variable(name: "y", kind: .real(encoding)),
            ]
            let compiled = CompiledModel(
                RandomModel.mixed(variables, hiddenWidths: [12, 12], direct: true, memberCount: 2, using: &generator))
            let rows: [Float] = numbers.flatMap { [encoding.encode($0), 1, encoding.encode(-$0)] }
            codes = rows.map(\.bitPattern)
            scores = compiled.scores(rows).map(\.bitPattern)
            samples = compiled.sample(
                SamplingRequest(count: 200, seed: seed), using: compiled.makeWorkspace()
            ).rows.map(\.bitPattern)
        }
    }

    @Test func powersOfTwoOfTheUnitLeaveEveryBit() {
        for seed in UInt64(0)..<12 {
            var generator = PhiloxGenerator(seed: seed)
            // Whole numbers, or quarters, or any numbers.
            let step: Double? = [1, 0.25, nil][Int(seed % 3)]
            let numbers = (0..<50).map { _ in Double(Int.random(in: -3000...3000, using: &generator)) / 4 }
            let base = RealEncoding(
                centre: 17, scale: 130, componentCount: 3, scaleFloor: 0.02, step: step, minimum: -900, maximum: 800)
            let answers = Answers(base, seed: seed, numbers: numbers)
            for exponent in [-180, -30, -1, 3, 40, 200] {
                let factor = exp2(Double(exponent))
                let scaled = RealEncoding(
                    centre: base.centre * factor, scale: base.scale * factor, componentCount: 3, scaleFloor: 0.02,
                    step: step.map { $0 * factor }, minimum: -900 * factor, maximum: 800 * factor)
                let found = Answers(scaled, seed: seed, numbers: numbers.map { $0 * factor })
                #expect(found == answers, "seed \(seed), 2^\(exponent)")
            }
        }
    }

    @Test func aShiftOfWholeNumbersLeavesEveryBit() {
        let numbers = (0..<40).map { Double($0 * 37 % 101 - 50) }
        let base = encoding(3, 25, step: 1, within: (-60, 70))
        for seed in UInt64(0)..<6 {
            for shift in [-0x1p10, 0x1p20, 0x1p40] {
                var moved = base
                (moved.centre, moved.minimum, moved.maximum) = (3 + shift, -60 + shift, 70 + shift)
                let codes = numbers.map { moved.encode($0 + shift).bitPattern }
                #expect(codes == numbers.map { base.encode($0).bitPattern }, "seed \(seed), \(shift)")
                let (here, there) = (Answers(base, seed: seed, numbers: []), Answers(moved, seed: seed, numbers: []))
                #expect(here.samples == there.samples, "seed \(seed), \(shift)")
            }
        }
    }
}
