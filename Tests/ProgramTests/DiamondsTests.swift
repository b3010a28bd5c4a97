import Foundation
import MADE
import MADERows
import MadeProgram
import Testing

/// The bundled diamonds model finds what is wrong in the table that it learned, and draws diamonds like its own.
///
/// Rows, shares and correlations are of `diamonds` of the R package ggplot2 (MIT licence): the 53,940
/// diamonds of a price list.
@Suite struct DiamondsTests {
    /// A row that cannot be right, as it stands in the table.
    struct Diamond: Sendable, CustomStringConvertible {
        let description: String
        /// The columns whose values are impossible.
        let wrong: Set<String>

        init(_ row: String, wrong: Set<String>) {
            description = row
            self.wrong = wrong
        }
    }

    /// All of the table with a side of 0 mm, or of more than 20.
    static let impossible = [
        Diamond("1,Premium,G,SI2,59.1,59,3142,6.55,6.48,0", wrong: ["z"]),
        Diamond("1.01,Premium,H,I1,58.1,59,3167,6.66,6.6,0", wrong: ["z"]),
        Diamond("1.1,Premium,G,SI2,63,59,3696,6.5,6.47,0", wrong: ["z"]),
        Diamond("1.01,Premium,F,SI2,59.2,58,3837,6.5,6.47,0", wrong: ["z"]),
        Diamond("1.5,Good,G,I1,64,61,4731,7.15,7.04,0", wrong: ["z"]),
        Diamond("1.07,Ideal,F,SI2,61.6,56,4954,0,6.62,0", wrong: ["x", "z"]),
        Diamond("1,Very Good,H,VS2,63.3,53,5139,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("1.15,Ideal,G,VS2,59.2,56,5564,6.88,6.83,0", wrong: ["z"]),
        Diamond("1.14,Fair,G,VS1,57.5,67,6381,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("2,Premium,H,SI2,58.9,57,12210,8.09,58.9,8.06", wrong: ["y"]),
        Diamond("2.18,Premium,H,SI2,59.4,61,12631,8.49,8.45,0", wrong: ["z"]),
        Diamond("1.56,Ideal,G,VS2,62.2,54,12800,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("2.25,Premium,I,SI1,61.3,58,15397,8.52,8.42,0", wrong: ["z"]),
        Diamond("1.2,Premium,D,VVS1,62.1,59,15686,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("2.2,Premium,H,SI1,61.2,59,17265,8.42,8.37,0", wrong: ["z"]),
        Diamond("2.25,Premium,H,SI2,62.8,59,18034,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("2.02,Premium,H,VS2,62.7,53,18207,8.02,7.95,0", wrong: ["z"]),
        Diamond("2.8,Good,G,SI2,63.8,58,18788,8.9,8.85,0", wrong: ["z"]),
        Diamond("0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,31.8", wrong: ["z"]),
        Diamond("0.51,Ideal,E,VS1,61.8,55,2075,5.15,31.8,5.12", wrong: ["y"]),
        Diamond("0.71,Good,F,SI2,64.1,60,2130,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("0.71,Good,F,SI2,64.1,60,2130,0,0,0", wrong: ["x", "y", "z"]),
        Diamond("1.12,Premium,G,I1,60.4,59,2383,6.71,6.67,0", wrong: ["z"]),
    ]

    private let model: DensityModel
    private let compiled: CompiledModel

    init() throws {
        model = try Checkpoint.read(Program.bundled("diamonds"))
        compiled = CompiledModel(model)
    }

    private func row(_ text: String) -> TableRow {
        TableRow(text.split(separator: ",").map { Double($0).map(TableCell.number) ?? .text(String($0)) })
    }

    @Test(arguments: impossible) func whatCannotBeIsAnAnomalyAndAWrongColumnIsNamedFirst(_ diamond: Diamond) throws {
        let table = try TableModel(contentsOf: Program.bundled("diamonds"))
        let score = try table.score([row(diamond.description)], alpha: 0.001, explaining: 10)[0]
        #expect(score.isAnomaly == true)
        let first = score.explanation[0]
        #expect(diamond.wrong.contains(first.column), "\(score.explanation.map(\.column))")
        if diamond.wrong.count > 1 {
            #expect(Set(first.together) == diamond.wrong && first.pValue == nil)
            #expect(score.explanation.prefix(diamond.wrong.count).allSatisfy { $0.gain == first.gain })
        }
        #expect(zip(score.explanation, score.explanation.dropFirst()).allSatisfy { $0.gain ?? 0 >= $1.gain ?? 0 })
    }

    /// Depth is 2 z / (x + y), in hundredths; both sides of a stone are nearly equal and go with the cube root of its carats, of
    /// which there are 0.0061 a cubic millimetre of x y z.
    @Test(arguments: impossible) func whatCannotBeIsPutRight(_ diamond: Diamond) throws {
        let table = try TableModel(contentsOf: Program.bundled("diamonds"))
        let repair = try table.repair([row(diamond.description)], alpha: 0.001)[0]
        #expect(repair.isRepaired == true)
        // Where y is 58.9 or 31.8, z has what another side should have.
        let changed = Set(repair.changes.map(\.column))
        #expect(changed.isSuperset(of: diamond.wrong) && changed.isSubset(of: diamond.wrong.union(["z"])))
        if diamond.wrong.count > 1 { #expect(repair.changes.allSatisfy { $0.gain > 0 && $0.pValue == nil }) }
        func number(_ name: String) throws -> Double { try #require(repair.row[name]?.number) }
        let (carat, depth) = (try number("carat"), try number("depth"))
        let (x, y, z) = (try number("x"), try number("y"), try number("z"))
        #expect(abs(y / x - 1) < 0.03)
        // One was left with it, as it is no anomaly any more. Where depth and carat contradict each other, as of the stone whose
        // y is its depth, z lies between what they imply.
        let implied = [(x + y) / 2 * depth / 100, carat / (0.0061 * x * y)].sorted()
        if changed.contains("z") { #expect(z > 0.97 * implied[0] && z < 1.03 * implied[1], "\(z) of \(implied)") }
        #expect(abs(x / (6.45 * cbrt(carat)) - 1) < 0.06)
    }

    @Test func aDecimalPointPutRightMakesADiamondUsual() throws {
        let table = try TableModel(contentsOf: Program.bundled("diamonds"))
        let score = try table.score([row("0.51,Very Good,E,VS1,61.8,54.7,1970,5.12,5.15,3.18")])[0]
        #expect(try #require(score.pValue) > 0.05)
    }

    @Test func itKeepsHowItWasTrained() throws {
        let training = try #require(model.training)
        #expect(training.calibrationRows == 10_000 && model.calibration?.logLikelihoods.count == 10_000)
        #expect(try #require(training.curve).epochs.count > 20)
    }

    /// Shares of the table's diamonds up to a value: at quartiles, and on both sides of carats that people ask for.
    private static let shares: [String: [Double: Double]] = [
        "carat": [
            0.29: 0.0296, 0.5: 0.3510, 0.69: 0.4668, 0.7: 0.5036, 0.99: 0.6466, 1.0: 0.6755, 1.01: 0.7171, 1.49: 0.8844,
            1.5: 0.8991,
        ],
        "price": [1000: 0.2693, 2401: 0.5003, 5000: 0.7272],
        "depth": [60.9: 0.2291, 62: 0.5842],
        "table": [55: 0.1825, 56: 0.3687, 57: 0.5512],
        "x": [4.7: 0.2468, 6.5: 0.7357],
        "y": [4.7: 0.2431, 6.5: 0.7372],
        "z": [2.9: 0.2474, 4.0: 0.7215],
    ]

    /// Pearson's, of every two columns of numbers.
    private static let correlations: [(String, String, Double)] = [
        ("carat", "depth", 0.028), ("carat", "table", 0.182), ("depth", "table", -0.296), ("carat", "price", 0.922),
        ("depth", "price", -0.011), ("table", "price", 0.127), ("carat", "x", 0.975), ("depth", "x", -0.025),
        ("table", "x", 0.195), ("price", "x", 0.884), ("carat", "y", 0.952), ("depth", "y", -0.029),
        ("table", "y", 0.184), ("price", "y", 0.865), ("x", "y", 0.975), ("carat", "z", 0.953),
        ("depth", "z", 0.095), ("table", "z", 0.151), ("price", "z", 0.861), ("x", "z", 0.971),
        ("y", "z", 0.952),
    ]

    @Test func samplesHaveTheTablesSharesAndCorrelations() throws {
        let samples = compiled.sample(SamplingRequest(count: 10_000, seed: 1), using: compiled.makeWorkspace())
        func column(_ name: String) throws -> [Double] {
            let index = try #require(model.variables.firstIndex { $0.name == name })
            return stride(from: index, to: samples.rows.count, by: model.variables.count).map {
                model.variables[index].decode(samples.rows[$0])
            }
        }
        for (name, shares) in Self.shares {
            let values = try column(name)
            for (value, share) in shares {
                let found = Double(values.count { $0 <= value }) / Double(values.count)
                #expect(abs(found - share) <= 0.03, "\(name) up to \(value): \(found), not \(share)")
            }
        }
        for (one, other, expected) in Self.correlations {
            let found = correlation(try column(one), try column(other))
            #expect(abs(found - expected) <= 0.05, "\(one) and \(other): \(found), not \(expected)")
        }
    }

    private func correlation(_ a: [Double], _ b: [Double]) -> Double {
        func centred(_ values: [Double]) -> [Double] {
            let mean = values.reduce(0, +) / Double(values.count)
            return values.map { $0 - mean }
        }
        let (a, b) = (centred(a), centred(b))
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }
}
