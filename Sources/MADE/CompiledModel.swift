/// The form of a model that serves: immutable, units of every layer sorted by degree, weights packed into staircases.
///
/// Rows are `[n × D]`, row-major, encoded values (see `Variable`) in the table's column order. Where all must be plain, another
/// value gives a number without meaning, but nothing worse. The same row gives the same bits alone, in any batch, on any thread.
public final class CompiledModel: Sendable {
    /// Everything about the model but its weights.
    public let card: ModelCard
    /// Where the variables' input and output units stand.
    public let layout: UnitLayout
    /// Whether all variables are binary: their values are the input units, and their encodings part of the weights.
    let isBinary: Bool
    let members: [CompiledMember]
    let activation: Activation
    /// How the weights are kept.
    public let weights: WeightFormat
    let kernels: Kernels
    /// Of the calibration rows that the model keeps; nil where it keeps none or their numbers do not depend on each other.
    let dependence: NumberDependence?

    /// Packs the weights of `model`, of which nothing is kept. Precondition: at least one variable and one member; in a
    /// residual model equal degrees of hidden layers that are added.
    public convenience init(_ model: DensityModel) {
        self.init(model, kernels: .best)
    }

    /// The same with weights of any format.
    /// - Throws: `WeightOverflow` where a weight is beyond what the format holds.
    public convenience init(_ model: DensityModel, weights: WeightFormat) throws(WeightOverflow) {
        try model.check(weights)
        self.init(model, weights: weights, kernels: .best)
    }

    /// Precondition: every weight fits the format.
    init(_ model: DensityModel, weights: WeightFormat = .fp32, kernels: Kernels) {
        precondition(!model.variables.isEmpty && !model.members.isEmpty)
        card = model.card
        layout = model.layout
        isBinary = model.variables.allSatisfy(\.isSingleUnit)
        activation = model.activation
        members = model.members.map { CompiledMember($0, of: model, weights: weights) }
        self.weights = weights
        self.kernels = kernels
        dependence = model.calibration?.rows.flatMap { NumberDependence($0, model.variables) }
    }

    /// Number of values of a row, D.
    public var variableCount: Int { layout.inputs.count }

    /// Multiplications that the masks leave for one row, all members together: the work of `score`.
    public var multiplicationsPerRow: Int { members.reduce(0) { $0 + $1.multiplicationCount } }

    /// Bytes that the packed weights and biases of all members take: what scoring reads, at most, for each
    /// `Workspace.chunkRowCount` rows or fewer.
    public var weightBytes: Int { members.reduce(0) { $0 + $1.weightBytes } }

    /// Scratch memory for one thread at a time; any number may exist.
    public func makeWorkspace() -> Workspace { Workspace(for: self) }
}
