/// PyTorch state dicts of masked linear layers, read without PyTorch: the ordering and the degrees come from the masks.
enum StateDict {
    /// One masked linear layer as the file holds it.
    private struct MaskedLinear {
        let name: String
        let weight: Matrix
        let bias: [Float]
        /// [out × in].
        let mask: Matrix
    }

    /// The model of a state dict of D inputs and D logits; variables are named v0, v1, … as in the file's own order.
    static func model(from file: SafetensorsFile, activation: Activation) throws(CheckpointError) -> DensityModel {
        let layers = try layers(of: file)
        let count = layers[0].mask.columns
        guard count <= Checkpoint.variableCountMax else {
            throw CheckpointError(
                file.path, .tooLarge("\(count) variables; the limit is \(Checkpoint.variableCountMax)"))
        }
        guard let last = layers.last, last.mask.rows == count else {
            let found = layers.last?.mask.rows ?? 0
            throw CheckpointError(
                file.path,
                .badShape(
                    tensor: "\(layers.last?.name ?? "").weight", shape: [found, layers.last?.mask.columns ?? 0],
                    expected: "[\(count), …]: one logit for each of the \(count) inputs"))
        }
        let variables = (0..<count).map { Variable(name: "v\($0)", kind: .binary(.identity)) }

        var reachedByLayer = [BitMatrix.identity(count: count)]
        for layer in layers {
            reachedByLayer.append(reachedByLayer[reachedByLayer.count - 1].reached(through: layer.mask))
        }
        let dependencies = (0..<count).map { reachedByLayer[layers.count].columns(ofRow: $0) }
        let ordering: Ordering
        switch topologicalOrdering(dependencies) {
        case .ordering(let found): ordering = found
        case .violation(let output, let input):
            throw CheckpointError(
                file.path,
                .notAutoregressive(
                    AutoregressiveViolation(
                        output: variables[output].name, input: variables[input].name, evidence: .masks)))
        }
        let hiddenDegrees = (1..<layers.count).map { layer in
            (0..<layers[layer].mask.columns).map { unit in
                let seen = reachedByLayer[layer].columns(ofRow: unit).map { ordering.positions[$0] + 1 }
                // A unit that sees the last variable can reach no output; any degree below D does for it.
                return min(seen.max() ?? 0, count - 1)
            }
        }
        var model = DensityModel(
            name: fileStem(file.path), variables: variables, activation: activation,
            networks: [
                MaskedNetwork(
                    layers: layers.map { layer in
                        let kept = zip(layer.weight.elements, layer.mask.elements).map { $1 == 0 ? 0 : $0 }
                        return .init(
                            weight: Matrix(rows: layer.weight.rows, columns: layer.weight.columns, elements: kept),
                            bias: layer.bias)
                    })
            ],
            members: [Member(network: 0, ordering: ordering, hiddenDegrees: hiddenDegrees)])
        model.applyMasks()
        return model
    }

