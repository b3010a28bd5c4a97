internal import FoundationEssentials

/// Models as files: one safetensors file a model, in the product's own layout or as a PyTorch state dict.
///
/// Own layout, version 1: `networks.{n}.layers.{i}.weight` [out × in] and `.bias` [out], `networks.{n}.direct.weight`
/// [out × in], `members.network` [S], `members.ordering` [S × D] (position → variable), `members.degrees.{i}` [S × units],
/// `calibration.log_likelihood` [n], and, where they are known, `calibration.surprisal.mean` and
/// `calibration.surprisal.standard_deviation` [D], F64 all three; the metadata's `model` is a JSON document (`ModelDocument`).
public enum Checkpoint {
    static let formatVersion = "1"
    /// Bounds on what a file may ask for; far above any model that fits the machines this runs on.
    static let variableCountMax = 16_384
    static let memberCountMax = 256
    /// Labels of one variable.
    static let labelCountMax = 10_000
    /// Input units of all variables, and output units of all.
    static let unitCountMax = 65_536
    static let compiledBytesMax = 16 << 30

    /// Reads a model and checks everything but its numeric behaviour.
    ///
    /// `activation` is for PyTorch state dicts, which do not hold it; it is an error for the product's own files.
    /// - Throws: `CheckpointError`, one line that names file, place and what would be right.
    public static func read(_ path: String, activation: Activation? = nil) throws(CheckpointError) -> DensityModel {
        let file = try SafetensorsFile(path: path)
        guard file.metadata["format"] == "made" else {
            guard let activation else { throw CheckpointError(path, .activationNeeded) }
            return try StateDict.model(from: file, activation: activation)
        }
        let version = file.metadata["format_version"] ?? "(none)"
        guard version == formatVersion else { throw CheckpointError(path, .unsupportedFormatVersion(version)) }
        let model = try CheckpointReader(file: file).model()
        if activation != nil { throw CheckpointError(path, .activationAlreadyKnown(model.activation)) }
        return model
    }

    /// Reads a model, checks that it is autoregressive by structure and by trying, and returns the form that serves, with its
    /// weights kept as `weights`.
    /// - Throws: `CheckpointError`.
    public static func load(
        _ path: String, activation: Activation? = nil, weights: WeightFormat = .fp32
    ) throws(CheckpointError) -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
        let model = try read(path, activation: activation)
        let compiled: CompiledModel
        do {
            compiled = try CompiledModel(model, weights: weights)
        } catch {
            throw CheckpointError(path, .weightOverflow(error))
        }
        do {
            return (compiled, try AutoregressiveCheck.verify(model, compiled: compiled))
        } catch {
            throw CheckpointError(path, .notAutoregressive(error))
        }
    }

    /// Writes `model` in the product's own layout; the file appears whole or not at all.
    /// - Throws: `CheckpointError`.
    public static func write(_ model: DensityModel, to path: String) throws(CheckpointError) {
        var model = model
        model.applyMasks()
        var writer = SafetensorsWriter()
        if let calibration = model.calibration {
            writer.add(
                "calibration.log_likelihood", dtype: "F64", shape: [calibration.logLikelihoods.count],
                calibration.logLikelihoods)
            if let surprisals = calibration.surprisals {
                let shape = [surprisals.means.count]
                writer.add("calibration.surprisal.mean", dtype: "F64", shape: shape, surprisals.means)
                writer.add(
                    "calibration.surprisal.standard_deviation", dtype: "F64", shape: shape,
                    surprisals.standardDeviations)
            }
        }
        for (index, network) in model.networks.enumerated() {
            for (layer, parameters) in network.layers.enumerated() {
                let name = "networks.\(index).layers.\(layer)"
                writer.add("\(name).weight", parameters.weight)
                writer.add("\(name).bias", dtype: "F32", shape: [parameters.bias.count], parameters.bias)
            }
            if let direct = network.direct { writer.add("networks.\(index).direct.weight", direct) }
        }
        let memberCount = model.members.count
        writer.add("members.network", dtype: "I32", shape: [memberCount], model.members.map { Int32($0.network) })
        writer.add(
            "members.ordering", dtype: "I32", shape: [memberCount, model.variables.count],
            model.members.flatMap { $0.ordering.variables.map(Int32.init) })
        for layer in model.members.first?.hiddenDegrees.indices ?? 0..<0 {
            let degrees = model.members.map { $0.hiddenDegrees[layer].map(Int32.init) }
            writer.add(
                "members.degrees.\(layer)", dtype: "I32", shape: [memberCount, degrees.first?.count ?? 0],
                degrees.flatMap { $0 })
        }
        let document: String
        do {
            document = try ModelDocument(model).json()
        } catch {
            throw CheckpointError(path, .unwritable("the description of the model cannot be encoded: \(error)"))
        }
        try writer.write(
            to: path, metadata: ["format": "made", "format_version": formatVersion, "model": document])
    }
}

extension SafetensorsWriter {
    fileprivate mutating func add(_ name: String, _ matrix: Matrix) {
        add(name, dtype: "F32", shape: [matrix.rows, matrix.columns], matrix.elements)
    }
}
