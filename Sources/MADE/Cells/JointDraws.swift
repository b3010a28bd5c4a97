extension CompiledModel {
    /// Sweeps over the unknown values of a row.
    private static var sweepCount: Int { 2 }

    /// `count` rows [D] that are `row`, encoded, with values in the place of those that are not known (NaN), drawn together
    /// given those that are; none of them is drawn missing. The same row and `missing` give the same rows, to the bit, and the
    /// first of them whatever `count` is.
    ///
    /// One unknown value is drawn from its full conditional, exactly. Several begin as a particle, picked by its weight from
    /// `missing.particles` ones (Rubin 1988), and are then drawn one after the other, each from its full conditional given all
    /// others, in two sweeps (Gibbs sampling; after importance sampling, Gilks & Berzuini 2001): so draws differ where few
    /// particles have all the weight.
    public func completedRows(
        of row: [Float], count: Int, missing: MissingValues = MissingValues(), using workspace: Workspace
    ) -> [[Float]] {
        precondition(row.count == variableCount && count >= 0)
        let unknown = row.indices.filter { row[$0].isNaN }
        if unknown.isEmpty { return [[Float]](repeating: row, count: count) }
        guard unknown.count > 1 else {
            let conditional = fullConditional(of: unknown[0], in: row, missing: missing, using: workspace)
            return (0..<count).map { draw in
                var generator = PhiloxGenerator(seed: missing.seed(of: row), stream: UInt64(draw))
                return filled(row, unknown[0], conditional, &generator)
            }
        }
        let (particles, logWeights) = particles(of: row, missing, using: workspace)
        let choice = Choice(Importance.weights(logWeights))
        return (0..<count).map { draw in
            var generator = PhiloxGenerator(seed: missing.seed(of: row), stream: UInt64(draw))
            let first = choice(generator.openUniform()) * variableCount
            var drawn = row
            for variable in unknown { drawn[variable] = particles[first + variable] }
            for _ in 0..<Self.sweepCount {
                for variable in unknown {
                    let conditional = fullConditional(of: variable, in: drawn, using: workspace)
                    drawn = filled(drawn, variable, conditional, &generator)
                }
            }
            return drawn
        }
    }

    private func filled(
        _ row: [Float], _ variable: Int, _ conditional: FullConditional, _ generator: inout PhiloxGenerator
    ) -> [Float] {
        let description = card.variables[variable]
        var row = row
        row[variable] = description.encode(conditional.value(at: generator.openUniform(), of: description))
        return row
    }
}

extension PhiloxGenerator {
    /// Uniform in (0, 1), 53 bits.
    fileprivate mutating func openUniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
}
