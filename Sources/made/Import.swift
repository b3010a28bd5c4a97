import ArgumentParser
import MADE

/// `made import`: a PyTorch state dict becomes a checkpoint.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn a PyTorch state dict into a checkpoint.",
        discussion: """
            Reads weight, bias and mask of every masked linear layer (layers.0.linear.weight, layers.0.linear.bias, \
            layers.0.mask, or net.0.weight, net.0.bias, net.0.mask), finds the ordering that the masks allow, and refuses \
            masks that are not autoregressive in any.
            """)

    @Argument(help: "The state dict, saved with safetensors.torch.save_file.")
    var state: String

    @Option(name: .shortAndLong, help: "The checkpoint to write, or to replace.")
    var output: String

    @OptionGroup var outputs: OutputArguments

    @Option(help: "The activation between the layers: relu, elu, tanh or sigmoid.")
    var activation: Activation

    @Option(help: "The model's name; the state dict's file name where it is not given.")
    var name: String?

    func run() throws {
        let target = try outputs.target(output, .checkpoint, inputs: [state])
        var model = try Checkpoint.read(state, activation: activation)
        if let name { model.name = name }
        do {
            _ = try AutoregressiveCheck.verify(model, compiled: CompiledModel(model))
        } catch {
            throw CheckpointError(state, .notAutoregressive(error))
        }
        try Checkpoint.write(model, to: target)
        try Output.print(
            "\(output): \(model.variables.count) variables, hidden layers \(model.card.hiddenWidths), \(activation.rawValue)"
        )
    }
}
