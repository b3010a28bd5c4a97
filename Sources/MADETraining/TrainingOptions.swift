internal import CStaircase
public import MADE
public import MADERows

/// How a model is trained. The defaults are those for tables without numbers; `recommended` has others for tables with some.
public struct TrainingOptions: Sendable, Equatable {
    /// Units of each hidden layer; empty: direct connections alone.
    public var hiddenWidths = [500]
    /// The non-linearity of all hidden layers.
    public var activation = Activation.relu
    /// Whether inputs are also connected to outputs directly (Germain et al. 2015, eq. 15).
    public var isDirect = true
    /// Whether a hidden layer adds the one before it to its own units, where both are as wide.
    public var isResidual = false
    /// Gaussians in the mixture of each real variable; nil: by the number of rows.
    public var componentCount: Int?
    /// Least standard deviation of such a Gaussian, in encoded units; nil: by the number of rows, and by what of the column does
    /// not follow from the others.
    public var scaleFloor: Float?
    /// What a network sees of an encoded number is clipped to ± this.
    public var inputBound: Float = 5
    /// Whether a real column is centred and scaled by its median and interquartile range, or by mean and deviation.
    public var isRobust = true
    /// Whether a real column may be encoded by its signed logarithm, where held-out numbers are likelier then.
    public var choosesEncodings = true
    /// Independent networks, each with random orderings of its own, whose likelihoods are averaged.
    public var memberCount = 4
    /// Masks, each of an ordering and a connectivity, that a network is trained under in turn and averaged over, all with the
    /// same weights (Germain et al. 2015, sections 4.2 and 4.3).
    public var maskCount = 1
    /// Everything random follows from it.
    public var seed: UInt64 = 1
    /// How the learning rate falls.
    public var decay = LearningDecay.plateau
    /// Most passes over the training rows, each network; nil: 1000 where the rate falls on plateaus, else as many as the
    /// steps take.
    public var epochsMax: Int?
    /// Most gradient steps of each network; nil: by the number of rows where the rate falls as a
    /// cosine, else as many as the passes take. Training ends with what comes first, and a cosine ends there.
    public var stepCount: Int?
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
    /// Share of the numbers that are inputs which a training step replaces by random ones, so that no network takes a wrong
    /// number for true: what follows it is then predicted from the others.
    public var strayShare: Float = 0
    /// Share of the variables whose inputs a training step sets to 0.
    public var inputDropout: Float = 0
    /// Standard deviation of the noise that a training step adds to encoded numbers that are inputs; nil: by the number of
    /// rows.
    public var inputNoise: Float?
    /// The Euclidean norm that a step's gradient is scaled down to where it is larger; 0: never.
    public var gradientNormMax: Float = 0
    /// Share of the rows of each step that the gradient leaves out, those of the largest loss: what is wrong in a table is
    /// not to be learned.
    public var trimmedShare: Float = 0
    /// Share of the values of each column of numbers, those of the largest loss in a step's rows, that the gradient leaves
    /// out where a standard normal column would hardly have them (see `OutputLoss.remoteNats`).
    public var trimmedValueShare: Float = 0
    /// Decoupled weight decay of all weights.
    public var weightDecay: Float = 0
    /// L1 strength on the layers' weights for a thousand training rows and one mask; it falls with the square root of rows ×
    /// masks.
    public var l1: Float = 0.25
    /// L1 strength on the direct connections, likewise.
    public var directL1: Float = 0.25
    /// Share of the rows that choose the stopping point, where no validation table is given.
    public var validationShare = 0.1
    /// Share of the rows kept for calibration, where no calibration table is given; 0: no calibration, hence no p-values.
    public var calibrationShare = 0.2
    /// Calibration rows that the model keeps, at most, to compare rows with that have values which are not known.
    public var keptRowCount = CalibrationRows.defaultRowCount
    /// The column whose values have calibrations of their own, binary or of labels; nil: all rows share one. What is learned does
    /// not depend on it.
    public var groupColumn: String?
    /// Parts in which a table is cross-fitted where its calibration share would be under 200 rows; 0: that share is held out
    /// all the same. Networks of the parts are trained for as long as those that are served.
    public var foldCount = 10
    /// Members trained side by side, one a thread. The result does not depend on it.
    public var threadCount = 1

    /// The defaults.
    public init() {}

    /// Passes over `rowCount` rows that a training makes at most.
    func passCountMax(rowCount: Int) -> Int {
        let passSteps = batchCount(rowCount: rowCount)
        func passes(_ steps: Int) -> Int { (steps - 1) / passSteps + 1 }
        return switch decay {
        case .plateau: min(epochsMax ?? Self.plateauEpochsMax, stepCount.map(passes) ?? .max)
        case .cosine: min(epochsMax ?? .max, passes(steps(rowCount: rowCount)))
        }
    }

