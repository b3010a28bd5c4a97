extension DensityModel {
    /// Sets every weight to zero that no member's masks let through.
    public mutating func applyMasks() {
        for network in networks.indices {
            let users = degrees(ofNetwork: network)
            for layer in networks[network].layers.indices {
                SharedMask(users, layer: layer).clear(&networks[network].layers[layer].weight)
            }
            let mask = SharedMask(direct: users)
            Self.change(&networks[network].direct) { mask.clear(&$0) }
        }
    }

    /// A weight that is not zero although no member's masks let it through.
    struct HiddenWeight: Equatable {
        /// Its matrix, by the name that it has in a checkpoint of the product's own.
        let tensor: String
        let output: Int
        let input: Int
    }

    /// The first of them, in the order of the file; nil where there is none.
    func firstHiddenWeight() -> HiddenWeight? {
        for (index, network) in networks.enumerated() {
            let users = degrees(ofNetwork: index)
            for (layer, parameters) in network.layers.enumerated() {
                if let place = SharedMask(users, layer: layer).firstHidden(in: parameters.weight) {
                    return HiddenWeight(
                        tensor: "networks.\(index).layers.\(layer).weight", output: place.output, input: place.input)
                }
            }
            if let direct = network.direct,
                let place = SharedMask(direct: users).firstHidden(in: direct)
            {
                return HiddenWeight(
                    tensor: "networks.\(index).direct.weight", output: place.output, input: place.input)
            }
        }
        return nil
    }

    /// Changes what is there in its place, without a copy of it.
    private static func change(_ matrix: inout Matrix?, by change: (inout Matrix) -> Void) {
        guard var taken = matrix.take() else { return }
        change(&taken)
        matrix = taken
    }

    private func degrees(ofNetwork network: Int) -> [Degrees] {
        members.filter { $0.network == network }.map { degrees(of: $0) }
    }
}

/// Which weights of one matrix [out × in] the masks of the members that share it let through.
///
/// A row at a time and without a branch a weight: wide tables have hundreds of millions of them.
private struct SharedMask {
    /// One member's mask: a weight passes where the degree of its input is at most the limit of its output.
    private struct User {
        let limits: [Int32]
        let degrees: [Int32]

        init(limits: [Int], degrees: [Int]) {
            self.limits = limits.map(Int32.init)
            self.degrees = degrees.map(Int32.init)
        }
    }

    private let users: [User]

    /// Of weight layer `layer`.
    init(_ users: [Degrees], layer: Int) {
        self.users = users.map { User(limits: $0.limits(layer: layer), degrees: $0.degreesInto(layer: layer)) }
    }

    /// Of the direct connections.
    init(direct users: [Degrees]) {
        self.users = users.map { User(limits: $0.directLimits, degrees: $0.inputs) }
    }

    /// Sets what no member lets through to zero.
    func clear(_ matrix: inout Matrix) {
        let (rows, columns) = (matrix.rows, matrix.columns)
        var passing = [UInt32](repeating: 0, count: columns)
        passing.withUnsafeMutableBufferPointer { passing in
            matrix.elements.withUnsafeMutableBufferPointer { weights in
                for output in 0..<rows {
                    findPassing(to: output, into: passing)
                    for input in 0..<columns {
                        let place = output * columns + input
                        weights[place] = Float(bitPattern: weights[place].bitPattern & passing[input])
                    }
                }
            }
        }
    }

    /// The first weight that is not zero and that no member lets through; nil where there is none.
    func firstHidden(in matrix: Matrix) -> (output: Int, input: Int)? {
        let columns = matrix.columns
        var passing = [UInt32](repeating: 0, count: columns)
        return passing.withUnsafeMutableBufferPointer { passing in
            matrix.elements.withUnsafeBufferPointer { weights in
                for output in 0..<matrix.rows {
                    findPassing(to: output, into: passing)
                    var found: UInt32 = 0
                    for input in 0..<columns {
                        found |= weights[output * columns + input].magnitude.bitPattern & ~passing[input]
                    }
                    guard found != 0 else { continue }
                    let first = passing.indices.first { passing[$0] == 0 && weights[output * columns + $0] != 0 }
                    if let first { return (output, first) }
                }
                return nil
            }
        }
    }

    /// All bits for each input whose weight to `output` some member lets through, none for the others.
    private func findPassing(to output: Int, into passing: UnsafeMutableBufferPointer<UInt32>) {
        passing.update(repeating: 0)
        for user in users {
            let limit = user.limits[output]
            user.degrees.withUnsafeBufferPointer { degrees in
                for input in 0..<passing.count { passing[input] |= degrees[input] <= limit ? .max : 0 }
            }
        }
    }
}
