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
        let plan = ProbePlan(variableCount: 70, multiplicationsPerRow: 1)
        for (latePosition, earlyPosition) in [(66, 65), (69, 0), (40, 40), (0, 0)] {
            let (late, early) = (ordering.variables[latePosition], ordering.variables[earlyPosition])
            let violation = #expect(throws: AutoregressiveViolation.self) {
                try AutoregressiveCheck.probe(model.card, plan) { rows, member in
                    (0..<rows.count / 70).flatMap { row in
                        (0..<70).map { output in
                            let leaks = member == 1 && output == early && rows[row * 70 + late] == 1
                            return leaks ? Float(1).nextUp : 1
                        }
                    }
                }
            }
            #expect(violation == AutoregressiveViolation(output: "v\(early)", input: "v\(late)", evidence: .probe))
        }
    }
}

@Suite struct ProbePlanTests {
    @Test func aTableWhoseProbesCostLittleHasThemAll() {
        for count in [1, 2, 31, 32, 64, 784] {
            let plan = ProbePlan(variableCount: count, multiplicationsPerRow: 100)
            #expect(plan.positions == [Array(0..<count), Array(0..<count)])
        }
    }

    /// A wide table has as many probes as a bound on the work allows, both ends among them, and no two far from each other.
    @Test(arguments: [(3000, 24_000_000), (10_000, 220_000_000), (33, 1 << 40), (63, 1 << 40), (16_384, 1 << 33)])
    func aWideTableHasProbesEverywhere(count: Int, multiplicationsPerRow: Int) {
        let plan = ProbePlan(variableCount: count, multiplicationsPerRow: multiplicationsPerRow)
        let probeCount = plan.positions[0].count
        #expect(plan.positions.count == 2 && plan.positions[1].count == probeCount)
        #expect(probeCount >= 32 && probeCount < count)
        #expect(probeCount == 32 || 2 * probeCount * multiplicationsPerRow <= ProbePlan.multiplicationsMax)
        for positions in plan.positions { #expect(zip(positions, positions.dropFirst()).allSatisfy(<)) }
        let all = plan.positions.joined().sorted()
        #expect(all.first == 0 && all.last == count - 1)
        let farthest = zip(all, all.dropFirst()).map { $1 - $0 }.max() ?? 0
        #expect(farthest <= (count - 1) / (2 * probeCount - 1) + 1)
    }

    /// The rows that go through the model are the probes and the two that they change, whatever the width.
    @Test func theWorkIsThePlans() throws {
        let variables = (0..<300).map { Variable(name: "v\($0)", kind: .binary(.identity)) }
        var generator = PhiloxGenerator(seed: 1)
        let model = RandomModel.mixed(variables, hiddenWidths: [3], memberCount: 2, using: &generator)
        let plan = ProbePlan(variableCount: 300, multiplicationsPerRow: 1 << 40)
        var rowCount = 0
        let probeCount = try AutoregressiveCheck.probe(model.card, plan) { rows, _ in
            rowCount += rows.count / 300
            return [Float](repeating: 0.5, count: rows.count)
        }
        #expect(probeCount == 2 * 2 * 32)
        #expect(rowCount == 2 * 2 * (32 + 1))
    }

    /// A leak across any probed position is found, and its input named, though others are changed at the same time.
    @Test(arguments: [UInt64(1), 2, 3]) func aLeakAcrossAProbeIsFoundAndNamed(seed: UInt64) throws {
        let count = 200
        let variables = (0..<count).map { Variable(name: "v\($0)", kind: .binary(.identity)) }
        var generator = PhiloxGenerator(seed: seed)
        let model = RandomModel.mixed(variables, hiddenWidths: [3], memberCount: 2, using: &generator)
        let plan = ProbePlan(variableCount: count, multiplicationsPerRow: 1 << 40)
        let ordering = model.members[1].ordering
        for position in plan.positions.joined() {
            let early = ordering.variables[Int.random(in: 0...position, using: &generator)]
            let late = ordering.variables[Int.random(in: position..<count, using: &generator)]
            let violation = #expect(throws: AutoregressiveViolation.self) {
                try AutoregressiveCheck.probe(model.card, plan) { rows, member in
                    var outputs = [Float](repeating: 0.5, count: rows.count)
                    for row in stride(from: 0, to: rows.count, by: count) where member == 1 {
                        outputs[row + early] += rows[row + late]
                    }
                    return outputs
                }
            }
            #expect(violation == AutoregressiveViolation(output: "v\(early)", input: "v\(late)", evidence: .probe))
        }
    }
}
