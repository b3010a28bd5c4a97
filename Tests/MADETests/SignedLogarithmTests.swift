import Foundation
import Oracle
import Testing

@testable import MADE

/// Numbers that are encoded by their signed logarithm.
@Suite struct SignedLogarithmTests {
    private static let encodings = [
        RealEncoding(centre: 60, scale: 9, linearWidth: 10, unit: 3000, componentCount: 3, scaleFloor: 0.05),
        RealEncoding(centre: 0.1, scale: -0.2, linearWidth: 0.25, componentCount: 2, scaleFloor: 0.3),
        RealEncoding(centre: -4e5, scale: 1e5, linearWidth: 7e4, unit: 0.5, componentCount: 1, scaleFloor: 0.2),
    ]

    private func model(_ encoding: RealEncoding, seed: UInt64, memberCount: Int = 2) -> CompiledModel {
        var generator = PhiloxGenerator(seed: seed)
        return CompiledModel(
            RandomModel.mixed(
                [Variable(name: "x", kind: .real(encoding))], hiddenWidths: [12, 12], activation: .tanh,
                memberCount: memberCount, using: &generator))
    }

    @Test func transformsComeBack() {
        for width in [1e-60, 0.3, 1, 7e4] {
            let transform = NumberTransform(linearWidth: width)
            for share in [-1e9, -30, -1, -1e-3, 0, 1e-9, 0.5, 1, 17, 1e12] {
                let x = share * width
                let t = transform(x)
                #expect(abs(transform.inverse(t) - x) <= 1e-14 * abs(x) * (1 + abs(t) / width), "\(x)")
                #expect(abs(t - (x < 0 ? -1 : 1) * width * log(1 + abs(share))) <= 1e-12 * abs(t) + 1e-15 * width)
            }
            #expect(transform.inverse(1e6 * width) == .greatestFiniteMagnitude)
        }
        #expect(NumberTransform(linearWidth: nil)(3.5) == 3.5)
    }

    /// The density is of x per unit, not of what a network takes for it.
    @Test func densitiesOfNumbersAddUpToOneOverTheNumbers() {
        for (seed, encoding) in Self.encodings.enumerated() {
            let model = model(encoding, seed: UInt64(seed))
            // Cells between the numbers of evenly spaced codes.
            let codes = stride(from: -14.0, through: 14, by: 1.0 / 64).map { Float($0) }
            let logLikelihoods = model.scores(codes)
            var mass = 0.0
            for (code, logLikelihood) in zip(codes, logLikelihoods) {
                let ends = [-1.0 / 128, 1.0 / 128].map { encoding.number(Double(code) + $0) }
                mass += exp(logLikelihood) * abs(ends[1] - ends[0]) / encoding.unit
            }
            #expect(abs(mass - 1) < 1e-3, "\(encoding)")
        }
    }

    @Test func conditionalsAndFullConditionalsAgree() {
        for (seed, encoding) in Self.encodings.enumerated() {
            let model = model(encoding, seed: UInt64(seed))
            let workspace = model.makeWorkspace()
            let found = model.fullConditional(of: 0, in: [.nan], using: workspace)
            let mixtures = (0..<2).map { member in
                GaussianMixture(encoding, outputs: model.outputs(of: [.nan], member: member, using: workspace))
            }
            for q in [0.02, 0.3, 0.5, 0.9, 0.99] {
                let x = found.quantile(q)
                let cdf = (mixtures[0].cdf(x) + mixtures[1].cdf(x)) / 2
                #expect(abs(cdf - q) < 2e-3, "\(encoding) at \(q): \(cdf)")
            }
            for (number, density) in found.density?.points ?? [] where density > 1e-6 {
                let exact = mixtures.reduce(0) { $0 + exp($1.logDensity(at: number)) / 2 } * encoding.unit
                #expect(abs(density - exact) < 1e-3 * exact + 1e-9, "\(encoding) at \(number)")
            }
            let variable = model.card.variables[0]
            let mean = (mixtures[0].mean + mixtures[1].mean) / 2
            #expect(abs((found.mean(of: variable) ?? .nan) - mean) < 5e-3 * mixtures[0].standardDeviation)
            let squares = mixtures.reduce(0) { sum, mixture in
                sum + (pow(mixture.standardDeviation, 2) + pow(mixture.mean - mean, 2)) / 2
            }
            let deviation = found.standardDeviation(of: variable) ?? .nan
            #expect(abs(deviation - squares.squareRoot()) < 5e-3 * squares.squareRoot())
        }
    }

    /// A multiple of what is expected is as unusual as the same part of it.
    @Test func gainsDoNotDependOnTheSizeOfTheNumber() {
        let encoding = RealEncoding(centre: 30, scale: 4, linearWidth: 2, componentCount: 1, scaleFloor: 0.5)
        let model = model(encoding, seed: 5, memberCount: 1)
        let workspace = model.makeWorkspace()
        let mode = Double(model.gains(of: [2.5], using: workspace)[0].expected)
        let code = encoding.encoded(mode)
        for distance in [1.5, 2.5, 4] {
            let gains = [-distance, distance].map { model.gains(of: [Float(code + $0)], using: workspace)[0].gain }
            #expect(gains[0] > 0.1 && abs(gains[0] - gains[1]) < 0.01 * gains[0], "\(distance): \(gains)")
        }
    }

    @Test func rowsAreRankedByDensitiesOfEncodedValues() throws {
        let encoding = Self.encodings[0]
        var generator = PhiloxGenerator(seed: 9)
        let variables = [
            Variable(name: "x", kind: .real(encoding)), Variable(name: "b", kind: .binary(.identity)),
            Variable(name: "y", kind: .real(RealEncoding(centre: 1, scale: 2, componentCount: 1, scaleFloor: 0.1))),
        ]
        let volumes = LogVolumes(variables)
        #expect(!volumes.isEmpty && LogVolumes(Array(variables.dropFirst())).isEmpty)
        let rows = (0..<40).flatMap { _ in RandomModel.row(of: variables, using: &generator) }
        var logLikelihoods = (0..<40).map { Double($0) }
        var surprisals = rows.map { abs($0) + 20 }
        let (given, givenSurprisals) = (logLikelihoods, surprisals)
        volumes.add(of: rows.span, toLogLikelihoods: &logLikelihoods, surprisals: &surprisals)
        var tally = CellCalibrationTally(variableCount: 3)
        tally.add(logLikelihoods: logLikelihoods, surprisals: surprisals.span)
        let cells = try #require(tally.calibration)
        let calibration = Calibration(logLikelihoods: given, cells: cells, variables: variables)
        for row in 0..<40 {
            let own = row * 3..<(row + 1) * 3
            let volume = variables[0].logVolume(at: Double(rows[own.lowerBound]))
            #expect(abs(logLikelihoods[row] - given[row] - volume) < 1e-9)
            #expect(abs(surprisals[own.lowerBound] - givenSurprisals[own.lowerBound] + Float(volume)) < 1e-4)
            #expect(surprisals[own.lowerBound + 1] == givenSurprisals[own.lowerBound + 1])
            let exact = cells.combinedScore(
                logLikelihood: logLikelihoods[row], cellScore: cells.cellScore(surprisals[own].span))
            let found = calibration.score(
                .combined, of: rows[own].span, logLikelihood: given[row], surprisals: givenSurprisals[own].span)
            #expect(found == exact)
            #expect(
                calibration.score(
                    .likelihood, of: rows[own].span, logLikelihood: given[row], surprisals: givenSurprisals[own].span)
                    == -given[row])
        }
    }
}
