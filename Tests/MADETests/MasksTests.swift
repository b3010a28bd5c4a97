import MADE
import Oracle
import Testing

@Suite struct MasksTests {
    @Test func spreadHoldsEveryDegreeWhereTheWidthAllows() {
        for count in [2, 3, 16, 64] {
            for width in [count - 1, count, 3 * count + 1] {
                let degrees = Degrees.spread(widths: [width], variableCount: count)[0]
                #expect(Set(degrees) == Set(1..<count), "D = \(count), width \(width)")
            }
        }
    }

    @Test func aNarrowLayerTakesEvenlySpacedDegrees() {
        #expect(Degrees.spread(widths: [3], variableCount: 10) == [[1, 4, 7]])
        #expect(Degrees.spread(widths: [4], variableCount: 1) == [[0, 0, 0, 0]])
    }

    /// The example of the paper's figure 1: D = 3, ordering (1, 2, 0), degrees as drawn.
    @Test func masksFollowEquations13And14() throws {
        let variables = (0..<3).map { Variable(name: "x\($0)", kind: .binary(.identity)) }
        let ordering = try #require(Ordering(variables: [1, 2, 0]))
        let degrees = Degrees(ordering: ordering, hidden: [[2, 1, 2]], layout: UnitLayout(variables))
        #expect(degrees.inputs == [3, 1, 2])
        #expect(degrees.mask(layer: 0).elements == [0, 1, 1, 0, 1, 0, 0, 1, 1])
        #expect(degrees.mask(layer: 1).elements == [1, 1, 1, 0, 0, 0, 0, 1, 0])
        #expect(degrees.directMask().elements == [0, 1, 1, 0, 0, 0, 0, 1, 0])
    }

    @Test func anOrderingIsAPermutation() {
        #expect(Ordering(variables: [2, 0, 1])?.positions == [1, 2, 0])
        #expect(Ordering(variables: [0, 0, 1]) == nil)
        #expect(Ordering(variables: [0, 3, 1]) == nil)
        #expect(Ordering(variables: [-1, 0]) == nil)
    }

    /// The Jacobian of output d with respect to input j is zero exactly where j is not before d, and for every other pair
    /// non-zero at some row.
    @Test(arguments: [Activation.elu, .tanh, .sigmoid, .relu], [UInt64(1), 2, 3])
    func theJacobianIsZeroExactlyWhereTheInputIsNotBefore(activation: Activation, seed: UInt64) {
        var generator = PhiloxGenerator(seed: seed)
        let count = 7
        var model = RandomModel.binary(
            variableCount: count, hiddenWidths: [60, 54], activation: activation, memberCount: 2, using: &generator)
        model.members = model.members.map {
            let degrees = Degrees.spread(widths: [60, 54], variableCount: count)
            return Member(network: $0.network, ordering: $0.ordering, hiddenDegrees: degrees)
        }
        let oracle = Oracle(model)
        for (index, member) in model.members.enumerated() {
            var moved = [[Bool]](repeating: [Bool](repeating: false, count: count), count: count)
            for _ in 0..<24 {
                let row = (0..<count).map { _ in Bool.random(using: &generator) ? 1.0 : 0.0 }
                for (output, derivatives) in oracle.jacobian(at: row, member: index).enumerated() {
                    for (input, derivative) in derivatives.enumerated() where derivative != 0 {
                        moved[output][input] = true
                    }
                }
            }
            let positions = member.ordering.positions
            for output in 0..<count {
                for input in 0..<count {
                    #expect(
                        moved[output][input] == (positions[input] < positions[output]),
                        "seed \(seed), member \(index): output \(output), input \(input)")
                }
            }
        }
    }
}
