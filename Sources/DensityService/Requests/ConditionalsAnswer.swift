internal import MADE
internal import MADERows

/// The answer to a request for conditionals: a list a row.
struct ConditionalsAnswer {
    let request: ConditionalsRequest
    private let text: RowText

    private static let quantiles: [(label: String, share: Double)] = [
        ("0.05", 0.05), ("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75), ("0.95", 0.95),
    ]

    init(_ request: ConditionalsRequest) {
        self.request = request
        text = RowText(request.model.card)
    }

    func body(using workspace: CompiledModel.Workspace) -> [UInt8] {
        let model = request.model
        let variables = model.card.variables
        let ordering = model.card.orderings[request.member]
        let outputCount = model.compiled.layout.outputUnitCount
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.raw(model.nameMembers)
        json.member("ordering", strings: ordering.variables.lazy.map { variables[$0].name })
        json.key("conditionals")
        json.beginArray()
        // A few rows at a time: the outputs of all need not be there at once.
        for start in stride(from: 0, to: request.rowCount, by: 64) {
            let range = start..<min(start + 64, request.rowCount)
            let outputs = model.compiled.outputs(
                of: Array(request.rows[range.lowerBound * variables.count..<range.upperBound * variables.count]),
                member: request.member, using: workspace)
            for row in range {
                json.beginArray()
                for variable in request.asked[row] {
                    let first = (row - start) * outputCount
                    let units = model.compiled.layout.outputs[variable]
                    let conditional = Conditional(
                        variables[variable], outputs: outputs[first + units.lowerBound..<first + units.upperBound])
                    let value = request.numbers[row * variables.count + variable]
                    write(conditional, of: variable, value: value, ordering, to: &json)
                }
                json.endArray()
            }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func write(
        _ conditional: Conditional, of variable: Int, value: Double, _ ordering: Ordering, to json: inout JSONWriter
    ) {
        let variables = request.model.card.variables
        json.beginObject()
        json.member("variable", variables[variable].name)
        json.member(
            "given", strings: ordering.variables.prefix(ordering.positions[variable]).lazy.map { variables[$0].name })
        json.member("type", variables[variable].kind.typeName)
        switch (conditional, variables[variable].kind) {
        case (.mixture(let mixture, _), _): write(mixture, to: &json)
        case (_, .categorical(let categories)):
            json.key("probabilities")
            json.beginObject()
            for (label, probability) in zip(categories.labels, conditional.probabilities ?? []) {
                json.member(label, probability)
            }
            json.endObject()
        default: json.member("probability", conditional.probabilities?.last ?? 0)
        }
        if !value.isNaN {
            json.key("value")
            text.write(value, of: variable, to: &json)
            json.member("log_probability", variables[variable].logProbability(of: value, conditional))
            if case .mixture(let mixture, _) = conditional { json.member("cdf", mixture.cdf(value)) }
        }
        json.endObject()
    }

    private func write(_ mixture: GaussianMixture, to json: inout JSONWriter) {
        json.member("mean", mixture.mean)
        json.member("standard_deviation", mixture.standardDeviation)
        json.key("quantiles")
        json.beginObject()
        for (label, share) in Self.quantiles { json.member(label, mixture.quantile(share)) }
        json.endObject()
    }
}
