import Dispatch
import Foundation
import Oracle
import Testing

@testable import MADE

/// Rows with values that no network takes: rare labels, values never seen, missing ones.
struct UnusualValuesTests {
    /// A model of variables with rare labels and counts of values never seen; discrete ones alone, if asked for.
    private func model(_ seed: UInt64, count: Int, isDiscrete: Bool = false, members: Int? = nil) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        var variables = RandomModel.variables(
            count: count, withUnseen: true, withOutcomes: true, using: &generator)
        for index in variables.indices where isDiscrete && variables[index].isReal {
            variables[index] = Variable(
                name: "v\(index)", kind: .categorical(RandomModel.categories(using: &generator)),
                unseen: RandomModel.unseenValues(using: &generator))
        }
        return RandomModel.mixed(
            variables, hiddenWidths: [[], [14], [12, 12]][Int(seed % 3)],
            activation: Activation.allCases[Int(seed / 2 % 4)], direct: seed % 2 == 0, isResidual: seed % 4 < 2,
            memberCount: members ?? 1 + Int(seed % 3), using: &generator)
    }

    /// Holds log p and surprisals of a row against each member's surprisals, which the oracle gives.
    private func expect(
        _ found: MissingTests.Marginals, row: Int, of parts: [[Double]], _ comment: Comment
    ) {
        let logs = parts.map { -$0.reduce(0, +) }
        let exact = logMeanExp(logs)
        #expect(abs(found.logLikelihoods[row] - exact) < 1e-5 * max(1, abs(exact)), comment)
        for variable in parts[0].indices {
            let average = parts.indices.reduce(0) { $0 + exp(logs[$1] - logSumExp(logs)) * parts[$1][variable] }
            let fast = Double(found.surprisals[row * parts[0].count + variable])
            #expect(abs(fast - average) < 1e-4 * max(1, abs(average)), comment)
        }
        #expect(found.standardErrors[row] == 0, comment)
    }

    @Test(arguments: Kernels.all.indices) func rareAndUnseenValuesAgreeWithTheOracle(path: Int) {
        for seed in UInt64(0)..<40 {
            let model = model(seed, count: 1 + Int(seed % 8))
            let (oracle, compiled) = (Oracle(model), CompiledModel(model, kernels: Kernels.all[path]))
            var generator = PhiloxGenerator(seed: 1000 + seed)
            let rows = (0..<12).map { _ in RandomModel.unusualRow(of: model.variables, using: &generator) }
            let found = MissingTests.Marginals(compiled, rows.flatMap { $0 })
            for (index, row) in rows.enumerated() {
                let parts = model.members.indices.map { oracle.surprisals(of: row.map(Double.init), member: $0) }
                expect(found, row: index, of: parts, "seed \(seed), \(row)")
            }
        }
    }

    @Test func theyDoSoBesideMissingValuesThatAreSummed() {
        for seed in UInt64(100)..<124 {
            let model = model(seed, count: 1 + Int(seed % 4), isDiscrete: true)
            let (oracle, compiled) = (Oracle(model), CompiledModel(model))
            var generator = PhiloxGenerator(seed: 1000 + seed)
            let rows = (0..<6).map { _ in
                RandomModel.unusualRow(of: model.variables, missing: 0.4, using: &generator)
            }
            let found = MissingTests.Marginals(compiled, rows.flatMap { $0 }, MissingValues(particles: 10_000))
            for (index, row) in rows.enumerated() {
                let parts = model.members.indices.map {
                    oracle.marginalSurprisals(of: row.map(Double.init), member: $0)
                }
                expect(found, row: index, of: parts, "seed \(seed), \(row)")
                #expect(abs(oracle.logMarginal(of: row.map(Double.init)) - found.logLikelihoods[index]) < 1e-4)
            }
        }
    }

    @Test func theyDoSoBesideMissingValuesThatAreDrawn() {
        var drawn = 0
        for seed in UInt64(200)..<224 {
            let model = model(seed, count: 4, isDiscrete: true)
            let (oracle, compiled) = (Oracle(model), CompiledModel(model))
            var generator = PhiloxGenerator(seed: 1000 + seed)
            let row = RandomModel.unusualRow(of: model.variables, missing: 0.6, using: &generator)
            let exact = oracle.logMarginal(of: row.map(Double.init))
            // Fewer particles a member than most rows have combinations.
            let ratios = (UInt64(0)..<300).map { seed in
                let found = MissingTests.Marginals(compiled, row, MissingValues(particles: 8, seed: seed))
                if found.standardErrors[0] > 0 { drawn += 1 }
                return exp(found.logLikelihoods[0] - exact)
            }
            let mean = ratios.reduce(0, +) / 300
            let variance = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 299
            #expect(abs(mean - 1) < 4.5 * (variance / 300).squareRoot() + 1e-5, "seed \(seed), \(row): \(mean)")
        }
        #expect(drawn > 1000, "\(drawn) were drawn")
    }

    @Test(arguments: Kernels.all.indices) func aRowHasTheSameBitsInEveryBatchOnEveryThread(path: Int) {
        for seed in UInt64(300)..<306 {
            let model = model(seed, count: 7)
            let compiled = CompiledModel(model, kernels: Kernels.all[path])
            var generator = PhiloxGenerator(seed: 1000 + seed)
            let missing = MissingValues(particles: 24, seed: seed)
            var rows = (0..<40).map { index in
                RandomModel.unusualRow(of: model.variables, missing: index % 3 == 0 ? 0.3 : 0, using: &generator)
            }
            // Rows that lack the same values are drawn for side by side, so many at a time.
            for _ in 0..<70 {
                var row = RandomModel.unusualRow(of: model.variables, using: &generator)
                (row[1], row[4]) = (.nan, .nan)
                rows.append(row)
            }
            let together = MissingTests.Marginals(compiled, rows.flatMap { $0 }, missing)
            DispatchQueue.concurrentPerform(iterations: rows.count) { [rows] row in
                let alone = MissingTests.Marginals(compiled, rows[row], missing)
                #expect(alone.logLikelihoods[0].bitPattern == together.logLikelihoods[row].bitPattern, "seed \(seed)")
                #expect(alone.standardErrors[0].bitPattern == together.standardErrors[row].bitPattern)
                #expect(alone.surprisals == Array(together.surprisals[row * 7..<(row + 1) * 7]), "seed \(seed)")
            }
            for size in [2, 5, 17] {
                let few = MissingTests.Marginals(compiled, rows.suffix(size).flatMap { $0 }, missing)
                #expect(few.logLikelihoods == Array(together.logLikelihoods.suffix(size)), "seed \(seed)")
            }
        }
    }
}

