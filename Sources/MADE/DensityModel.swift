/// One network of an ensemble under one ordering.
public struct Member: Sendable, Equatable {
    /// Index of the network whose weights this member uses; members may share one.
    public let network: Int
    /// The order of this member's chain rule.
    public let ordering: Ordering
    /// Degrees of the units of each hidden layer, each 0…D−1.
    public let hiddenDegrees: [[Int]]

    /// A member that uses network `network`.
    public init(network: Int, ordering: Ordering, hiddenDegrees: [[Int]]) {
        self.network = network
        self.ordering = ordering
        self.hiddenDegrees = hiddenDegrees
    }
}

/// An ensemble of masked networks over one table: log p(x) = logsumexp_s log p_s(x) − log S.
///
/// This is the form that is trained, stored and checked; `CompiledModel` is the form that serves.
public struct DensityModel: Sendable {
    /// What the model is called in URLs.
    public var name: String
    /// The version that answers carry.
    public var version: String
    /// The table's columns, in the order of a row's values.
    public var variables: [Variable]
    /// The non-linearity of all hidden layers.
    public var activation: Activation
    /// Whether a hidden layer as wide as the one before it adds that one's outputs to its own:
    /// h_l = h_{l−1} + g(W_l h_{l−1} + b_l) (He et al. 2016, eq. 1). Members then give both layers the same degrees.
    public var isResidual: Bool
    /// Parameters; a member names the network it uses.
    public var networks: [MaskedNetwork]
    /// At least one.
    public var members: [Member]
    /// Held-out log-likelihoods; nil for a model that gives no p-values.
    public var calibration: Calibration?
    /// What training saw and reached; nil for an imported model.
    public var training: TrainingSummary?
    /// Pixels a line, where a row is a picture.
    public var imageWidth: Int?
    /// The table it was trained on; nil for an imported model, and for one of a file of version 1.
    public var schema: Schema?

    /// An ensemble of `members` over `networks`.
    public init(
        name: String, version: String = "1", variables: [Variable], activation: Activation, isResidual: Bool = false,
        networks: [MaskedNetwork], members: [Member], calibration: Calibration? = nil,
        training: TrainingSummary? = nil, imageWidth: Int? = nil, schema: Schema? = nil
    ) {
        self.name = name
        self.version = version
        self.variables = variables
        self.activation = activation
        self.isResidual = isResidual
        self.networks = networks
        self.members = members
        self.calibration = calibration
        self.training = training
        self.imageWidth = imageWidth
        self.schema = schema
    }

    /// Where the variables' units stand.
    public var layout: UnitLayout { UnitLayout(variables) }

    /// Degrees of all units under `member`.
    public func degrees(of member: Member) -> Degrees {
        Degrees(ordering: member.ordering, hidden: member.hiddenDegrees, layout: layout)
    }

    /// What is told of the model to whoever uses it.
    public var card: ModelCard {
        ModelCard(
            name: name, version: version, variables: variables, activation: activation,
            hiddenWidths: networks.first?.hiddenWidths ?? [],
            hasDirectConnections: networks.contains { $0.direct != nil }, isResidual: isResidual,
            networkCount: networks.count, orderings: members.map(\.ordering),
            parameterCount: networks.reduce(0) { $0 + $1.parameterCount }, calibration: calibration,
            training: training, imageWidth: imageWidth, schema: schema)
    }
}

/// What training saw and reached, kept for the model card.
public struct TrainingSummary: Sendable, Equatable, Codable {
    /// Rows the gradient saw.
    public var trainRows: Int
    /// Rows that chose the stopping point.
    public var validationRows: Int
    /// Rows whose log-likelihoods are the calibration.
    public var calibrationRows: Int
    /// Parts in which a table too small to keep rows for calibration was cross-fitted: each row was scored by a model that
    /// was fitted without the row's part. Nil where the calibration rows were kept from every fit.
    public var calibrationFolds: Int?
    /// The names of real variables of whose variance 99 % follow linearly from the others; nil in files that do not tell.
    public var nearDeterministic: [String]?
    /// Passes over the training rows up to the weights that were kept, averaged over the members.
    public var epochs: Int
    /// Mean negative log-likelihood of the training rows, nats a row. Rows with missing cells do not count, here and below.
    public var trainNats: Double
    /// Mean negative log-likelihood of the validation rows, nats a row.
    public var validationNats: Double
    /// Nil where no test rows were given.
    public var testNats: Double?
    /// All random choices follow from it.
    public var seed: UInt64
    /// How training went; nil in files that do not tell.
    public var curve: TrainingCurve?

    /// A summary of one training run.
    public init(
        trainRows: Int, validationRows: Int, calibrationRows: Int, calibrationFolds: Int? = nil,
        nearDeterministic: [String]? = nil, epochs: Int, trainNats: Double, validationNats: Double,
        testNats: Double? = nil, seed: UInt64, curve: TrainingCurve? = nil
    ) {
        self.trainRows = trainRows
        self.validationRows = validationRows
        self.calibrationRows = calibrationRows
        self.calibrationFolds = calibrationFolds
        self.nearDeterministic = nearDeterministic
        self.epochs = epochs
        self.trainNats = trainNats
        self.validationNats = validationNats
        self.testNats = testNats
        self.seed = seed
        self.curve = curve
    }
}

/// Mean nats a row after some of the passes over the training rows, averaged over the members; a member that ended before
/// counts with its last.
public struct TrainingCurve: Sendable, Equatable, Codable {
    /// Numbers of passes, ascending; as many as the other two have elements.
    public var epochs: [Int]
    /// Of the training rows, as the gradient saw them: with all that training does to rows and units.
    public var trainNats: [Float]
    /// Of the validation rows.
    public var validationNats: [Float]

    /// Precondition: all three have the same number of elements.
    public init(epochs: [Int], trainNats: [Float], validationNats: [Float]) {
        precondition(epochs.count == trainNats.count && epochs.count == validationNats.count)
        self.epochs = epochs
        self.trainNats = trainNats
        self.validationNats = validationNats
    }
}

/// Everything about a model but its weights.
public struct ModelCard: Sendable {
    /// What the model is called in URLs. As the file has it; who serves it may know better.
    public var name: String
    /// The version that answers carry, likewise.
    public var version: String
    /// The table's columns, in the order of a row's values.
    public let variables: [Variable]
    /// The non-linearity of all hidden layers.
    public let activation: Activation
    /// Units of each hidden layer of the first network.
    public let hiddenWidths: [Int]
    /// Whether any network has direct input→output weights.
    public let hasDirectConnections: Bool
    /// Whether a hidden layer as wide as the one before it adds that one's outputs to its own.
    public let isResidual: Bool
    /// Number of networks.
    public let networkCount: Int
    /// One a member.
    public let orderings: [Ordering]
    /// Weights and biases of all networks, masked ones included.
    public let parameterCount: Int
    /// Held-out log-likelihoods; nil for a model that gives no p-values.
    public let calibration: Calibration?
    /// What training saw and reached; nil for an imported model.
    public let training: TrainingSummary?
    /// Pixels a line, where a row is a picture.
    public let imageWidth: Int?
    /// The table it was trained on; nil where that is not known.
    public let schema: Schema?
}
