import ArgumentParser
internal import MADE
internal import MADERows

/// The model of a verb whose first argument is a table.
struct ModelOption: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: "The model of the table: a checkpoint, as made train TABLE -o MODEL writes it, or a PyTorch state dict.")
    var model: String

    @Option(help: "Activation of a PyTorch state dict, which does not hold it: relu, elu, tanh or sigmoid.")
    var activation: Activation?

    @Option(help: "How weights are kept: fp32, or fp16, which is quicker for large models and rounds their weights.")
    var weights = WeightFormat.fp32

    /// Reads the model, and proves it autoregressive before anything is computed with it.
    func load() throws -> CompiledModel {
        let file = try CheckpointFile(model)
        return try file.compiled(try file.model(activation: activation), weights: weights).model
    }
}

/// Where a table goes that a verb writes back: standard output, or a file that appears whole.
struct TableOutput: ~Copyable {
    private var output = Output()
    private var file: OutputFile?
    private let isWritten: Bool

    /// Nil: standard output. What is not written is dropped.
    init(_ target: OutputTarget?, isWritten: Bool = true) throws(OutputError) {
        self.isWritten = isWritten
        if let target { file = try target.open() }
    }

    /// Appends whole lines.
    mutating func write(_ lines: [UInt8]) throws {
        guard isWritten else { return }
        if file != nil { try file?.append(lines) } else { try output.write(lines) }
    }

    /// Puts it into its place.
    consuming func close() throws {
        try output.flush()
        if let file { try file.close() }
    }
}
