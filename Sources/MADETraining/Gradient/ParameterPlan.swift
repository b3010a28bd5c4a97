internal import CStaircase
internal import MADE

/// How the parameters of one masked network lie in one array while it is trained.
///
/// Units of every layer are sorted by degree, so that what a mask lets through to an output is a prefix of the inputs, as long
/// as that of the output before or longer: products leave out the rest, about half of the dense layer's multiplications.
struct ParameterPlan: Sendable {
    /// One masked matrix, [outputs × inputs] row-major from `weight` on.
    struct Product: Sendable {
        let weight: Range<Int>
        /// Network units that the matrix's columns and rows stand for.
        let inputUnits: [Int]
        let outputUnits: [Int]
        /// How many inputs the mask lets through to each output, ascending [outputs].
        let reach: [Int]
        /// What is needed of the product that gives outputs, of the one that passes derivatives back to the inputs, and of the
        /// one that gives the gradient.
        let forward: [staircase_strip]
        let backward: [staircase_strip]
        let gradient: [staircase_strip]

        var inputCount: Int { inputUnits.count }
        var outputCount: Int { outputUnits.count }

        init(weight: Range<Int>, inputUnits: [Int], outputUnits: [Int], reach: [Int]) {
            self.weight = weight
            self.inputUnits = inputUnits
            self.outputUnits = outputUnits
            self.reach = reach
            let width = Int(STAIRCASE_STRIP)
            forward = stride(from: width, to: reach.count + width, by: width).map { end in
                staircase_strip(first_row: 0, first_depth: 0, end_depth: reach[min(end, reach.count) - 1])
            }
            let firstOutputs = stride(from: 0, to: inputUnits.count, by: width).map { input in
                reach.firstIndex { $0 > input } ?? reach.count
            }
            backward = firstOutputs.map { staircase_strip(first_row: 0, first_depth: $0, end_depth: reach.count) }
            gradient = firstOutputs.map { staircase_strip(first_row: $0, first_depth: 0, end_depth: .max) }
        }

        /// How many inputs' weights the products read of an output.
        func readCount(of output: Int) -> Int {
            let width = Int(STAIRCASE_STRIP)
            let own = (reach[output] + width - 1) / width * width
            return min(max(forward[output / width].end_depth, own), inputCount)
        }
    }

    /// The hidden layers, then the output layer.
    let layers: [Product]
    /// Where each layer's biases [outputs] lie.
    let biases: [Range<Int>]
    /// Direct input→output connections, of the outputs that they lead to.
    let direct: Product?
    /// Where these outputs stand among all of the output layer.
    let directPlaces: [Int]
    /// Number of parameters, masked ones included.
    let count: Int
    /// 1 where a parameter counts, 0 where a mask takes it away, [count].
    let mask: [Float]

    /// `directOutputs` tells for each output unit whether direct connections lead to it; nil for none at all.
    init(degrees: Degrees, directOutputs: [Bool]?) {
        var count = 0
        var mask: [Float] = []
        let widths = [degrees.inputs.count] + degrees.hidden.map(\.count) + [degrees.outputs.count]
        let directCount = directOutputs?.count { $0 } ?? 0
        mask.reserveCapacity(Self.count(widths: widths, directOutputCount: directCount))
        func product(
            from inputDegrees: [Int], to outputs: [Int], passes: (_ output: Int, _ input: Int) -> Bool
        ) -> Product {
            let inputs = Self.sorted(inputDegrees)
            var reach: [Int] = []
            for output in outputs {
                let count = inputs.count { passes(output, $0) }
                reach.append(count)
                mask += [Float](repeating: 1, count: count) + [Float](repeating: 0, count: inputs.count - count)
            }
            defer { count = mask.count }
            return Product(weight: count..<mask.count, inputUnits: inputs, outputUnits: outputs, reach: reach)
        }
        var layers: [Product] = []
        var biases: [Range<Int>] = []
        for layer in 0..<degrees.layerCount {
            layers.append(
                product(
                    from: degrees.degreesInto(layer: layer), to: Self.sorted(degrees.degreesOut(of: layer)),
                    passes: degrees.passes(layer: layer)))
            mask += [Float](repeating: 1, count: layers[layer].outputCount)
            biases.append(count..<mask.count)
            count = mask.count
        }
        let outputUnits = layers[layers.count - 1].outputUnits
        directPlaces = outputUnits.indices.filter { directOutputs?[outputUnits[$0]] == true }
        direct =
            directPlaces.isEmpty
            ? nil
            : product(from: degrees.inputs, to: directPlaces.map { outputUnits[$0] }) {
                degrees.passesDirect(output: $0, input: $1)
            }
        self.layers = layers
        self.biases = biases
        self.count = count
        self.mask = mask
    }

    /// Parameters, masked ones included, of a network whose layers, from its inputs to its outputs, are so wide, with direct
    /// connections to so many of its outputs.
    static func count(widths: [Int], directOutputCount: Int) -> Int {
        zip(widths, widths.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 } + (widths.first ?? 0) * directOutputCount
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
                return MaskedNetwork.Layer(
                    weight: scattered(product, outputCount: product.outputCount, from: parameters), bias: bias)
            },
            direct: direct.map { scattered($0, outputCount: outputCount, from: parameters) })
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

    private func scattered(_ product: Product, outputCount: Int, from parameters: [Float]) -> Matrix {
        var weight = Matrix(rows: outputCount, columns: product.inputCount) { _, _ in 0 }
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
}
