internal import MADE
internal import MADERows

/// The answer to a request for conditionals: a list a row.
struct ConditionalsAnswer {
    let request: ConditionalsRequest

    private static let quantiles: [(label: String, share: Double)] = [
        ("0.05", 0.05), ("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75), ("0.95", 0.95),
    ]

    init(_ request: ConditionalsRequest) {
        self.request = request
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
        let schema = request.model.schema
        json.member("variable", schema.columns[schema.columnIndices[variable]].name)
        if let part = schema.part(variable) { json.member("part", part.rawValue) }
        json.member(
            "given", strings: ordering.variables.prefix(ordering.positions[variable]).lazy.map { variables[$0].name })
        json.member("type", variables[variable].kind.typeName)
        let probabilities = conditional.probabilities ?? []
        switch (conditional, variables[variable].kind) {
        case (.number(let distribution, _), _): write(distribution, to: &json)
        case (_, .categorical(let categories)):
            json.key("probabilities")
            json.beginObject()
            for (label, probability) in zip(categories.labels, probabilities) { json.member(label, probability) }
            json.endObject()
        default: json.member("probability", probabilities[1])
        }
        if variables[variable].hasMissing, let missing = probabilities.last { json.member("missing", missing) }
        if !value.isNaN {
            json.key("value")
            request.model.text.write(value, of: variable, to: &json)
            json.member("log_probability", variables[variable].logProbability(of: value, conditional))
            if case .number(let distribution, _) = conditional { json.member("cdf", distribution.cdf(value)) }
        }
        json.endObject()
    }

    private func write(_ distribution: NumberDistribution, to json: inout JSONWriter) {
        if !distribution.atoms.isEmpty {
            json.key("atoms")
            json.beginArray()
            for atom in distribution.atoms {
                json.beginObject()
                json.key("value")
                json.decimal(atom.value)
                json.member("probability", atom.probability)
                json.endObject()
            }
            json.endArray()
        }
        if let missing = distribution.missingProbability { json.member("missing", missing) }
        json.member("mean", distribution.mean)
        json.member("standard_deviation", distribution.standardDeviation)
        json.key("quantiles")
        json.beginObject()
        for (label, share) in Self.quantiles { json.member(label, distribution.quantile(share)) }
        json.endObject()
    }
}