// MARK: - Probabilities are probabilities

extension UnusualValuesTests {
    /// All rows of values that training saw.
    private func knownRows(of variables: [Variable]) -> [[Float]] {
        variables.reduce([[]]) { rows, variable in
            rows.flatMap { row in variable.knownValues.map { row + [Float($0)] } }
        }
    }

    @Test func knownRowsHaveAllThatIsNotKeptForUnseenLabels() {
        for seed in UInt64(400)..<430 {
            let model = model(seed, count: 1 + Int(seed % 4), isDiscrete: true)
            let share = model.variables.reduce(1) { $0 * $1.knownShare }
            let rows = knownRows(of: model.variables)
            let exact = rows.reduce(0) { $0 + exp(Oracle(model).logLikelihood(of: $1.map(Double.init))) }
            #expect(abs(exact - share) < 1e-12, "seed \(seed)")
            let found = MissingTests.Marginals(CompiledModel(model), rows.flatMap { $0 })
            let sum = found.logLikelihoods.reduce(0) { $0 + exp($1) }
            #expect(abs(sum - share) < 1e-5, "seed \(seed)")
            if model.variables.allSatisfy({ ($0.unseen?.singletonCount ?? 0) == 0 }) { #expect(share == 1) }
        }
    }

    /// The network's own outputs, their probabilities in doubles: to the last digits.
    @Test func knownRowsOfColumnsWithoutSingletonsAddUpToOne() {
        for seed in UInt64(450)..<462 {
            var model = model(seed, count: 1 + Int(seed % 3), isDiscrete: true, members: 1)
            for (index, variable) in model.variables.enumerated() {
                model.variables[index] = Variable(
                    name: variable.name, kind: variable.kind, unseen: UnseenValues(rowCount: 100))
            }
            let compiled = CompiledModel(model)
            let workspace = compiled.makeWorkspace()
            let sum = knownRows(of: model.variables).reduce(0.0) { sum, row in
                let outputs = compiled.outputs(of: row, member: 0, using: workspace)
                return sum
                    + exp(
                        -model.variables.indices.reduce(0) { sum, index in
                            let own = outputs[model.layout.outputs[index]].map(Double.init)
                            return sum + model.variables[index].surprisal(of: Double(row[index]), outputs: own)
                        })
            }
            #expect(abs(sum - 1) < 1e-12, "seed \(seed)")
        }
    }

    @Test func noUnseenValueIsLikelierThanAKnownOne() {
        for seed in UInt64(500)..<560 {
            let model = model(seed, count: 5, members: 1)
            let compiled = CompiledModel(model)
            var generator = PhiloxGenerator(seed: 1000 + seed)
            for _ in 0..<3 {
                let base = RandomModel.unusualRow(of: model.variables, using: &generator)
                for (index, variable) in model.variables.enumerated()
                where variable.unseen != nil && !variable.isReal {
                    let values = [Variable.unseenValue] + variable.knownValues.map(Float.init)
                    let rows = values.flatMap { value in
                        var row = base
                        row[index] = value
                        return row
                    }
                    let found = MissingTests.Marginals(compiled, rows)
                    let surprisals = values.indices.map { found.surprisals[$0 * 5 + index] }
                    // The known ones are computed in floats, the unseen one in doubles.
                    let most = surprisals.dropFirst().max() ?? 0
                    #expect(surprisals[0] >= most - 1e-6 * max(1, most), "seed \(seed), variable \(index)")
                    let own = Float(variable.unseen?.surprisal ?? 0)
                    #expect(surprisals[0] >= own, "seed \(seed), variable \(index)")
                }
            }
        }
    }

    @Test func aSingleLabelIsCertain() throws {
        let one = Categories(labels: ["only"])
        let shared = Categories(
            labels: ["rare"], otherIndex: 0, rareLabels: ["a", "b", "c"], rareRowCounts: [1, 2, 1])
        for (seed, hiddenWidths) in [[], [5], [6, 6]].enumerated() {
            var generator = PhiloxGenerator(seed: UInt64(seed))
            let variables = [
                Variable(name: "one", kind: .categorical(one)),
                Variable(name: "b", kind: .binary(.plusMinusOne)),
                Variable(name: "shared", kind: .categorical(shared), unseen: UnseenValues(rowCount: 4)),
            ]
            let model = RandomModel.mixed(
                variables, hiddenWidths: hiddenWidths, direct: true, memberCount: 2, using: &generator)
            let compiled = CompiledModel(model)
            _ = try AutoregressiveCheck.verify(model, compiled: compiled)
            let rows: [Float] = [0, 1, 1, 0, 1, 2, 0, 1, 0, 0, 1, -1]
            let found = MissingTests.Marginals(compiled, rows)
            #expect((0..<4).allSatisfy { found.surprisals[3 * $0] == 0 })
            for (row, exact) in [log(4.0), log(2.0), 0, log(10.0)].enumerated() {
                #expect(abs(Double(found.surprisals[3 * row + 2]) - exact) < 1e-6, "row \(row)")
            }
            let samples = compiled.sample(SamplingRequest(count: 50, seed: 1), using: compiled.makeWorkspace())
            for row in 0..<50 {
                #expect(samples.rows[3 * row] == 0)
                #expect([1, 2, 3].contains(samples.rows[3 * row + 2]))
            }
        }
    }
}
