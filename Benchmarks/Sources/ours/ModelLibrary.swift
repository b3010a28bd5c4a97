internal import FoundationEssentials
internal import MADE

/// The models of the comparisons, with random weights, and rows to score; as files, which the other side reads too.
///
/// Everything is drawn from fixed seeds: the files of two runs are the same.
final class ModelLibrary {
    /// Rows of the file beside each model.
    static let rowCount = 1024

    private let folder: String
    private var loaded: [String: LoadedModel] = [:]

    init(folder: String) {
        self.folder = folder
    }

    /// Writes `NAME.safetensors`, and `NAME.rows`: float32 [rowCount × D].
    func prepare(_ name: String) throws -> Answer {
        guard let shape = ModelShape.all[name] else { throw UnknownModel(name: name) }
        if FileManager.default.fileExists(atPath: path(name, "rows")) { return Answer() }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Checkpoint.write(shape.model(named: name), to: path(name, "safetensors"))
        var generator = PhiloxGenerator(seed: shape.seed, stream: 1)
        let rows = (0..<Self.rowCount * shape.variableCount).map { _ -> Float in
            Bool.random(using: &generator) ? 1 : 0
        }
        try rows.withUnsafeBytes { try Data($0).write(to: URL(filePath: path(name, "rows"))) }
        return Answer()
    }

    func load(_ name: String, weights: WeightFormat = .fp32) throws -> LoadedModel {
        let key = "\(name) \(weights)"
        if let model = loaded[key] { return model }
        let bytes = try Data(contentsOf: URL(filePath: path(name, "rows")))
        let rows = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let model = LoadedModel(
            model: try CompiledModel(try Checkpoint.read(path(name, "safetensors")), weights: weights), rows: rows)
        loaded[key] = model
        return model
    }

    private func path(_ name: String, _ ending: String) -> String { "\(folder)/\(name).\(ending)" }
}

/// A model that serves, with its rows [n × D].
struct LoadedModel {
    let model: CompiledModel
    let rows: [Float]
}

/// An order for a model that does not exist.
struct UnknownModel: Error, CustomStringConvertible {
    let name: String

    var description: String {
        "no model '\(name)'; there are \(ModelShape.all.keys.sorted().joined(separator: ", "))"
    }
}

/// The size of a model, and what its weights are drawn from.
struct ModelShape {
    let variableCount: Int
    let hiddenWidths: [Int]
    let activation: Activation
    let seed: UInt64
    /// Whether the ordering is drawn, as training does; else it is the columns', as most imported models'.
    var isShuffled = false

    static let all: [String: ModelShape] = [
        "d64": ModelShape(variableCount: 64, hiddenWidths: [512], activation: .relu, seed: 1),
        "d64-shuffled": ModelShape(
            variableCount: 64, hiddenWidths: [512], activation: .relu, seed: 1, isShuffled: true),
        "d128": ModelShape(variableCount: 128, hiddenWidths: [512, 512], activation: .elu, seed: 2),
        "d784": ModelShape(variableCount: 784, hiddenWidths: [1000, 1000], activation: .relu, seed: 3),
        "d784-wide": ModelShape(variableCount: 784, hiddenWidths: [8000, 8000], activation: .relu, seed: 4),
    ]

    /// Weights that keep the size of the sums from layer to layer (He et al. 2015), half of them masked.
    func model(named name: String) -> DensityModel {
        var generator = PhiloxGenerator(seed: seed)
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
        return DensityModel(
            name: name, variables: (0..<variableCount).map { Variable(name: "v\($0)", kind: .binary(.identity)) },
            activation: activation, networks: [MaskedNetwork(layers: layers)],
            members: [Member(network: 0, ordering: ordering, hiddenDegrees: degrees)])
    }
}
