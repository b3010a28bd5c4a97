internal import MADE

/// The size of a model, and what its weights are drawn from.
struct ModelShape {
    let variableCount: Int
    let hiddenWidths: [Int]
    let activation: Activation
    let seed: UInt64
    /// Whether the orderings are drawn, as training does; else they are the columns', as most imported models'.
    var isShuffled = false
    /// Networks, each with an ordering of its own.
    var memberCount = 1

    private static let all: [String: ModelShape] = [
        "d64": ModelShape(variableCount: 64, hiddenWidths: [512], activation: .relu, seed: 1),
        "d64-shuffled": ModelShape(
            variableCount: 64, hiddenWidths: [512], activation: .relu, seed: 1, isShuffled: true),
        "d128": ModelShape(variableCount: 128, hiddenWidths: [512, 512], activation: .elu, seed: 2),
        "d784": ModelShape(variableCount: 784, hiddenWidths: [1000, 1000], activation: .relu, seed: 3),
        "d784-wide": ModelShape(variableCount: 784, hiddenWidths: [8000, 8000], activation: .relu, seed: 4),
    ]

    /// The shape of a name: one of those above, or made of its sizes, as `64-512+512-4` is of 64 variables, two hidden
    /// layers of 512 units and 4 networks.
    static func named(_ name: String) throws -> ModelShape {
        if let shape = all[name] { return shape }
        let parts = name.split(separator: "-").map { part in part.split(separator: "+").compactMap { Int($0) } }
        guard parts.count == 3, parts[0].count == 1, !parts[1].isEmpty, parts[2].count == 1 else {
            throw UnknownModel(name: name, known: all.keys.sorted())
        }
        return ModelShape(
            variableCount: parts[0][0], hiddenWidths: parts[1], activation: .relu, seed: 6, isShuffled: true,
            memberCount: parts[2][0])
    }

    /// Weights that keep the size of the sums from layer to layer (He et al. 2015), half of them masked.
    func model(named name: String) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
        let drawn = (0..<memberCount).map { drawMember($0, using: &generator) }
        return DensityModel(
            name: name, variables: (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(.identity)) },
            activation: activation, networks: drawn.map(\.network), members: drawn.map(\.member))
    }

    private func drawMember(_ index: Int, using generator: inout PhiloxGenerator) -> (
        member: Member, network: MaskedNetwork
    ) {
        let ordering =
            isShuffled
            ? Ordering.random(count: variableCount, using: &generator) : Ordering.natural(count: variableCount)
        let degrees = hiddenWidths.map { width in
            (0..<width).map { _ in Int.random(in: 1..<variableCount, using: &generator) }
        }
        let widths = [variableCount] + hiddenWidths + [variableCount]
        let layers = zip(widths, widths.dropFirst()).map { inputCount, outputCount in
            let span = 2 * (12 / Float(inputCount)).squareRoot()
            return MaskedNetwork.Layer(
                weight: Matrix(rows: outputCount, columns: inputCount) { _, _ in (generator.uniform() - 0.5) * span },
                bias: (0..<outputCount).map { _ in (generator.uniform() - 0.5) * 0.2 })
        }
        return (Member(network: index, ordering: ordering, hiddenDegrees: degrees), MaskedNetwork(layers: layers))
    }
}

/// An order for a model that does not exist.
struct UnknownModel: Error, CustomStringConvertible {
    let name: String
    let known: [String]

    var description: String {
        "no model '\(name)'; there are \(known.joined(separator: ", ")), and those named by their sizes, as 64-512+512-4"
    }
}
