internal import ArgumentParser
internal import MADE

/// The model that a verb works on.
struct ModelArguments: ParsableArguments {
    @Argument(help: "A checkpoint, or a PyTorch state dict in safetensors form.")
    var model: String

    @Option(help: "Activation of a PyTorch state dict, which does not hold it: relu, elu, tanh or sigmoid.")
    var activation: Activation?

    @Option(help: "How weights are kept: fp32, or fp16, which is quicker for large models and rounds their weights.")
    var weights = WeightFormat.fp32

    /// Reads the model, and proves it autoregressive before anything is computed with it.
    func load() throws -> (model: CompiledModel, verdict: AutoregressiveVerdict) {
        let (_, _, model, verdict) = try loadAll()
        return (model, verdict)
    }

    /// The same, and the file with the model as it has it.
    func loadAll() throws -> (CheckpointFile, DensityModel, model: CompiledModel, verdict: AutoregressiveVerdict) {
        let file = try CheckpointFile(model)
        let read = try file.model(activation: activation)
        let (compiled, verdict) = try file.compiled(read, weights: weights)
        return (file, read, compiled, verdict)
    }
}
