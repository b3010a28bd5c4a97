/// What to draw.
public struct SamplingRequest: Sendable {
    /// Number of rows.
    public var count: Int
    /// The same model, seed, evidence and temperature give the same draw i, whatever `count` is.
    public var seed: UInt64
    /// [D] encoded values, NaN where the variable is to be drawn; empty: no evidence.
    public var evidence: [Float]
    /// Above 0; below 1 draws keep closer to what is most likely, above 1 they stray. Logits of binary and categorical
    /// variables and of a mixture's weights are divided by it, a Gaussian's variance is multiplied by it: each is what the
    /// conditional's, or the Gaussian's, probability to the power 1 / temperature is proportional to.
    public var temperature: Float

    /// Without evidence, and with temperature 1, draws of the model's own distribution.
    public init(count: Int, seed: UInt64, evidence: [Float] = [], temperature: Float = 1) {
        self.count = count
        self.seed = seed
        self.evidence = evidence
        self.temperature = temperature
    }

    /// Finite, however small the temperature.
    var inverseTemperature: Float { min(1 / temperature, .greatestFiniteMagnitude) }
}

/// What was drawn.
public struct Samples: Sendable {
    /// [n × D] encoded values (see `Variable`); a real one's number is on the grid of its column and within its range.
    public var rows: [Float]
    /// [n] log p(x) of each row as `score` gives it, to the bit.
    public var logLikelihoods: [Double]
    /// Of the importance weights, where the evidence is not a prefix of every member's ordering; else nil.
    public var effectiveSampleSize: Double?

    /// `rows` holds a row for each of `logLikelihoods`.
    public init(rows: [Float], logLikelihoods: [Double], effectiveSampleSize: Double? = nil) {
        self.rows = rows
        self.logLikelihoods = logLikelihoods
        self.effectiveSampleSize = effectiveSampleSize
    }

    /// A number of row `row` that is random and always the same, for choices that the model leaves open.
    public static func draw(seed: UInt64, row: Int) -> UInt64 {
        var generator = PhiloxGenerator(seed: seed, stream: UInt64.max - UInt64(row))
        return generator.next()
    }
}
