internal import FoundationEssentials
internal import MADE
internal import MADETraining

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
        let shape = try ModelShape.named(name)
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

    /// Writes `NAME.gradient.safetensors`: the gradient that training would follow at the first `count` rows.
    func differentiate(_ name: String, count: Int) throws -> Answer {
        var model = try Checkpoint.read(path(name, "safetensors"))
        model.networks = [model.gradient(member: 0, rows: Array(try rows(name).prefix(count * model.variables.count)))]
        try Checkpoint.write(model, to: path(name, "gradient.safetensors"))
        return Answer(units: count)
    }

    func load(_ name: String, weights: WeightFormat = .fp32) throws -> LoadedModel {
        let key = "\(name) \(weights)"
        if let model = loaded[key] { return model }
        let model = LoadedModel(
            model: try CompiledModel(try Checkpoint.read(path(name, "safetensors")), weights: weights),
            rows: try rows(name))
        loaded[key] = model
        return model
    }

    private func rows(_ name: String) throws -> [Float] {
        let bytes = try Data(contentsOf: URL(filePath: path(name, "rows")))
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private func path(_ name: String, _ ending: String) -> String { "\(folder)/\(name).\(ending)" }
}

/// A model that serves, with its rows [n × D].
struct LoadedModel {
    let model: CompiledModel
    let rows: [Float]
}
