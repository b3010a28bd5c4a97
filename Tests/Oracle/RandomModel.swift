public import MADE

/// Small models with random weights, for property tests.
public enum RandomModel {
    /// A model of binary variables; orderings natural or random, degrees random or spread, by the generator.
    public static func binary(
        variableCount: Int, hiddenWidths: [Int], activation: Activation = .relu, direct: Bool = false,
        memberCount: Int = 1, encoding: AffineEncoding = .identity, using generator: inout PhiloxGenerator
    ) -> DensityModel {
        mixed(
            (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(encoding)) }, hiddenWidths: hiddenWidths,
            activation: activation, direct: direct, memberCount: memberCount, using: &generator)
    }

    /// A model of `variables` of any kind; orderings natural or random. With `isResidual` all layers have the same degrees,
    /// where widths are equal.
    public static func mixed(
        _ variables: [Variable], hiddenWidths: [Int], activation: Activation = .relu, direct: Bool = false,
        isResidual: Bool = false, memberCount: Int = 1, using generator: inout PhiloxGenerator
    ) -> DensityModel {
        let layout = UnitLayout(variables)
        var networks: [MaskedNetwork] = []
        var members: [Member] = []
        for network in 0..<memberCount {
            let ordering =
                Bool.random(using: &generator)
                ? Ordering.natural(count: variables.count)
                : Ordering.random(count: variables.count, using: &generator)
            let degrees =
                isResidual || Bool.random(using: &generator)
                ? Degrees.spread(widths: hiddenWidths, variableCount: variables.count)
                : hiddenWidths.map { width in
                    (0..<width).map { _ in Int.random(in: 0..<variables.count, using: &generator) }
                }
            members.append(Member(network: network, ordering: ordering, hiddenDegrees: degrees))
            let widths = [layout.inputUnitCount] + hiddenWidths + [layout.outputUnitCount]
            networks.append(
                MaskedNetwork(
                    layers: zip(widths, widths.dropFirst()).map { inputs, outputs in
                        MaskedNetwork.Layer(
                            weight: random(rows: outputs, columns: inputs, using: &generator),
                            bias: random(rows: outputs, columns: 1, using: &generator).elements)
                    },
                    direct: direct
                        ? random(rows: layout.outputUnitCount, columns: layout.inputUnitCount, using: &generator) : nil)
            )
        }
        return DensityModel(
            name: "random", variables: variables, activation: activation, isResidual: isResidual, networks: networks,
            members: members)
    }

    /// Variables of all kinds, `count` of them: binary, categorical of 2 to 6 labels, real of 1 to 5 Gaussians, some with a
    /// step.
    public static func variables(count: Int, using generator: inout PhiloxGenerator) -> [Variable] {
        (0..<count).map { index in
            let kind: Variable.Kind
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: kind = .binary(.plusMinusOne)
            case 1:
                let labelCount = Int.random(in: 2...6, using: &generator)
                kind = .categorical(Categories(labels: (0..<labelCount).map { "label \($0)" }))
            case let choice:
                kind = .real(
                    RealEncoding(
                        affine: AffineEncoding(
                            offset: 20 * (generator.uniform() - 0.5), scale: 0.1 + 3 * generator.uniform()),
                        componentCount: Int.random(in: 1...5, using: &generator),
                        scaleFloor: 0.01 + 0.2 * generator.uniform(), inputBound: 1 + 4 * generator.uniform(),
                        step: choice == 2 ? nil : 0.5))
            }
            return Variable(name: "v\(index)", kind: kind)
        }
    }

    /// A row [D] of values that `variables` may take; reals lie within about 4 encoded units of their offset.
    public static func row(of variables: [Variable], using generator: inout PhiloxGenerator) -> [Float] {
        variables.map { variable in
            switch variable.kind {
            case .binary: Bool.random(using: &generator) ? 1 : 0
            case .categorical(let categories): Float(Int.random(in: categories.labels.indices, using: &generator))
            case .real(let encoding):
                encoding.affine.offset + 8 * (generator.uniform() - 0.5) / encoding.affine.scale
            }
        }
    }

    /// Uniform in ±1.5 / √columns, so that the sums neither vanish nor saturate.
    private static func random(rows: Int, columns: Int, using generator: inout PhiloxGenerator) -> Matrix {
        let span = 3 / Float(columns).squareRoot()
        return Matrix(rows: rows, columns: columns) { _, _ in (generator.uniform() - 0.5) * span }
    }
}
