import Foundation
import Oracle
import Testing

@testable import MADE

struct MissingTests {
    struct Marginals {
        var logLikelihoods: [Double]
        var standardErrors: [Double]
        var surprisals: [Float]
        var explained: [Double]

        /// By `explain`, and by `score` too, which must agree to the bit.
        init(_ model: CompiledModel, _ rows: [Float], _ missing: MissingValues = MissingValues()) {
            let count = rows.count / model.variableCount
            var (found, errors) = ([Double](repeating: .nan, count: count), [Double](repeating: .nan, count: count))
            var (sums, parts) = (found, [Float](repeating: .nan, count: rows.count))
            var (scores, scoreErrors) = (found, found)
            let workspace = model.makeWorkspace()
            do {
                var results = found.mutableSpan
                var partSpan = parts.mutableSpan
                var sumSpan = sums.mutableSpan
                var errorSpan = errors.mutableSpan
                model.explain(
                    rows.span, missing: missing, logLikelihoods: &results, surprisals: &partSpan, explained: &sumSpan,
                    standardErrors: &errorSpan, using: workspace)
            }
            do {
                var results = scores.mutableSpan
                var errorSpan = scoreErrors.mutableSpan
                model.score(
                    rows.span, missing: missing, into: &results, standardErrors: &errorSpan, using: workspace)
            }
            #expect(scores == found && scoreErrors == errors)
            (logLikelihoods, standardErrors, surprisals, explained) = (found, errors, parts, sums)
        }
    }

    /// p of all 2^D rows; bit d of the index is variable d.
    private func probabilities(_ model: CompiledModel) -> [Double] {
        let count = model.variableCount
        return model.scores((0..<1 << count).flatMap { bits in (0..<count).map { Float(bits >> $0 & 1) } }).map(exp)
    }

    /// Σ p over the rows that agree with what is observed.
    private func sum(_ probabilities: [Double], _ row: [Float]) -> Double {
        var (mask, bits) = (0, 0)
        for (variable, value) in row.enumerated() where !value.isNaN {
            mask |= 1 << variable
            bits |= Int(value) << variable
        }
        return probabilities.indices.reduce(0) { $1 & mask == bits ? $0 + probabilities[$1] : $0 }
    }