    /// Gradient steps that a training over `rowCount` rows takes at most; the last pass may end before its last row.
    func stepCountMax(rowCount: Int) -> Int {
        let passes = passCountMax(rowCount: rowCount).multipliedReportingOverflow(by: batchCount(rowCount: rowCount))
        return min(
            passes.overflow ? .max : passes.partialValue,
            decay == .cosine ? steps(rowCount: rowCount) : stepCount ?? .max)
    }

    /// Gradient steps of one pass.
    func batchCount(rowCount: Int) -> Int { (rowCount + batchRows - 1) / batchRows }

    /// Gradient steps over `rowCount` rows, where no option says otherwise.
    func steps(rowCount: Int) -> Int {
        stepCount ?? max(Self.stepsMin, Self.epochsMin * rowCount / batchRows)
    }

    /// The scale floor for a column of `rowCount` numbers.
    ///
    /// Of few rows it falls as everything falls that n rows leave uncertain, with 1 / √n: what is narrower cannot be told from
    /// chance. Of more than 625 it falls with 1 / n, so that as many rows lie within the width of the narrowest Gaussian however
    /// many there are: where columns nearly determine one another, that is how narrow the conditionals are.
    func scaleFloor(rowCount: Int) -> Float {
        let count = Float(max(rowCount, 1))
        return scaleFloor ?? min(Self.scaleFloorMax, 8 / count.squareRoot(), 200 / count)
    }

    /// Whether networks may have `ResidualMeans`: these become direct connections. Several masks share their weights, and would
    /// want as many regressions; what dropped inputs leave out would be missing in the residuals.
    var hasResidualMeans: Bool { isDirect && maskCount == 1 && inputDropout == 0 }

    /// The least deviation that a column of `rowCount` numbers which follows from others is taken to have from what it should be
    /// (see `ResidualMeans`): a quarter of the floor, as of few rows it cannot be told how close a relation is, and what is
    /// sharper than it should be drowns all other columns.
    func residualDeviationMin(rowCount: Int) -> Float {
        max(scaleFloor(rowCount: rowCount) / 4, Self.residualDeviationMin)
    }

    /// The noise on inputs for a table of `rowCount` rows: as the floor, so that the conditionals of a large table are as
    /// sharp as what they depend on.
    func inputNoise(rowCount: Int) -> Float {
        inputNoise ?? min(Self.inputNoiseMax, 4.7 / Float(max(rowCount, 1)).squareRoot())
    }

    /// Gaussians for a column of `rowCount` numbers: more only where there are rows to tell them apart.
    func componentCount(rowCount: Int) -> Int {
        componentCount ?? max(Self.componentsMin, min(Int(Double(rowCount).squareRoot() / 8), Self.componentsMax))
    }

    private static let scaleFloorMax: Float = 0.5
    /// Below it nothing is gained any more, and a `Float`'s digits end.
    private static let residualDeviationMin: Float = 0.002
    private static let inputNoiseMax: Float = 0.15
    private static let componentsMin = 5
    private static let componentsMax = 24
    private static let plateauEpochsMax = 1000
    private static let stepsMin = 1500
    private static let epochsMin = 60

    /// More would be a mistake, and would fill the memory.
    static let hiddenWidthMax = 65_536
    static let hiddenLayerCountMax = 16
    static let memberCountMax = 256

