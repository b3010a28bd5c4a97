internal import FoundationEssentials

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Models as files: one safetensors file a model, in the product's own layout or as a PyTorch state dict.
///
/// Own layout, version 2: `networks.{n}.layers.{i}.weight` [out × in] and `.bias` [out], `networks.{n}.direct.weight`
/// [out × in], `members.network` [S], `members.ordering` [S × D] (position → variable), `members.degrees.{i}` [S × units],
/// `calibration.log_likelihood` [n], and, where they are known, `calibration.surprisal.mean` and
/// `calibration.surprisal.standard_deviation` [D], F64 all three, `calibration.gain` [m × D], `calibration.rows`
/// and `calibration.rows.surprisal_offset` [k × D], F32 all three, the tensors of `CellCalibrationTensors`, and of a model with groups
/// `calibration.group`, I32 [statistics × n] (`GroupCalibration.classes`); the metadata's `model` is a JSON document
/// (`ModelDocument`).
public enum Checkpoint {
    static let formatVersion = "2"
    /// Its real variables have densities in the data's own units, its readers no schema.
    static let firstFormatVersion = "1"
    /// Bounds on what a file may ask for; far above any model that fits the machines this runs on.
    static let variableCountMax = 16_384
    static let memberCountMax = 256
    /// Columns of the table, those that are left out too.
    static let columnCountMax = 65_536
    /// Labels of one variable: as many as there may be units.
    static let labelCountMax = unitCountMax
    /// Input units of all variables, and output units of all. Their weights are bounded by `compiledBytesMax`; this bounds
    /// what has no bytes in the file, the memory of the rows under way.
    static let unitCountMax = 1 << 20
    /// Bytes of all tensors in the file, and of all members' weights as they serve.
    static let compiledBytesMax = 16 << 30

    /// Reads a model and checks everything but its numeric behaviour.
    ///
    /// `activation` is for PyTorch state dicts, which do not hold it; it is an error for the product's own files.
    /// - Throws: `CheckpointError`, one line that names file, place and what would be right.
    public static func read(_ path: String, activation: Activation? = nil) throws(CheckpointError) -> DensityModel {
        try CheckpointFile(path).model(activation: activation)
    }

    /// Reads a model, checks that it is autoregressive by structure and by trying, and returns the form that serves, with its
    /// weights kept as `weights`.
    /// - Throws: `CheckpointError`.
    public static func load(
        _ path: String, activation: Activation? = nil, weights: WeightFormat = .fp32
    ) throws(CheckpointError) -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
        let file = try CheckpointFile(path)
        return try file.compiled(try file.model(activation: activation), weights: weights)
    }

    /// Writes `model` to a new file at `path`, or over another checkpoint there.
    /// - Throws: `OutputError`.
    public static func write(_ model: DensityModel, to path: String) throws(OutputError) {
        try write(model, to: OutputTarget(path: path, kind: .checkpoint))
    }

    /// Writes `model` in the product's own layout; the file appears whole or not at all.
    /// - Throws: `OutputError`.
    public static func write(_ model: DensityModel, to target: OutputTarget) throws(OutputError) {
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
            if let cells = calibration.cells { writer.add(cells) }
            if let groups = calibration.groups {
                writer.add(
                    "calibration.group", dtype: "I32", shape: [groups.classes.count, calibration.logLikelihoods.count],
                    groups.classes.flatMap(\.self))
            }
            if let gains = calibration.gains {
                writer.add(
                    "calibration.gain", dtype: "F32", shape: [gains.rowCount, gains.variableCount], gains.gains)
            }
            if let rows = calibration.rows {
                let shape = [rows.rowCount, rows.variableCount]
                writer.add("calibration.rows", dtype: "F32", shape: shape, rows.values)
                if !rows.surprisalOffsets.isEmpty {
                    writer.add(
                        "calibration.rows.surprisal_offset", dtype: "F32", shape: shape, rows.surprisalOffsets)
                }
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
            throw OutputError(target.path, .unwritable("the description of the model cannot be encoded: \(error)"))
        }
        try writer.write(
            to: target, metadata: ["format": "made", "format_version": formatVersion, "model": document])
    }
}

extension DensityModel {
    /// Turns what is known of log-likelihoods that are densities in the data's units into densities per unit of each
    /// column's own scale: dx = scale du. p-values stay.
    mutating func measureInOwnScales() {
        let shifts = variables.map { variable -> Double in
            if case .real(let encoding) = variable.kind { log(abs(encoding.scale)) } else { 0 }
        }
        let shift = shifts.reduce(0, +)
        calibration = calibration.map { calibration in
            Calibration(
                logLikelihoods: calibration.logLikelihoods.map { $0 + shift },
                surprisals: calibration.surprisals.map { surprisals in
                    SurprisalSummary(
                        means: zip(surprisals.means, shifts).map { $0 - $1 },
                        standardDeviations: surprisals.standardDeviations)
                })
        }
        guard var summary = training else { return }
        summary.trainNats -= shift
        summary.validationNats -= shift
        summary.testNats = summary.testNats.map { $0 - shift }
        summary.curve = summary.curve.map { curve in
            TrainingCurve(
                epochs: curve.epochs, trainNats: curve.trainNats.map { $0 - Float(shift) },
                validationNats: curve.validationNats.map { $0 - Float(shift) })
        }
        training = summary
    }
}

extension SafetensorsWriter {
    fileprivate mutating func add(_ name: String, _ matrix: Matrix) {
        add(name, dtype: "F32", shape: [matrix.rows, matrix.columns], matrix.elements)
    }
}
