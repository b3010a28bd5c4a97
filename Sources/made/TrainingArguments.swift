import ArgumentParser
import MADE
import MADETraining

/// The options of `made train` that shape the model and its training.
struct TrainingArguments: ParsableArguments {
    private static let defaults = TrainingOptions()

    @Option(help: "Units of each hidden layer, separated by commas; 0 for none.")
    var hidden = HiddenWidths(defaults.hiddenWidths)

    @Option(help: "The non-linearity: relu, elu, tanh or sigmoid.")
    var activation = defaults.activation

    @Flag(inversion: .prefixedNo, help: "Connect inputs to outputs directly, besides the hidden layers.")
    var direct = defaults.isDirect

    @Option(help: "Networks whose likelihoods are averaged, each with an ordering of its own.")
    var members = defaults.memberCount

    @Option(help: "Everything random follows from it.")
    var seed = defaults.seed

    @Option(help: "Most passes over the rows.")
    var epochs = defaults.epochsMax

    @Option(help: "Rows a gradient step.")
    var batch = defaults.batchRows

    @Option(help: "Adam's step size at the start.")
    var learningRate = defaults.learningRate

    @Option(help: "Passes without gain on the validation rows before the learning rate falls or the training ends.")
    var patience = defaults.patienceEpochs

    @Option(help: "Share of the hidden units that each step leaves out.")
    var dropout = defaults.dropout

    @Option(help: "Decoupled weight decay.")
    var weightDecay = defaults.weightDecay

    @Option(name: .customLong("l1"), help: "L1 strength on the weights of the layers.")
    var l1 = defaults.l1

    @Option(name: .customLong("direct-l1"), help: "L1 strength on the direct connections.")
    var directL1 = defaults.directL1

    @Option(help: "Share of the rows that choose the stopping point, without --validation.")
    var validationShare = defaults.validationShare

    @Option(help: "Share of the rows kept for calibration, without --calibration; 0 for a model without p-values.")
    var calibrationShare = defaults.calibrationShare

    var options: TrainingOptions {
        var options = TrainingOptions()
        options.hiddenWidths = hidden.widths
        options.activation = activation
        options.isDirect = direct
        options.memberCount = members
        options.seed = seed
        options.epochsMax = epochs
        options.batchRows = batch
        options.learningRate = learningRate
        options.patienceEpochs = patience
        options.dropout = dropout
        options.weightDecay = weightDecay
        options.l1 = l1
        options.directL1 = directL1
        options.validationShare = validationShare
        options.calibrationShare = calibrationShare
        return options
    }
}

/// `500,500`; `0` for no hidden layer.
struct HiddenWidths: ExpressibleByArgument {
    let widths: [Int]

    init(_ widths: [Int]) {
        self.widths = widths
    }

    init?(argument: String) {
        if argument == "0" {
            widths = []
            return
        }
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        widths = parts.compactMap(\.self)
    }

    var defaultValueDescription: String {
        widths.isEmpty ? "0" : widths.map(String.init).joined(separator: ",")
    }
}