    @Test func rowsOfTheBundledModelAgreeWithAllTheirCompletions() throws {
        let model = try bundledNLTCS()
        let probabilities = probabilities(model)
        var generator = PhiloxGenerator(seed: 1)
        let samples = model.sample(SamplingRequest(count: 200, seed: 1), using: model.makeWorkspace())
        let patterns = (0..<200).flatMap { row -> [Float] in
            let missing = Set((0..<16).shuffled(using: &generator).prefix(Int.random(in: 1...16, using: &generator)))
            return (0..<16).map { missing.contains($0) ? .nan : samples.rows[row * 16 + $0] }
        }
        for particles in [32, 1024] {
            let found = Marginals(model, patterns, MissingValues(particles: particles, seed: 9))
            var estimated = 0
            for row in 0..<200 {
                let exact = log(sum(probabilities, Array(patterns[row * 16..<(row + 1) * 16])))
                let error = found.standardErrors[row]
                if error > 0 { estimated += 1 }
                #expect(
                    abs(found.logLikelihoods[row] - exact) <= 4 * error + 2e-6 * max(1, -exact),
                    "row \(row), \(particles) particles: \(found.logLikelihoods[row]) ± \(error) for \(exact)")
            }
            #expect(estimated > (particles == 32 ? 80 : 20), "\(particles) particles: \(estimated) rows are estimated")
        }
    }

    private func mixed(_ seed: UInt64, members: Int = 2) -> CompiledModel {
        var generator = PhiloxGenerator(seed: seed)
        let variables = RandomModel.smooth(["rcbb", "brcc", "cbrb", "rbrc"][Int(seed % 4)], using: &generator)
        return CompiledModel(
            RandomModel.mixed(
                variables, hiddenWidths: [16, 16], activation: .tanh, direct: seed % 2 == 0, isResidual: true,
                memberCount: members, using: &generator))
    }

    @Test func mixedRowsAgreeWithTheirIntegral() {
        var estimated = 0
        for seed in UInt64(0)..<40 {
            let model = mixed(seed)
            var generator = PhiloxGenerator(seed: seed)
            let samples = model.sample(SamplingRequest(count: 5, seed: seed), using: model.makeWorkspace())
            for row in 0..<5 {
                var values = Array(samples.rows[row * 4..<(row + 1) * 4])
                for variable in 0..<4 where Bool.random(using: &generator) { values[variable] = .nan }
                let exact = log(GridDistribution(model, evidence: values, stepsPerUnit: 3).total)
                let found = Marginals(model, values, MissingValues(particles: 2000, seed: seed))
                let error = found.standardErrors[0]
                if error > 0 { estimated += 1 }
                #expect(
                    abs(found.logLikelihoods[0] - exact) <= 4 * error + 3e-4,
                    "seed \(seed), \(values): \(found.logLikelihoods[0]) ± \(error) for \(exact)")
            }
        }
        #expect(estimated > 60, "\(estimated) rows are estimated")
    }

    @Test func valuesWithAStepAreSummedStepByStep() {
        for seed in UInt64(0)..<10 {
            var generator = PhiloxGenerator(seed: seed)
            let encoding = RealEncoding(
                centre: 4, scale: 2, componentCount: 2, scaleFloor: 0.05, step: 1)
            let variables = [Variable(name: "n", kind: .real(encoding)), Variable(name: "b", kind: .binary(.identity))]
            var model = RandomModel.mixed(variables, hiddenWidths: [12], using: &generator)
            model.members[0] = Member(
                network: 0, ordering: .natural(count: 2), hiddenDegrees: model.members[0].hiddenDegrees)
            let compiled = CompiledModel(model)
            let workspace = compiled.makeWorkspace()
            var exact = 0.0
            for value in -40...50 {
                let outputs = compiled.outputs(of: [encoding.encode(Double(value)), 1], member: 0, using: workspace)
                guard case .number(let mixture, _) = Conditional(variables[0], outputs: outputs.dropLast()) else {
                    continue
                }
                let mass = mixture.cdf(Double(value) + 0.5) - mixture.cdf(Double(value) - 0.5)
                exact += mass * exp(Conditional(variables[1], outputs: outputs.suffix(1)).logProbability(of: 1))
            }
            let found = Marginals(compiled, [.nan, 1], MissingValues(particles: 4000, seed: seed))
            #expect(found.standardErrors[0] > 0)
            #expect(abs(found.logLikelihoods[0] - log(exact)) <= 4 * found.standardErrors[0], "seed \(seed)")
        }
    }

    @Test func standardErrorsAreCalibrated() throws {
        let mixed = mixed(3)
        let nltcs = try bundledNLTCS()
        var drawn = nltcs.sample(SamplingRequest(count: 1, seed: 8), using: nltcs.makeWorkspace()).rows
        // More combinations than particles.
        for variable in nltcs.card.orderings[0].variables[4..<13] { drawn[variable] = .nan }
        let rows: [(CompiledModel, [Float], Double)] = [
            (nltcs, drawn, 0),
            (mixed, [.nan, 1, .nan, 2], GridDistribution(mixed, evidence: [.nan, 1, .nan, 2]).total),
        ]
        for (model, row, grid) in rows {
            let exact = log(grid > 0 ? grid : sum(probabilities(model), row))
            var squares = 0.0
            var total = 0.0
            var mean = 0.0
            let seeds = UInt64(0)..<1000
            for seed in seeds {
                let found = Marginals(model, row, MissingValues(particles: 480, seed: seed))
                let z = (found.logLikelihoods[0] - exact) / found.standardErrors[0]
                squares += z * z
                total += z
                mean += exp(found.logLikelihoods[0] - exact)
            }
            let count = Double(seeds.count)
            // Four standard errors of so many normal numbers' variance and mean, beside the logarithm's bias.
            #expect(
                abs(squares / count - 1) < 4 * (2 / count).squareRoot() + 0.02, "variance \(squares / count) of \(row)")
            #expect(abs(total / count) < 4 / count.squareRoot() + 0.05, "mean \(total / count)")
            #expect(abs(mean / count - 1) < 0.01, "unbiased: \(mean / count)")
        }
    }

    @Test func aMissingSuffixIsExactAndFree() {
        for seed in UInt64(0)..<12 {
            let model = mixed(seed, members: 1)
            let ordering = model.card.orderings[0].variables
            var generator = PhiloxGenerator(seed: seed)
            let row = RandomModel.row(of: model.card.variables, using: &generator)
            for known in 1...4 {
                var values = row
                for variable in ordering.suffix(4 - known) { values[variable] = .nan }
                #expect(model.passCount(of: values.span, missing: MissingValues()) == 1)
                let found = Marginals(model, values)
                let oracle = ExplainingTests.Explanation(model, row)
                let exact = ordering.prefix(known).reduce(0.0) { $0 - Double(oracle.surprisals[$1]) }
                #expect(found.standardErrors == [0])
                #expect(
                    abs(found.logLikelihoods[0] - exact) < 1e-5 * max(1, abs(exact)), "seed \(seed), \(known) known")
            }
        }
    }

    @Test func membersThatAreExactAddNoErrorAndTakeNoParticles() {
        var generator = PhiloxGenerator(seed: 4)
        let variables = RandomModel.smooth("rrb", using: &generator)
        var model = RandomModel.mixed(variables, hiddenWidths: [12], memberCount: 2, using: &generator)
        for (index, order) in [[1, 2, 0], [0, 1, 2]].enumerated() {
            model.members[index] = Member(
                network: index, ordering: Ordering(variables: order) ?? .natural(count: 3),
                hiddenDegrees: model.members[index].hiddenDegrees)
        }
        let row: [Float] = [.nan, 1, 0]
        let plan = MissingPlan(row, model.card, MissingValues(particles: 100))
        #expect(plan.ways == [.sum(combinations: 1), .average(particles: 100)])
        #expect(MissingPlan([1, 1, .nan], model.card, MissingValues()).passCount == 3)
        // Half of the second member's error is the ensemble's, where both find the row as probable.
        let both = CompiledModel(model)
        let found = Marginals(both, row, MissingValues(particles: 100))
        model.members.removeFirst()
        let second = Marginals(CompiledModel(model), row, MissingValues(particles: 100))
        let share = exp(second.logLikelihoods[0] - found.logLikelihoods[0]) / 2
        #expect(found.standardErrors[0] > 0 && second.standardErrors[0] > 0)
        #expect(found.standardErrors[0] < 1.5 * share * second.standardErrors[0])
    }

    @Test func fewCombinationsAreSummed() {
        var generator = PhiloxGenerator(seed: 5)
        let variables = RandomModel.smooth("cbcr", using: &generator)
        let model = RandomModel.mixed(variables, hiddenWidths: [12, 12], isResidual: true, using: &generator)
        let compiled = CompiledModel(model)
        for missing in [[0], [1], [2], [0, 1], [0, 2], [0, 1, 2]] {
            var row = [Float(1), 1, 2, 1]
            for variable in missing { row[variable] = .nan }
            let found = Marginals(compiled, row, MissingValues(particles: 18))
            let exact = log(GridDistribution(compiled, evidence: row).total)
            #expect(found.standardErrors == [0])
            #expect(abs(found.logLikelihoods[0] - exact) < 1e-5 * max(1, abs(exact)), "\(missing)")
        }
    }

    @Test func allMissingIsCertain() throws {
        for model in [mixed(0), mixed(1), try bundledNLTCS()] {
            let row = [Float](repeating: .nan, count: model.variableCount)
            let found = Marginals(model, row)
            #expect(found.logLikelihoods == [0] && found.standardErrors == [0] && found.explained == [0])
            #expect(found.surprisals.allSatisfy { $0 == 0 })
            #expect(model.passCount(of: row.span, missing: MissingValues()) <= 1)
        }
    }

    @Test func surprisalsAddUp() throws {
        for model in [try bundledNLTCS(), mixed(2, members: 1), mixed(2, members: 3)] {
            var generator = PhiloxGenerator(seed: 6)
            let count = model.variableCount
            var rows = model.sample(SamplingRequest(count: 60, seed: 2), using: model.makeWorkspace()).rows
            for index in rows.indices where generator.uniform() < 0.4 { rows[index] = .nan }
            let found = Marginals(model, rows, MissingValues(particles: 64))
            for row in 0..<60 {
                let own = found.surprisals[row * count..<(row + 1) * count]
                #expect(own.allSatisfy { $0.isFinite })
                #expect(zip(own, rows[row * count..<(row + 1) * count]).allSatisfy { !$1.isNaN || $0 == 0 })
                #expect(abs(own.reduce(0) { $0 + Double($1) } - found.explained[row]) < 1e-9)
                let gap = -found.logLikelihoods[row] - found.explained[row]
                let most = log(Double(model.card.orderings.count))
                #expect(gap > -1e-4 && gap < most + 1e-4, "row \(row)")
            }
        }
    }

    @Test(arguments: Kernels.all.indices) func aRowHasTheSameBitsInEveryBatch(path: Int) {
        var generator = PhiloxGenerator(seed: 7)
        let variables = RandomModel.variables(count: 9, using: &generator)
        let model = CompiledModel(
            RandomModel.mixed(variables, hiddenWidths: [20, 20], memberCount: 2, using: &generator),
            kernels: Kernels.all[path])
        var rows = (0..<40).flatMap { _ in RandomModel.row(of: variables, using: &generator) }
        // Every other pair of rows lacks values.
        for index in rows.indices where index / 18 % 2 == 0 && generator.uniform() < 0.3 { rows[index] = .nan }
        let missing = MissingValues(particles: 48, seed: 5)
        let together = Marginals(model, rows, missing)
        let complete = model.scores(rows)
        for row in 0..<40 {
            let own = Array(rows[row * 9..<(row + 1) * 9])
            let alone = Marginals(model, own, missing)
            #expect(alone.logLikelihoods[0].bitPattern == together.logLikelihoods[row].bitPattern, "row \(row)")
            #expect(alone.standardErrors[0] == together.standardErrors[row])
            #expect(alone.surprisals == Array(together.surprisals[row * 9..<(row + 1) * 9]))
            guard !own.contains(where: \.isNaN) else { continue }
            #expect(together.logLikelihoods[row].bitPattern == complete[row].bitPattern)
            #expect(together.standardErrors[row] == 0)
        }
        let other = Marginals(model, rows, MissingValues(particles: 48, seed: 6))
        let moved = (0..<40).count { other.logLikelihoods[$0] != together.logLikelihoods[$0] }
        #expect(moved > 10 && moved <= 20, "\(moved) rows depend on the seed")
    }
}

/// The model that comes with the program: 16 binary variables.
func bundledNLTCS() throws -> CompiledModel {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return CompiledModel(try Checkpoint.read(root.appendingPathComponent("config/models/nltcs.safetensors").path))
}
