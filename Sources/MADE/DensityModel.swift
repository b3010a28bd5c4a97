/// One network of an ensemble under one ordering.
public struct Member: Sendable, Equatable {
    /// Index of the network whose weights this member uses; members may share one.
    public let network: Int
    /// The order of this member's chain rule.
    public let ordering: Ordering
    /// Degrees of the units of each hidden layer, each 0…D−1.
    public let hiddenDegrees: [[Int]]

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
    public var name: String
    public var version: String
    /// The table's columns, in the order of a row's values.
    public var variables: [Variable]
    /// The non-linearity of all hidden layers.
    public var activation: Activation
    public var networks: [MaskedNetwork]
    public var members: [Member]
    /// Held-out log-likelihoods; nil for a model that gives no p-values.
    public var calibration: Calibration?
    /// What training saw and reached; nil for an imported model.
    public var training: TrainingSummary?
    /// Pixels a line, where a row is a picture.
    public var imageWidth: Int?

    public init(
        name: String, version: String = "1", variables: [Variable], activation: Activation, networks: [MaskedNetwork],
        members: [Member], calibration: Calibration? = nil, training: TrainingSummary? = nil, imageWidth: Int? = nil
    ) {
        self.name = name
        self.version = version
        self.variables = variables
        self.activation = activation
        self.networks = networks
        self.members = members
        self.calibration = calibration
        self.training = training
        self.imageWidth = imageWidth
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
            hiddenWidths: networks.first?.hiddenWidths ?? [], hasDirectConnections: networks.contains { $0.direct != nil },
            networkCount: networks.count, orderings: members.map(\.ordering),
            parameterCount: networks.reduce(0) { $0 + $1.parameterCount }, calibration: calibration,
            training: training, imageWidth: imageWidth)
    }

    /// Sets every weight to zero that no member's masks let through.
    public mutating func applyMasks() {
        for network in networks.indices {
            let users = members.filter { $0.network == network }.map { degrees(of: $0) }
            for layer in networks[network].layers.indices {
                Self.clear(&networks[network].layers[layer].weight) { output, input in
                    users.contains { $0.passes(layer: layer, output: output, input: input) }
                }
            }
            if var direct = networks[network].direct {
                Self.clear(&direct) { output, input in
                    users.contains { $0.passesDirect(output: output, input: input) }
                }
                networks[network].direct = direct
            }
        }
    }

    private static func clear(_ weight: inout Matrix, unless passes: (_ output: Int, _ input: Int) -> Bool) {
        for output in 0..<weight.rows {
            for input in 0..<weight.columns where !passes(output, input) { weight[output, input] = 0 }
        }
    }
}

/// What training saw and reached, kept for the model card.
public struct TrainingSummary: Sendable, Equatable, Codable {
    /// Rows the gradient saw, rows that chose the stopping point, and rows kept for calibration.
    public var trainRows: Int
    public var validationRows: Int
    public var calibrationRows: Int
    /// Passes over the training rows up to the weights that were kept, averaged over the members.
    public var epochs: Int
    /// Mean negative log-likelihood, nats a row.
    public var trainNats: Double
    public var validationNats: Double
    /// Nil where no test rows were given.
    public var testNats: Double?
    public var seed: UInt64

    public init(
        trainRows: Int, validationRows: Int, calibrationRows: Int, epochs: Int, trainNats: Double,
        validationNats: Double, testNats: Double? = nil, seed: UInt64
    ) {
        self.trainRows = trainRows
        self.validationRows = validationRows
        self.calibrationRows = calibrationRows
        self.epochs = epochs
        self.trainNats = trainNats
        self.validationNats = validationNats
        self.testNats = testNats
        self.seed = seed
    }
}

/// Everything about a model but its weights.
public struct ModelCard: Sendable {
    public let name: String
    public let version: String
    public let variables: [Variable]
    public let activation: Activation
    /// Units of each hidden layer of the first network.
    public let hiddenWidths: [Int]
    public let hasDirectConnections: Bool
    public let networkCount: Int
    /// One a member.
    public let orderings: [Ordering]
    /// Weights and biases of all networks, masked ones included.
    public let parameterCount: Int
    public let calibration: Calibration?
    public let training: TrainingSummary?
    public let imageWidth: Int?
}