    /// - Throws: `TrainingError.option` naming the option that is out of its range.
    func check() throws(TrainingError) {
        func require(_ holds: Bool, _ name: OptionName, _ range: String) throws(TrainingError) {
            guard holds else { throw TrainingError.option(name: name.rawValue, range: range) }
        }
        let widths = hiddenWidths.allSatisfy { (1...Self.hiddenWidthMax).contains($0) }
        try require(widths, .hiddenWidths, "1…\(Self.hiddenWidthMax) units a layer")
        try require(
            hiddenWidths.count <= Self.hiddenLayerCountMax, .hiddenWidths, "at most \(Self.hiddenLayerCountMax) layers")
        try require(
            !hiddenWidths.isEmpty || isDirect, .hiddenWidths, "at least one layer where there are no direct connections"
        )
        try require((1...Self.memberCountMax).contains(memberCount), .memberCount, "1…\(Self.memberCountMax)")
        try require(
            maskCount >= 1 && maskCount <= Self.memberCountMax / memberCount, .maskCount,
            "1…\(Self.memberCountMax / memberCount): members × masks, at most \(Self.memberCountMax), are averaged")
        try require(epochsMax.map { $0 >= 1 } ?? true, .epochsMax, "1 or more")
        try require((1...1_000_000).contains(batchRows), .batchRows, "1…1000000 rows")
        try require(learningRate > 0 && learningRate <= 1, .learningRate, "above 0, at most 1")
        try require(patienceEpochs >= 1, .patienceEpochs, "1 or more")
        try require(stepCount.map { $0 >= 1 } ?? true, .stepCount, "1 or more")
        try require(
            componentCount.map { (1...RealEncoding.componentCountMax).contains($0) } ?? true, .componentCount,
            "1…\(RealEncoding.componentCountMax)")
        try require(scaleFloor.map { $0 > 0 && $0 <= 1 } ?? true, .scaleFloor, "above 0, at most 1")
        try require(inputBound > 0 && inputBound.isFinite, .inputBound, "above 0")
        try require(inputDropout >= 0 && inputDropout <= 0.95, .inputDropout, "0…0.95")
        try require(inputNoise.map { $0 >= 0 && $0.isFinite } ?? true, .inputNoise, "0 or more")
        try require(gradientNormMax >= 0, .gradientNormMax, "0 or more")
        try require(trimmedShare >= 0 && trimmedShare <= 0.5, .trimmedShare, "0…0.5")
        try require(trimmedValueShare >= 0 && trimmedValueShare <= 0.5, .trimmedValueShare, "0…0.5")
        try require(strayShare >= 0 && strayShare <= 0.5, .strayShare, "0…0.5")
        try require(reductionCount >= 0, .reductionCount, "0 or more")
        try require(dropout >= 0 && dropout <= 0.95, .dropout, "0…0.95")
        try require(
            weightDecay >= 0 && weightDecay * learningRate < 1, .weightDecay, "0 or more, below 1 / learning rate")
        try require(l1 >= 0 && l1.isFinite && directL1 >= 0 && directL1.isFinite, .l1, "0 or more")
        try require(validationShare > 0 && validationShare < 1, .validationShare, "above 0, below 1")
        try require(keptRowCount >= 0 && keptRowCount <= 1_000_000, .keptRowCount, "0…1000000")
        try require(calibrationShare >= 0 && calibrationShare < 1, .calibrationShare, "0 or more, below 1")
        try require(
            validationShare + calibrationShare < 1, .validationShare, "below 1 together with the calibration share")
        try require(foldCount == 0 || (2...100).contains(foldCount), .foldCount, "0 or 2…100")
        try require((1...1024).contains(threadCount), .threadCount, "1…1024")
    }
}

extension TrainingOptions {
    /// Rows from which what happens to one value in a thousand is seen often enough to be told from what is wrong.
    static let manyRows = 10_000

    /// What is measured to suit tables of `schema` best.
    ///
    /// Tables with numbers get mixtures that are smoothed in every way there is: by a scale floor, noise on the inputs and
    /// weight decay. `isContaminated`: the rows to learn from hold what is to be found among them; what the model may learn
    /// is then little, and nothing from the rows that fit worst: one Gaussian a column, since a second one would settle where
    /// the anomalies are.
    ///
    /// Among `rowCount` rows, where they are many, what is wrong in a table is single values, which are left out one by one
    /// instead of whole rows, and the network learns not to trust what it reads; noise on the inputs, which blurs all of
    /// them, can then fall with 1 / n. A long training and wider layers pay off only there.
    public static func recommended(
        for schema: TableSchema, isContaminated: Bool = false, rowCount: Int = 0
    ) -> TrainingOptions {
        var options = TrainingOptions()
        guard schema.hasNumbers || isContaminated else { return options }
        options.hiddenWidths = [128, 128]
        options.isResidual = true
        options.trimmedShare = 0.01
        options.gradientNormMax = 5
        options.decay = .cosine
        options.learningRate = 6e-3
        options.batchRows = 256
        options.weightDecay = 1e-2
        options.l1 = 0
        options.directL1 = 0
        if rowCount >= manyRows && !isContaminated {
            options.hiddenWidths = [256, 256]
            options.learningRate = 3e-3
            options.trimmedShare = 0
            options.trimmedValueShare = 0.02
            options.strayShare = 0.02
            options.inputNoise = 270 / Float(rowCount)
            options.stepCount = min(rowCount / 3, 20_000)
        }
        guard isContaminated else { return options }
        options.hiddenWidths = [64, 64]
        options.learningRate = 3e-3
        options.isRobust = false
        options.choosesEncodings = false
        options.componentCount = 1
        options.scaleFloor = 0.1
        options.inputNoise = 0.5
        options.trimmedShare = 0.2
        options.stepCount = 200
        return options
    }
}

