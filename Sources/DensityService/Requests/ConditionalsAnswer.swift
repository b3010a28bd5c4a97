internal import MADE
internal import MADERows

/// The answer to a request for conditionals: a list a row.
struct ConditionalsAnswer {
    let request: ConditionalsRequest

    init(_ request: ConditionalsRequest) {
        self.request = request
    }

    /// Nil where `isWanted` says, after some row, that nobody waits for it any more.
    func body(while isWanted: () -> Bool, using workspace: CompiledModel.Workspace) -> [UInt8]? {
        let variables = request.model.card.variables
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.raw(request.model.nameMembers)
        if case .predecessors(let member) = request.given {
            let ordering = request.model.card.orderings[member]
            json.member("ordering", strings: ordering.variables.lazy.map { variables[$0].name })
        }
        json.key("conditionals")
        json.beginArray()
        // A few rows at a time: the outputs of all need not be there at once.
        for start in stride(from: 0, to: request.rowCount, by: 64) {
            let range = start..<min(start + 64, request.rowCount)
            switch request.given {
            case .predecessors(let member): write(range, member: member, using: workspace, to: &json)
            case .others:
                for row in range {
                    guard isWanted() else { return nil }
                    write(row, using: workspace, to: &json)
                }
            }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func values(_ rows: Range<Int>) -> ArraySlice<Float> {
        let count = request.model.card.variables.count
        return request.rows[rows.lowerBound * count..<rows.upperBound * count]
    }

    /// Given the variables before each in a member's ordering.
    private func write(
        _ rows: Range<Int>, member: Int, using workspace: CompiledModel.Workspace, to json: inout JSONWriter
    ) {
        let model = request.model
        let variables = model.card.variables
        let ordering = model.card.orderings[member]
        let outputCount = model.compiled.layout.outputUnitCount
        let outputs = model.compiled.outputs(of: Array(values(rows)), member: member, using: workspace)
        for row in rows {
            json.beginArray()
            for variable in request.asked[row] {
                let first = (row - rows.lowerBound) * outputCount
                let units = model.compiled.layout.outputs[variable]
                let conditional = Conditional(
                    variables[variable], outputs: outputs[first + units.lowerBound..<first + units.upperBound])
                let entry = ConditionalEntry(
                    conditional, of: variables[variable], value: request.numbers[row * variables.count + variable])
                let given = ordering.variables.prefix(ordering.positions[variable])
                entry.write(variable, given: given.lazy.map { variables[$0].name }, model: model, to: &json)
            }
            json.endArray()
        }
    }

    /// Given all other values of the row.
    private func write(_ row: Int, using workspace: CompiledModel.Workspace, to json: inout JSONWriter) {
        let model = request.model
        let variables = model.card.variables
        let values = Array(values(row..<row + 1))
        json.beginArray()
        for variable in request.asked[row] {
            let (conditional, logProbability) = model.compiled.weighedConditional(
                of: variable, in: values, using: workspace)
            let entry = ConditionalEntry(
                conditional, of: variables[variable], value: request.numbers[row * variables.count + variable],
                logProbability: logProbability)
            let given = values.indices.filter { $0 != variable && !values[$0].isNaN }
            entry.write(variable, given: given.lazy.map { variables[$0].name }, model: model, to: &json)
        }
        json.endArray()
    }
}
