internal import MADE
internal import MADERows

/// What a row would gain if one of its columns were right, and what is right.
struct CellExplanation: Sendable {
    /// The column, and the variable of it that gains most: of a date one of its parts.
    let column: Int
    let variable: Int
    /// The variable's value, encoded.
    let value: Float
    /// The column's, nats.
    let surprisal: Float
    /// Nil of a row with values that are not known: it is explained by its surprisals.
    let expectation: (gain: Double, value: Double, range: CellRange)?

    /// The `count` columns of a row [D] of largest gain, largest first, of equal ones that of the largest surprisal; of a row with values that are not known those of largest
    /// surprisal, the unknown ones aside.
    static func largest(
        _ count: Int, of row: [Float], surprisals: UnsafeMutableBufferPointer<Float>.SubSequence, model: LoadedModel,
        using workspace: CompiledModel.Workspace
    ) -> [CellExplanation] {
        let columns = model.schema.columns
        let sums = model.schema.sums(surprisals)
        let isComplete = !row.contains(where: \.isNaN)
        let gains = isComplete ? model.compiled.gains(of: row, using: workspace) : []
        let best = columns.map { column in
            isComplete
                ? column.variables.max { gains[$0].gain < gains[$1].gain } ?? column.variables.lowerBound
                : column.variables.lowerBound
        }
        let keys = columns.indices.map { isComplete ? gains[best[$0]].gain : Double(sums[$0]) }
        let order = columns.indices.filter { !sums[$0].isNaN }
            .sorted { (keys[$0], sums[$0], $1) > (keys[$1], sums[$1], $0) }
        return order.prefix(count).map { column in
            let variable = best[column]
            return CellExplanation(
                column: column, variable: variable, value: row[variable], surprisal: sums[column],
                expectation: isComplete
                    ? (
                        gains[variable].gain, gains[variable].expected,
                        CellRange(
                            model.compiled.fullConditional(of: variable, in: row, using: workspace),
                            of: model.card.variables[variable])
                    ) : nil)
        }
    }
}

extension CellExplanation {
    /// An element of a row's explanations; `unseen` is the text of a value that training never saw.
    func write(_ unseen: String?, isUnseenMissing: Bool, model: LoadedModel, to json: inout JSONWriter) {
        let read = model.schema.columns[column]
        let text = model.text
        json.beginObject()
        json.member("variable", read.name)
        if let part = model.schema.part(variable) { json.member("part", part.rawValue) }
        if let unseen {
            json.member("value", unseen)
        } else {
            json.key("value")
            let isValue = !isUnseenMissing && !model.card.variables[variable].isMissing(value)
            text.write(isValue ? model.card.variables[variable].decode(value) : .nan, of: variable, to: &json)
        }
        if let expectation {
            json.member("gain", expectation.gain)
            json.key("expected")
            text.write(expectation.value, of: variable, to: &json)
            json.key("range")
            expectation.range.write(of: variable, text, to: &json)
        }
        json.key("surprisal")
        json.number(surprisal)
        if unseen != nil || isUnseenMissing { json.member("unseen", true) }
        if let unseen, let nearest = read.nearestValue(to: unseen) { json.member("nearest", nearest) }
        json.endObject()
    }
}
