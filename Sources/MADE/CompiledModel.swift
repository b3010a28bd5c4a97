/// The form of a model that serves: immutable, units of every layer sorted by degree, weights packed into staircases.
public final class CompiledModel: Sendable {
    public let card: ModelCard
    public let layout: UnitLayout

    public init(_ model: DensityModel) {
        card = model.card
        layout = model.layout
    }

    /// Scratch memory of one thread.
    public final class Workspace {}

    public func makeWorkspace() -> Workspace { Workspace() }

    /// log p(x) of rows [n × D] into [n], nats.
    public func score(_ rows: Span<Float>, into logLikelihoods: inout MutableSpan<Double>, using workspace: Workspace) {
        preconditionFailure("not built yet")
    }

    /// log p(x) [n] (the same bits as `score`), surprisals [n × D] in variable order, and what each row's surprisals add up to [n].
    public func explain(
        _ rows: Span<Float>, logLikelihoods: inout MutableSpan<Double>, surprisals: inout MutableSpan<Float>,
        explained: inout MutableSpan<Double>, using workspace: Workspace
    ) {
        preconditionFailure("not built yet")
    }

    /// The output layer of one member, [n × outputs] in unit order (binary: logits).
    public func outputs(
        of rows: Span<Float>, member: Int, into outputs: inout MutableSpan<Float>, using workspace: Workspace
    ) {
        preconditionFailure("not built yet")
    }
}

/// What to draw.
public struct SamplingRequest: Sendable {
    /// Number of rows.
    public var count: Int
    public var seed: UInt64
    /// [D] values, NaN where the variable is to be drawn; empty: no evidence.
    public var evidence: [Float]
    /// Logits are divided by it; above 0.
    public var temperature: Float

    public init(count: Int, seed: UInt64, evidence: [Float] = [], temperature: Float = 1) {
        self.count = count
        self.seed = seed
        self.evidence = evidence
        self.temperature = temperature
    }
}

/// What was drawn.
public struct Samples: Sendable {
    /// [n × D] values.
    public var rows: [Float]
    /// [n] log p(x) of each row as `score` gives it, to the bit.
    public var logLikelihoods: [Double]
    /// Of the importance weights, where the evidence is not a prefix of every member's ordering; else nil.
    public var effectiveSampleSize: Double?

    public init(rows: [Float], logLikelihoods: [Double], effectiveSampleSize: Double? = nil) {
        self.rows = rows
        self.logLikelihoods = logLikelihoods
        self.effectiveSampleSize = effectiveSampleSize
    }
}

extension CompiledModel {
    public func sample(_ request: SamplingRequest, using workspace: Workspace) -> Samples {
        preconditionFailure("not built yet")
    }
}
