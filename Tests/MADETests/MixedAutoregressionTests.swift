import Oracle
import Testing

@testable import MADE

@Suite struct MixedAutoregressionTests {
    private func model(seed: UInt64, count: Int, memberCount: Int = 2) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.mixed(
            RandomModel.variables(count: count, using: &generator), hiddenWidths: [60, 60, 60], activation: .elu,
            direct: seed % 2 == 0, isResidual: true, memberCount: memberCount, using: &generator)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4]) func aSoundModelPasses(seed: UInt64) throws {
        let model = model(seed: seed, count: 70)
        let verdict = try AutoregressiveCheck.verify(model, compiled: CompiledModel(model))
        #expect(
            verdict == AutoregressiveVerdict(memberCount: 2, independentPairCount: 70 * 71 / 2, probeCount: 2 * 2 * 70))
    }

    /// The probe looks at every output unit of a variable, and its changes reach every input.
    @Test(arguments: [UInt64(5), 6, 7]) func aLeakIntoAnyUnitOfAnyKindIsFoundAndNamed(seed: UInt64) throws {
        let count = 12
        let model = model(seed: seed, count: count)
        let ordering = model.members[1].ordering
        let units = model.layout.outputs
        let plan = ProbePlan(variableCount: count, multiplicationsPerRow: 1)
        for position in 1..<count {
            let (late, early) = (ordering.variables[position], ordering.variables[position - 1])
            // The last unit of `early` sees which value the probe's base rows have not.
            let base = Base()
            let violation = #expect(throws: AutoregressiveViolation.self) {
                try AutoregressiveCheck.probe(model.card, plan) { rows, member in
                    (0..<rows.count / count).flatMap { row in
                        var outputs = [Float](repeating: 1, count: model.layout.outputUnitCount)
                        let value = rows[row * count + late]
                        // Member 0 comes first with each base row, and is sound: a single row under it is that row.
                        if member == 0 && rows.count == count { base.value = value }
                        if member == 1 && value != base.value { outputs[units[early].upperBound - 1] = Float(1).nextUp }
                        return outputs
                    }
                }
            }
            #expect(
                violation
                    == AutoregressiveViolation(
                        output: model.variables[early].name, input: model.variables[late].name, evidence: .probe),
                "seed \(seed), position \(position)")
        }
    }

    private final class Base {
        var value = Float.nan
    }

    /// The Jacobian of the units of variable d with respect to those of j is zero wherever j is not before d, and not zero at
    /// some row for every other pair; what the compiled model does with a changed value agrees.
    @Test(arguments: Activation.allCases, [UInt64(1), 2])
    func theJacobianIsZeroExactlyWhereTheInputIsNotBefore(activation: Activation, seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let count = 6
        let variables = RandomModel.variables(count: count, using: &generator)
        let model = RandomModel.mixed(
            variables, hiddenWidths: [50, 50, 50], activation: activation, isResidual: true, memberCount: 2,
            using: &generator)
        let layout = model.layout
        let oracle = Oracle(model)
        let compiled = CompiledModel(model)
        let workspace = compiled.makeWorkspace()
        for (index, member) in model.members.enumerated() {
            var depends = [[Bool]](repeating: [Bool](repeating: false, count: count), count: count)
            var moves = depends
            for _ in 0..<24 {
                let row = RandomModel.row(of: variables, using: &generator)
                let other = RandomModel.row(of: variables, using: &generator)
                let jacobian = oracle.jacobian(at: row.map(Double.init), member: index)
                let outputs = compiled.outputs(of: row, member: index, using: workspace)
                for input in 0..<count {
                    var changed = row
                    changed[input] = other[input]
                    let moved = compiled.outputs(of: changed, member: index, using: workspace)
                    for output in 0..<count {
                        for unit in layout.outputs[output] {
                            if layout.inputs[input].contains(where: { jacobian[unit][$0] != 0 }) {
                                depends[output][input] = true
                            }
                            if moved[unit].bitPattern != outputs[unit].bitPattern { moves[output][input] = true }
                        }
                    }
                }
            }
            let positions = member.ordering.positions
            let expected = (0..<count).map { output in (0..<count).map { positions[$0] < positions[output] } }
            #expect(depends == expected, "seed \(seed), member \(index)")
            #expect(moves == expected, "seed \(seed), member \(index)")
        }
    }
}
