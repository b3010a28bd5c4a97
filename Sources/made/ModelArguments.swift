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
        try Checkpoint.load(model, activation: activation, weights: weights)
    }
}