/// Why there is no model.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The option of this name, one of `TrainingOptions` or of a search, is outside `range`.
    case option(name: String, range: String)
    /// Too few rows to have some for the gradient, for validation and for calibration.
    case tooFewRows(path: String, found: Int, needed: Int)
    /// The column named in the options can form no groups; `candidates` could.
    case groups(column: String, problem: GroupProblem, candidates: [String])
    /// Nothing is left that a search of settings could vary.
    case nothingToSearch
    /// The networks would not fit in the memory that the process may use, bytes; `remedies` would make them.
    case memory(needed: Int, available: Int, arithmetic: String, remedies: [MemoryRemedy])
    /// A picture's lines do not fill a row.
    case imageWidth(Int, variableCount: Int)

    /// Why the values of a column are no groups.
    public enum GroupProblem: Sendable, Equatable {
        /// The table has no such column; the nearest that could be meant, as the end of a sentence.
        case unknown(nearest: String)
        /// It is left out of the model.
        case leftOut
        /// It is one of dates.
        case dates
        /// It is one of numbers.
        case numbers
    }

    /// Changes of options after which a training would fit in the memory.
    public struct MemoryRemedy: Sendable, Equatable {
        /// One change.
        public enum Change: Sendable, CaseIterable {
            /// `memberCount` 1.
            case oneMember
            /// `isDirect` false.
            case withoutDirect
            /// `componentCount` 1.
            case oneComponent
            /// `hiddenWidths` of one layer of 16.
            case narrow
        }

        /// Together they suffice.
        public let changes: [Change]
        /// What the training would then take.
        public let byteCount: Int
    }

    /// One line.
    public var description: String { description(naming: \.rawValue) }
}

extension TrainingError: NamesOptions {
    package func description(naming name: (OptionName) -> String) -> String {
        switch self {
        case .option(let option, let range): "\(OptionName(rawValue: option).map(name) ?? option) must be \(range)"
        case .tooFewRows(let path, let found, let needed):
            "\(path): \(found) row\(found == 1 ? "" : "s"); at least \(needed) are needed for training and the rows held out"
        case .groups(let column, let problem, let candidates):
            "\(name(.groupColumn)) \(column): \(problem.description(of: column, naming: name)); "
                + (candidates.isEmpty
                    ? "the table has no column of labels or of two values"
                    : "groups are the values of a column of labels or of two values: "
                        + candidates.prefix(12).joined(separator: ", ")
                        + (candidates.count > 12 ? " and \(candidates.count - 12) more" : ""))
        case .nothingToSearch:
            "\(name(.trialCount)): all settings that it varies are fixed by options of their own"
        case .memory(let needed, let available, let arithmetic, let remedies):
            "the training would take \(TrainingMemory.gigabytes(needed)) of memory, and the process may use "
                + "\(TrainingMemory.gigabytes(available)): \(arithmetic). "
                + (remedies.isEmpty
                    ? "Leave out columns (\(name(.drop)))"
                    : "These would fit: " + remedies.map { $0.description(naming: name) }.joined(separator: ", "))
        case .imageWidth(let width, let count):
            "\(name(.imageWidth)) \(width) does not divide the \(count) variables of a row into lines"
        }
    }
}

extension TrainingError.GroupProblem {
    fileprivate func description(of column: String, naming name: (OptionName) -> String) -> String {
        switch self {
        case .unknown(let nearest): "the table has no such column\(nearest)"
        case .leftOut: "the column is left out of the model; \(name(.categorical)) \(column) takes it in"
        case .dates: "it is a column of dates"
        case .numbers: "it is a column of numbers; \(name(.categorical)) \(column) makes labels of them"
        }
    }
}

extension TrainingError.MemoryRemedy {
    fileprivate func description(naming name: (OptionName) -> String) -> String {
        changes.map { $0.description(naming: name) }.joined(separator: " ")
            + " (\(TrainingMemory.gigabytes(byteCount)))"
    }
}

extension TrainingError.MemoryRemedy.Change {
    func apply(to options: inout TrainingOptions) {
        switch self {
        case .oneMember: options.memberCount = 1
        case .withoutDirect: options.isDirect = false
        case .oneComponent: options.componentCount = 1
        case .narrow: options.hiddenWidths = [16]
        }
    }

    fileprivate func description(naming name: (OptionName) -> String) -> String {
        switch self {
        case .oneMember: "\(name(.memberCount)) 1"
        case .withoutDirect: name(.withoutDirect)
        case .oneComponent: "\(name(.componentCount)) 1"
        case .narrow: "\(name(.hiddenWidths)) 16"
        }
    }
}