    /// The file's layers in the natural order of their names' numbers.
    private static func layers(of file: SafetensorsFile) throws(CheckpointError) -> [MaskedLinear] {
        let prefixes = file.entries.keys.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(".weight".count)) }
        guard !prefixes.isEmpty else {
            throw CheckpointError(file.path, .missingMasks("it holds no tensor named …weight"))
        }
        var layers: [MaskedLinear] = []
        var used: Set<String> = []
        for prefix in prefixes.sorted(by: precedes) {
            let parent = prefix.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(
                separator: ".")
            guard let mask = ["\(prefix).mask", "\(parent).mask"].first(where: { file.entries[$0] != nil }) else {
                throw CheckpointError(file.path, .missingMasks("layer \(prefix) has no mask"))
            }
            let names = ["\(prefix).weight", "\(prefix).bias", mask]
            used.formUnion(names)
            let shape = try file.entry(names[0]).shape
            guard shape.count == 2, shape[0] > 0, shape[1] > 0, shape[1] == layers.last?.weight.rows ?? shape[1] else {
                let inputs = layers.last.map { "\($0.weight.rows)" } ?? "inputs"
                throw CheckpointError(
                    file.path, .badShape(tensor: names[0], shape: shape, expected: "[units, \(inputs)]"))
            }
            for (name, expected) in [(names[1], [shape[0]]), (mask, shape)] {
                let found = try file.entry(name).shape
                guard found == expected else {
                    throw CheckpointError(file.path, .badShape(tensor: name, shape: found, expected: "\(expected)"))
                }
            }
            layers.append(
                MaskedLinear(
                    name: prefix,
                    weight: Matrix(rows: shape[0], columns: shape[1], elements: try file.floats(names[0])),
                    bias: try file.floats(names[1]),
                    mask: Matrix(
                        rows: shape[0], columns: shape[1], elements: try file.booleans(mask).map { $0 ? 1 : 0 })))
        }
        if let stranger = file.entries.keys.filter({ !used.contains($0) }).min() {
            throw CheckpointError(file.path, .unknownTensor(stranger))
        }
        return layers
    }

    /// Names in the order of a reader: runs of digits compare as numbers, so that layer 10 follows layer 2.
    private static func precedes(_ first: String, _ second: String) -> Bool {
        let (first, second) = (first.split(separator: "."), second.split(separator: "."))
        for (a, b) in zip(first, second) where a != b {
            if let a = Int(a), let b = Int(b) { return a < b }
            return a < b
        }
        return first.count < second.count
    }

    private static func fileStem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".safetensors") ? String(name.dropLast(".safetensors".count)) : name
    }
}

// MARK: - The ordering that the masks allow

extension StateDict {
    private enum OrderingSearch {
        case ordering(Ordering)
        /// An output that sees itself, or that sees an input whose own output sees it.
        case violation(output: Int, input: Int)
    }

    private static func topologicalOrdering(_ dependencies: [[Int]]) -> OrderingSearch {
        if let selfish = dependencies.indices.first(where: { dependencies[$0].contains($0) }) {
            return .violation(output: selfish, input: selfish)
        }
        let variables = sorted(dependencies)
        if let ordering = Ordering(variables: variables), ordering.count == dependencies.count {
            return .ordering(ordering)
        }
        // Where one connection alone is wrong it lies on every cycle, so on this one.
        let edges = cycle(in: dependencies, avoiding: Set(variables))
        let culprit = edges.first { edge in
            var without = dependencies
            without[edge.output].removeAll { $0 == edge.input }
            return sorted(without).count == dependencies.count
        }
        let named = culprit ?? edges[0]
        return .violation(output: named.output, input: named.input)
    }

    /// The variables in an order that puts each after all inputs it sees, the lowest possible first; those that lie on a
    /// cycle, or see one that does, are left out.
    private static func sorted(_ dependencies: [[Int]]) -> [Int] {
        var waitingFor = dependencies.map(\.count)
        var dependents = [[Int]](repeating: [], count: dependencies.count)
        for (output, inputs) in dependencies.enumerated() {
            for input in inputs { dependents[input].append(output) }
        }
        var placed = [Bool](repeating: false, count: dependencies.count)
        var variables: [Int] = []
        while let next = dependencies.indices.first(where: { !placed[$0] && waitingFor[$0] == 0 }) {
            placed[next] = true
            variables.append(next)
            for output in dependents[next] { waitingFor[output] -= 1 }
        }
        return variables
    }

    /// A cycle of (output, input it sees); precondition: every variable outside `placed` sees another such.
    private static func cycle(in dependencies: [[Int]], avoiding placed: Set<Int>) -> [(output: Int, input: Int)] {
        var path: [Int] = []
        var current = dependencies.indices.first { !placed.contains($0) }
        while let output = current {
            if let start = path.firstIndex(of: output) {
                let loop = path[start...] + [output]
                return zip(loop, loop.dropFirst()).map { ($0, $1) }
            }
            path.append(output)
            current = dependencies[output].first { !placed.contains($0) }
        }
        preconditionFailure("a variable outside the ordering must see another one outside it")
    }
}
