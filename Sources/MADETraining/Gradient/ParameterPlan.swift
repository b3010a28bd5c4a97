internal import MADE

/// How the parameters of one masked network lie in one array while it is trained.
///
/// Units of every layer are sorted by degree, so that what a mask lets through of a block of outputs is a prefix of the
/// inputs: the products stop there and do about half of the dense layer's multiplications.
struct ParameterPlan: Sendable {
    /// Some outputs of a product that read the first `inputCount` of its inputs and no others.
    struct Block: Sendable {
        let outputs: Range<Int>
        let inputCount: Int
    }

    /// One masked matrix, [outputs × inputs] row-major from `weight` on.
    struct Product: Sendable {
        let weight: Range<Int>
        /// Network units that the matrix's columns and rows stand for.
        let inputUnits: [Int]
        let outputUnits: [Int]
        let blocks: [Block]

        var inputCount: Int { inputUnits.count }
        var outputCount: Int { outputUnits.count }
    }

    /// The hidden layers, then the output layer.
    let layers: [Product]
    /// Where each layer's biases [outputs] lie.
    let biases: [Range<Int>]
    /// Direct input→output connections.
    let direct: Product?
    /// Number of parameters, masked ones included.
    let count: Int
    /// 1 where a parameter counts, 0 where a mask takes it away, [count].
    let mask: [Float]

    /// `directOutputs` tells for each output unit whether direct connections lead to it; nil for none at all.
    init(degrees: Degrees, directOutputs: [Bool]?) {
        var count = 0
        var mask: [Float] = []
        let widths = [degrees.inputs.count] + degrees.hidden.map(\.count) + [degrees.outputs.count]
        mask.reserveCapacity(Self.count(widths: widths, isDirect: directOutputs != nil))
        func product(
            from inputDegrees: [Int], to outputDegrees: [Int], passes: (_ output: Int, _ input: Int) -> Bool
        ) -> Product {
            let inputs = Self.sorted(inputDegrees)
            let outputs = Self.sorted(outputDegrees)
            for output in outputs {
                for input in inputs { mask.append(passes(output, input) ? 1 : 0) }
            }
            defer { count = mask.count }
            return Product(
                weight: count..<mask.count, inputUnits: inputs, outputUnits: outputs,
                blocks: Self.blocks(outputCount: outputs.count) { block in
                    block.map { output in inputs.count(where: { passes(outputs[output], $0) }) }.max() ?? 0
                })
        }
        var layers: [Product] = []
        var biases: [Range<Int>] = []
        for layer in 0..<degrees.layerCount {
            layers.append(
                product(from: degrees.degreesInto(layer: layer), to: degrees.degreesOut(of: layer)) {
                    degrees.passes(layer: layer, output: $0, input: $1)
                })
            mask += [Float](repeating: 1, count: layers[layer].outputCount)
            biases.append(count..<mask.count)
            count = mask.count
        }
        direct = directOutputs.map { isReached in
            product(from: degrees.inputs, to: degrees.outputs) { output, input in
                isReached[output] && degrees.passesDirect(output: output, input: input)
            }
        }
        self.layers = layers
        self.biases = biases
        self.count = count
        self.mask = mask
    }

    /// Parameters, masked ones included, of a network whose layers, from its inputs to its outputs, are so wide.
    static func count(widths: [Int], isDirect: Bool) -> Int {
        let layers = zip(widths, widths.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
        guard isDirect, let inputs = widths.first, let outputs = widths.last else { return layers }
        return layers + inputs * outputs
    }

    /// Number of input units.
    var inputCount: Int { layers[0].inputCount }
    /// Number of output units.
    var outputCount: Int { layers[layers.count - 1].outputCount }
    /// Network units of the input and of the output layer in ascending degree.
    var inputUnits: [Int] { layers[0].inputUnits }
    var outputUnits: [Int] { layers[layers.count - 1].outputUnits }

    /// The parameters [count] of `network`, masked ones as zero.
    func parameters(of network: MaskedNetwork) -> [Float] {
        var parameters = [Float](repeating: 0, count: count)
        for (layer, product) in layers.enumerated() {
            gather(network.layers[layer].weight, by: product, into: &parameters)
            for (place, unit) in zip(biases[layer], product.outputUnits) {
                parameters[place] = network.layers[layer].bias[unit]
            }
        }
        if let direct, let weight = network.direct { gather(weight, by: direct, into: &parameters) }
        return parameters
    }

    /// The network that has `parameters` [count].
    func network(from parameters: [Float]) -> MaskedNetwork {
        MaskedNetwork(
            layers: zip(layers, biases).map { product, biases in
                var bias = [Float](repeating: 0, count: product.outputCount)
                for (place, unit) in zip(biases, product.outputUnits) { bias[unit] = parameters[place] }
                return MaskedNetwork.Layer(weight: scattered(product, from: parameters), bias: bias)
            },
            direct: direct.map { scattered($0, from: parameters) })
    }

    private func gather(_ weight: Matrix, by product: Product, into parameters: inout [Float]) {
        var place = product.weight.lowerBound
        for output in product.outputUnits {
            for input in product.inputUnits {
                parameters[place] = mask[place] == 0 ? 0 : weight[output, input]
                place += 1
            }
        }
    }

    private func scattered(_ product: Product, from parameters: [Float]) -> Matrix {
        var weight = Matrix(rows: product.outputCount, columns: product.inputCount) { _, _ in 0 }
        var place = product.weight.lowerBound
        for output in product.outputUnits {
            for input in product.inputUnits {
                weight[output, input] = parameters[place]
                place += 1
            }
        }
        return weight
    }

    /// Unit numbers in ascending degree, equal degrees in ascending number.
    private static func sorted(_ degrees: [Int]) -> [Int] {
        degrees.indices.sorted { (degrees[$0], $0) < (degrees[$1], $1) }
    }

    /// Cuts outputs of ascending degree into blocks: narrow enough to follow the staircase, wide enough for a fast product.
    private static func blocks(outputCount: Int, inputCount: (_ outputs: Range<Int>) -> Int) -> [Block] {
        let width = max(48, (outputCount + 7) / 8)
        return stride(from: 0, to: outputCount, by: width).map { start in
            let end = min(start + width, outputCount)
            return Block(outputs: start..<end, inputCount: inputCount(start..<end))
        }
    }
}
