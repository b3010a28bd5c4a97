internal import MADE
internal import MADERows

/// What an answer says of the distribution of one variable in one row.
struct ConditionalEntry {
    /// Of a real variable.
    private struct Number {
        var atoms: [(value: Double, probability: Double)]
        var mean: Double
        var standardDeviation: Double
        var quantiles: [Double]
    }

    private static let shares: [(label: String, share: Double)] = [
        ("0.05", 0.05), ("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75), ("0.95", 0.95),
    ]

    private let type: String
    /// Of 1, of labels, of numbers: one of the three.
    private var probability: Double?
    private var labels: [(label: String, probability: Double)]?
    private var number: Number?
    /// Of a missing value, where that is an outcome.
    private var missing: Double?
    /// Of the row's own value, NaN where it has none.
    private let value: Double
    private var logProbability: Double?
    private var cdf: Double?
    private var standardError = 0.0

    /// p(x_d | x_<d), and what it makes of `value`, NaN where the row has none.
    init(_ conditional: Conditional, of variable: Variable, value: Double) {
        type = variable.kind.typeName
        self.value = value
        let probabilities = conditional.probabilities ?? []
        missing = variable.hasMissing ? probabilities.last : nil
        switch (conditional, variable.kind) {
        case (.number(let distribution, _), _):
            number = Number(
                atoms: distribution.atoms.map { ($0.value, $0.probability) }, mean: distribution.mean,
                standardDeviation: distribution.standardDeviation,
                quantiles: Self.shares.map { distribution.quantile($0.share) })
            missing = distribution.missingProbability
            cdf = value.isNaN ? nil : distribution.cdf(value)
        case (_, .categorical(let categories)): labels = Array(zip(categories.labels, probabilities))
        default: probability = probabilities[1]
        }
        if !value.isNaN { logProbability = variable.logProbability(of: value, conditional) }
    }

    /// p(x_j | x₋ⱼ), and log p of `value`, NaN where the row has none.
    init(_ conditional: FullConditional, of variable: Variable, value: Double, logProbability: Double?) {
        type = variable.kind.typeName
        self.value = value
        self.logProbability = logProbability
        missing = conditional.missingProbability
        standardError = conditional.standardError
        switch variable.kind {
        case .binary: probability = conditional.outcomes.last?.probability
        case .categorical(let categories):
            labels = conditional.outcomes.map { (categories.label(of: Int($0.value)), $0.probability) }
        case .real:
            number = Number(
                atoms: conditional.outcomes.map { ($0.value, $0.probability) },
                mean: conditional.mean(of: variable) ?? .nan,
                standardDeviation: conditional.standardDeviation(of: variable) ?? .nan,
                quantiles: Self.shares.map { conditional.quantile($0.share) })
            cdf = value.isNaN ? nil : conditional.cdf(value)
        }
    }

    /// Writes it as that of `variable`, which is given variables of the names `given`.
    func write(_ variable: Int, given: some Sequence<String>, model: LoadedModel, to json: inout JSONWriter) {
        json.beginObject()
        json.member("variable", model.schema.columns[model.schema.columnIndices[variable]].name)
        if let part = model.schema.part(variable) { json.member("part", part.rawValue) }
        json.member("given", strings: given)
        json.member("type", type)
        if let probability { json.member("probability", probability) }
        if let labels {
            json.key("probabilities")
            json.beginObject()
            for (label, probability) in labels { json.member(label, probability) }
            json.endObject()
        }
        if let number { write(number, to: &json) }
        if let missing { json.member("missing", missing) }
        if standardError > 0 { json.member("standard_error", standardError) }
        if let logProbability {
            json.key("value")
            model.text.write(value, of: variable, to: &json)
            json.member("log_probability", logProbability)
        }
        if let cdf { json.member("cdf", cdf) }
        json.endObject()
    }

    private func write(_ number: Number, to json: inout JSONWriter) {
        if !number.atoms.isEmpty {
            json.key("atoms")
            json.beginArray()
            for atom in number.atoms {
                json.beginObject()
                json.key("value")
                json.decimal(atom.value)
                json.member("probability", atom.probability)
                json.endObject()
            }
            json.endArray()
        }
        json.member("mean", number.mean)
        json.member("standard_deviation", number.standardDeviation)
        json.key("quantiles")
        json.beginObject()
        for (share, quantile) in zip(Self.shares, number.quantiles) { json.member(share.label, quantile) }
        json.endObject()
    }
}
