import Oracle
import Testing

@testable import MADE

@Suite struct AutoregressionTests {
    private func model(seed: UInt64) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        return RandomModel.binary(
            variableCount: 70, hiddenWidths: [90], activation: .elu, direct: true, memberCount: 2, using: &generator)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func aSoundModelPasses(seed: UInt64) throws {
        let model = model(seed: seed)
        let verdict = try AutoregressiveCheck.verify(model, compiled: CompiledModel(model))
        #expect(
            verdict == AutoregressiveVerdict(memberCount: 2, independentPairCount: 70 * 71 / 2, probeCount: 2 * 2 * 70))
    }

    /// Outputs that leak one input, by one bit, to one output that must not see it.
    @Test func aLeakOfOneBitIsFoundAndNamed() throws {
        let model = model(seed: 4)
        let ordering = model.members[1].ordering
        let (late, early) = (ordering.variables[66], ordering.variables[65])
        let violation = #expect(throws: AutoregressiveViolation.self) {
            try AutoregressiveCheck.probe(model.card) { rows, member in
                (0..<rows.count / 70).flatMap { row in
                    (0..<70).map { output in
                        let leaks = member == 1 && output == early && rows[row * 70 + late] == 1
                        return leaks ? Float(1).nextUp : 1
                    }
                }
            }
        }
        #expect(
            violation == AutoregressiveViolation(output: "v\(early)", input: "v\(late)", evidence: .probe))
    }
}
