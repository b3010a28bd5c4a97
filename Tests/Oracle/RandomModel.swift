public import MADE

/// Small models with random weights, for property tests.
public enum RandomModel {
    /// A model of binary variables; orderings natural or random, degrees random or spread, by the generator.
    public static func binary(
        variableCount: Int, hiddenWidths: [Int], activation: Activation = .relu, direct: Bool = false,
        memberCount: Int = 1, encoding: AffineEncoding = .identity, using generator: inout PhiloxGenerator
    ) -> DensityModel {
        let variables = (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(encoding)) }
        var networks: [MaskedNetwork] = []
        var members: [Member] = []
        for network in 0..<memberCount {
            let ordering =
                Bool.random(using: &generator)
                ? Ordering.natural(count: variableCount)
                : Ordering.random(count: variableCount, using: &generator)
            let degrees =
                Bool.random(using: &generator)
                ? Degrees.spread(widths: hiddenWidths, variableCount: variableCount)
                : hiddenWidths.map { width in
                    (0..<width).map { _ in Int.random(in: 0..<variableCount, using: &generator) }
                }
            members.append(Member(network: network, ordering: ordering, hiddenDegrees: degrees))
            let widths = [variableCount] + hiddenWidths + [variableCount]
            networks.append(
                MaskedNetwork(
                    layers: zip(widths, widths.dropFirst()).map { inputs, outputs in
                        MaskedNetwork.Layer(
                            weight: random(rows: outputs, columns: inputs, using: &generator),
                            bias: random(rows: outputs, columns: 1, using: &generator).elements)
                    },
                    direct: direct ? random(rows: variableCount, columns: variableCount, using: &generator) : nil))
        }
        return DensityModel(
            name: "random", variables: variables, activation: activation, networks: networks, members: members)
    }

    /// Uniform in ±1.5 / √columns, so that the sums neither vanish nor saturate.
    private static func random(rows: Int, columns: Int, using generator: inout PhiloxGenerator) -> Matrix {
        let span = 3 / Float(columns).squareRoot()
        return Matrix(rows: rows, columns: columns) { _, _ in (generator.uniform() - 0.5) * span }
    }
}
