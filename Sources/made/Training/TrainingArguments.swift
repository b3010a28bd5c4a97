import ArgumentParser
import MADE
import MADERows
import MADETraining

/// The options of `made train` that shape the model and its training. What is not given follows from what the table holds.
struct TrainingArguments: ParsableArguments {
    @Flag(help: "The table holds what is to be found: learn little, and nothing from the rows that fit worst.")
    var contaminated = false

    @Option(
        help: """
            Units of each hidden layer, separated by commas; 0 for none. (default: 500; with numbers 128,128; \
            of 10000 rows 256,256)
            """)
    var hidden: HiddenWidths?

    @Option(help: "The non-linearity: relu, elu, tanh or sigmoid. (default: relu)")
    var activation: Activation?

    @Flag(inversion: .prefixedNo, help: "Connect inputs to outputs directly, besides the hidden layers. (default: yes)")
    var direct: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Add each hidden layer to the next of the same width. (default: no; with numbers yes)")
    var residual: Bool?

    @Option(
        help: """
            Gaussians in the mixture of a column of numbers. (default: the more rows, the more, 5 to 24; contaminated 1)
            """)
    var components: Int?

    @Option(
        help: """
            Least standard deviation of a Gaussian, where 1 is that of the middle half of the column. (default: the \
            fewer rows, the larger, and smaller where the column nearly follows from others; contaminated 0.1)
            """)
    var scaleFloor: Float?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Encode columns of numbers by their logarithm, that of negative numbers with their sign, where held-out numbers \
            are likelier then: amounts over many decades, of which ratios count, and columns that follow from each \
            other as products do. (default: yes; contaminated no)
            """)
    var logarithms: Bool?

    @Option(
        help: """
            Networks whose likelihoods are averaged, each with an ordering and weights of its own. (default: 4; \
            with --masks 1)
            """)
    var members: Int?

    @Option(
        help: """
            Masks that each network is trained under in turn and averaged over, with one set of weights: each has an \
            ordering and a connectivity of its own. The file stays small; scoring costs as much as with so many members. \
            (default: 1)
            """)
    var masks: Int?

    @Option(help: "Everything random follows from it. (default: 1)")
    var seed: UInt64?

    @Option(help: "How the learning rate falls: plateau or cosine. (default: plateau; with numbers cosine)")
    var schedule: LearningDecay?

    @Option(
        help: """
            Most passes over the rows. With --steps too, training ends with what comes first; a cosine then ends there. \
            (default: 1000 where the rate falls on plateaus; else those of the steps)
            """)
    var epochs: Int?

    @Option(
        help: """
            Most gradient steps of a network. (default: those of the passes; where the rate falls as a cosine those of 60 \
            passes, at least 1500, with numbers and 10000 rows a third of their number, at most 20000; contaminated 200)
            """)
    var steps: Int?

    @Option(help: "Rows a gradient step. (default: 100; with numbers 256)")
    var batch: Int?

    @Option(
        help: """
            Adam's step size at the start. (default: 0.002; with numbers 0.006, from 10000 rows on and contaminated 0.003)
            """)
    var learningRate: Float?

    @Option(
        help: """
            Passes without gain on the validation rows before the learning rate falls or the training ends, where it \
            falls on plateaus. (default: 20)
            """)
    var patience: Int?

    @Option(help: "Share of the hidden units that each step leaves out. (default: 0)")
    var dropout: Float?

    @Option(help: "Share of the columns that each step hides from the network. (default: 0)")
    var inputDropout: Float?

    @Option(
        help: """
            Standard deviation of the noise on numbers that the network reads while it learns. (default: 0.15, \
            less above 1000 rows, 270 / rows from 10000 on; contaminated 0.5)
            """)
    var inputNoise: Float?

    @Option(help: "Norm that a larger gradient is scaled down to; 0 for never. (default: 0; with numbers 5)")
    var clipNorm: Float?

    @Option(
        help: """
            Share of the rows of each step that are left out as those that fit worst. (default: 0; with numbers \
            0.01, of 10000 rows 0; contaminated 0.2)
            """)
    var trim: Float?

    @Option(
        help: """
            Share of the values of each column of numbers that each step leaves out as those that fit worst, where they \
            are remote. (default: 0; with numbers and 10000 rows 0.02)
            """)
    var trimValues: Float?

    @Option(
        help: """
            Share of the numbers that each step shows to the network as random ones, so that it does not trust them \
            blindly. (default: 0; with numbers and 10000 rows 0.02)
            """)
    var inputStrays: Float?

    @Option(help: "Decoupled weight decay. (default: 0; with numbers 0.01)")
    var weightDecay: Float?

    @Option(
        name: .customLong("l1"), help: "L1 strength on the weights of the layers. (default: 0.25; with numbers 0)")
    var l1: Float?

    @Option(
        name: .customLong("direct-l1"), help: "L1 strength on the direct connections. (default: 0.25; with numbers 0)")
    var directL1: Float?

    @Option(help: "Share of the rows that choose the stopping point, without --validation. (default: 0.1)")
    var validationShare: Double?

    @Option(
        help: """
            Share of the rows kept for calibration, without --calibration; 0 for a model without p-values. (default: 0.2)
            """)
    var calibrationShare: Double?

    @Option(
        help: """
            Calibration rows that the model keeps, at most: rows of which values are not known have p-values by them. 0: none, \
            and no row of the table is in the model. (default: 1000)
            """)
    var keepRows: Int?

    @Option(
        help: """
            A column of labels or of two values: the rows of each value are compared with calibration rows of that value \
            alone, so that each has its share of false alarms. Values of fewer than \(GroupCalibration.rowCountMin) \
            calibration rows share those of the rest.
            """)
    var groups: String?

    @Option(
        help: """
            Parts in which a table is cross-fitted where its calibration share would be under 200 rows, so that neither \
            training nor calibration starves; 0 for never. (default: 10)
            """)
    var folds: Int?

    /// The options for a table of `schema` and of `rowCount` rows.
    func options(for schema: TableSchema, rowCount: Int) -> TrainingOptions {
        var options = TrainingOptions.recommended(for: schema, isContaminated: contaminated, rowCount: rowCount)
        func set<Value>(_ path: WritableKeyPath<TrainingOptions, Value>, _ value: Value?) {
            if let value { options[keyPath: path] = value }
        }
        set(\.hiddenWidths, hidden?.widths)
        set(\.activation, activation)
        set(\.isDirect, direct)
        set(\.isResidual, residual)
        if let components { options.componentCount = components }
        if let scaleFloor { options.scaleFloor = scaleFloor }
        set(\.choosesEncodings, logarithms)
        set(\.memberCount, members ?? (masks.map { $0 > 1 } == true ? 1 : nil))
        set(\.maskCount, masks)
        set(\.seed, seed)
        set(\.decay, schedule)
        set(\.epochsMax, epochs)
        if let steps { options.stepCount = steps }
        set(\.batchRows, batch)
        set(\.learningRate, learningRate)
        set(\.patienceEpochs, patience)
        set(\.dropout, dropout)
        set(\.inputDropout, inputDropout)
        if let inputNoise { options.inputNoise = inputNoise }
        set(\.gradientNormMax, clipNorm)
        set(\.trimmedShare, trim)
        set(\.trimmedValueShare, trimValues)
        set(\.strayShare, inputStrays)
        set(\.weightDecay, weightDecay)
        set(\.l1, l1)
        set(\.directL1, directL1)
        set(\.validationShare, validationShare)
        set(\.calibrationShare, calibrationShare)
        set(\.keptRowCount, keepRows)
        set(\.foldCount, folds)
        if let groups { options.groupColumn = groups }
        return options
    }
}

extension TrainingArguments {
    /// What a search must leave as it is.
    var fixed: Set<SearchedOption> {
        let given: [(SearchedOption, Bool)] = [
            (.hidden, hidden != nil), (.residual, residual != nil), (.components, components != nil),
            (.steps, steps != nil), (.dropout, dropout != nil), (.l1, l1 != nil),
            (.learningRate, learningRate != nil), (.inputDropout, inputDropout != nil),
            (.inputNoise, inputNoise != nil), (.weightDecay, weightDecay != nil), (.directL1, directL1 != nil),
        ]
        return Set(given.filter(\.1).map(\.0))
    }
}

/// `500,500`; `0` for no hidden layer.
struct HiddenWidths: ExpressibleByArgument {
    let widths: [Int]

    init?(argument: String) {
        if argument == "0" {
            widths = []
            return
        }
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        widths = parts.compactMap(\.self)
    }
}
