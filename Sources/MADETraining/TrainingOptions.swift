public import MADE

/// How a model is trained. The defaults are meant to need no change.
public struct TrainingOptions: Sendable, Equatable {
    /// Units of each hidden layer; empty: direct connections alone.
    public var hiddenWidths = [500]
    /// The non-linearity of all hidden layers.
    public var activation = Activation.relu
    /// Whether inputs are also connected to outputs directly (Germain et al. 2015, eq. 15).
    public var isDirect = true
    /// Independent networks, each with a random ordering of its own, whose likelihoods are averaged.
    public var memberCount = 4
    /// Everything random follows from it.
    public var seed: UInt64 = 1
    /// Most passes over the training rows, each member.
    public var epochsMax = 1000
    /// Rows a gradient step.
    public var batchRows = 100
    /// Adam's step size at the start.
    public var learningRate: Float = 2e-3
    /// Passes without a better validation result after which the learning rate falls, or training ends.
    public var patienceEpochs = 20
    /// How often the learning rate falls to a fifth before training ends.
    public var reductionCount = 2
    /// Share of the hidden units that a training step leaves out.
    public var dropout: Float = 0
    /// Decoupled weight decay of all weights.
    public var weightDecay: Float = 0
    /// L1 strength on the layers' weights for a thousand training rows; it falls with the square root of their number.
    public var l1: Float = 0.25
    /// L1 strength on the direct connections, likewise.
    public var directL1: Float = 0.25
    /// Share of the rows that choose the stopping point, where no validation table is given.
    public var validationShare = 0.1
    /// Share of the rows kept for calibration, where no calibration table is given; 0: no calibration, hence no p-values.
    public var calibrationShare = 0.2
    /// Members trained side by side, one a thread. The result does not depend on it.
    public var threadCount = 1

    /// The defaults.
    public init() {}

    /// More would be a mistake, and would fill the memory.
    static let hiddenWidthMax = 65_536
    static let hiddenLayerCountMax = 16
    static let memberCountMax = 256

    /// - Throws: `TrainingError.option` naming the option that is out of its range.
    func check() throws(TrainingError) {
        func require(_ holds: Bool, _ name: String, _ range: String) throws(TrainingError) {
            guard holds else { throw TrainingError.option(name: name, range: range) }
        }
        let widths = hiddenWidths.allSatisfy { (1...Self.hiddenWidthMax).contains($0) }
        try require(widths, "hidden", "1…\(Self.hiddenWidthMax) units a layer")
        try require(
            hiddenWidths.count <= Self.hiddenLayerCountMax, "hidden", "at most \(Self.hiddenLayerCountMax) layers")
        try require(
            !hiddenWidths.isEmpty || isDirect, "hidden", "at least one layer where there are no direct connections")
        try require((1...Self.memberCountMax).contains(memberCount), "members", "1…\(Self.memberCountMax)")
        try require(epochsMax >= 1, "epochs", "1 or more")
        try require((1...1_000_000).contains(batchRows), "batch", "1…1000000 rows")
        try require(learningRate > 0 && learningRate <= 1, "learning-rate", "above 0, at most 1")
        try require(patienceEpochs >= 1, "patience", "1 or more")
        try require(reductionCount >= 0, "reductions", "0 or more")
        try require(dropout >= 0 && dropout <= 0.95, "dropout", "0…0.95")
        try require(
            weightDecay >= 0 && weightDecay * learningRate < 1, "weight-decay", "0 or more, below 1 / learning rate")
        try require(l1 >= 0 && l1.isFinite && directL1 >= 0 && directL1.isFinite, "l1", "0 or more")
        try require(validationShare > 0 && validationShare < 1, "validation-share", "above 0, below 1")
        try require(calibrationShare >= 0 && calibrationShare < 1, "calibration-share", "0 or more, below 1")
        try require(
            validationShare + calibrationShare < 1, "validation-share", "below 1 together with the calibration share")
        try require((1...1024).contains(threadCount), "threads", "1…1024")
    }
}

/// Why there is no model.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// An option of the command's name is outside `range`.
    case option(name: String, range: String)
    /// Too few rows to have some for the gradient, for validation and for calibration.
    case tooFewRows(path: String, found: Int, needed: Int)
    /// A picture's lines do not fill a row.
    case imageWidth(Int, variableCount: Int)

    /// One line.
    public var description: String {
        switch self {
        case .option(let name, let range): "--\(name) must be \(range)"
        case .tooFewRows(let path, let found, let needed):
            "\(path): \(found) row\(found == 1 ? "" : "s"); at least \(needed) are needed for training and the rows held out"
        case .imageWidth(let width, let count):
            "--image-width \(width) does not divide the \(count) variables of a row into lines"
        }
    }
}
