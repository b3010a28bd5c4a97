/// A model's file as it was when it was read: once, whole, and not while somebody wrote to it.
public struct CheckpointFile: Sendable {
    private let file: SafetensorsFile

    /// Where it was read.
    public var path: String { file.path }
    /// What tells it from what is at its path later.
    package var identity: FileIdentity { file.identity }

    /// Reads the file at `path`, which must be a regular one.
    /// - Throws: `CheckpointError`.
    public init(_ path: String) throws(CheckpointError) {
        file = try SafetensorsFile(path: path)
    }

    /// - Parameter whileReading: called in the midst of it.
    init(_ path: String, whileReading: () -> Void) throws(CheckpointError) {
        file = try SafetensorsFile(path: path, whileReading: whileReading)
    }

    /// Calls `use` with all of its bytes.
    public func withBytes<Result>(_ use: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(file) { use(file.bytes) }
    }

    /// The model, with everything checked but its numeric behaviour.
    ///
    /// `activation` is for PyTorch state dicts, which do not hold it; it is an error for the product's own files.
    /// - Throws: `CheckpointError`, one line that names file, place and what would be right.
    public func model(activation: Activation? = nil) throws(CheckpointError) -> DensityModel {
        guard file.metadata["format"] == "made" else {
            guard let activation else { throw CheckpointError(path, .activationNeeded) }
            return try StateDict.model(from: file, activation: activation)
        }
        let version = file.metadata["format_version"] ?? "(none)"
        guard version == Checkpoint.formatVersion || version == Checkpoint.firstFormatVersion else {
            throw CheckpointError(path, .unsupportedFormatVersion(version))
        }
        var model = try CheckpointReader(file: file).model()
        if version == Checkpoint.firstFormatVersion { model.measureInOwnScales() }
        if activation != nil { throw CheckpointError(path, .activationAlreadyKnown(model.activation)) }
        return model
    }

    /// The form of a model from this file that serves, with its weights kept as `weights`, and the proof that it is
    /// autoregressive by structure and by trying.
    /// - Throws: `CheckpointError`.
    public func compiled(
        _ model: DensityModel, weights: WeightFormat = .fp32
    ) throws(CheckpointError) -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
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
}
