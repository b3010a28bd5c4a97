/// p(x_d | x_<d) of one variable in one row.
public enum Conditional: Sendable, Equatable {
    /// p(x_d = 1 | x_<d) = σ(logit).
    case bernoulli(logit: Float)

    /// Of a variable's output units, in order; precondition: as many as `variable` has.
    public init(_ variable: Variable, outputs: some Collection<Float>) {
        precondition(outputs.count == variable.outputUnitCount)
        switch variable.kind {
        case .binary: self = .bernoulli(logit: outputs.first ?? 0)
        case .categorical, .real: preconditionFailure("only binary variables are handled here")
        }
    }
}

extension CompiledModel {
    /// How many variables, taken along the member's ordering, are known before the first that is not, for a row [D] with
    /// NaN for what is not known. The conditionals of that many positions and of one more are computable.
    public func knownPrefixCount(of row: some Collection<Float>, member: Int) -> Int {
        let row = Array(row)
        precondition(row.count == card.variables.count)
        return card.orderings[member].variables.prefix { !row[$0].isNaN }.count
    }

    /// The output units [outputs] of one row [D] under one member; a NaN stands for a value not known, and only the outputs
    /// of positions up to the first such are meaningful.
    public func outputs(of rows: [Float], member: Int, using workspace: Workspace) -> [Float] {
        let known = rows.map { $0.isNaN ? 0 : $0 }
        let count = known.count / card.variables.count
        var result = [Float](repeating: 0, count: count * layout.outputUnitCount)
        var span = result.mutableSpan
        outputs(of: known.span, member: member, into: &span, using: workspace)
        return result
    }
}
