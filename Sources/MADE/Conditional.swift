#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// p(x_d | x_<d) of one variable in one row.
public enum Conditional: Sendable, Equatable {
    /// p(x_d = 1 | x_<d) = σ(logit).
    case bernoulli(logit: Float)
    /// p(x_d = k | x_<d) = softmax(logits)_k, k = 0…K−1 the index of a label.
    case categorical(logits: [Float])
    /// The density of a `real` variable in the data's own units. It is continuous where values come in steps, too: there a
    /// value's probability is the density spread over the step around it.
    case mixture(GaussianMixture)

    /// Of a variable's output units, in order; precondition: as many as `variable` has.
    public init(_ variable: Variable, outputs: some Collection<Float>) {
        precondition(outputs.count == variable.outputUnitCount)
        switch variable.kind {
        case .binary: self = .bernoulli(logit: outputs.first ?? 0)
        case .categorical: self = .categorical(logits: Array(outputs))
        case .real(let encoding): self = .mixture(GaussianMixture(encoding, outputs: outputs))
        }
    }

    /// The probabilities of the values 0, 1, … of a binary or categorical variable, which add up to 1; nil of a density.
    public var probabilities: [Double]? {
        switch self {
        case .bernoulli(let logit): [logistic(-bounded(logit)), logistic(bounded(logit))]
        case .categorical(let logits): logSoftmax(logits.map { bounded($0) }).map { exp($0) }
        case .mixture: nil
        }
    }

    /// log p(x_d = value | x_<d), nats, finite; of a `real` variable the log of its density there, in the data's own units.
    ///
    /// Precondition: a value that the variable may take.
    public func logProbability(of value: Float) -> Double {
        switch self {
        case .bernoulli(let logit):
            let signed = value == 1 ? bounded(logit) : -bounded(logit)
            return min(signed, 0) - log1p(exp(-abs(signed)))
        case .categorical(let logits): return logSoftmax(logits.map { bounded($0) })[Int(value)]
        case .mixture(let mixture): return mixture.logDensity(at: Double(value))
        }
    }
}

/// 1 / (1 + e^−x), of full relative accuracy for every x.
private func logistic(_ x: Double) -> Double {
    let e = exp(-abs(x))
    return (x < 0 ? e : 1) / (1 + e)
}

extension CompiledModel {
    /// How many variables, taken along the member's ordering, are known before the first that is not, for a row [D] with
    /// NaN for what is not known. The conditionals of that many positions and of one more are computable.
    public func knownPrefixCount(of row: some Collection<Float>, member: Int) -> Int {
        let row = Array(row)
        precondition(row.count == card.variables.count)
        return card.orderings[member].variables.prefix { !row[$0].isNaN }.count
    }

    /// The output units [n × outputs] of rows [n × D] under one member; a NaN stands for a value not known, and only the
    /// outputs of positions up to the first such are meaningful.
    public func outputs(of rows: [Float], member: Int, using workspace: Workspace) -> [Float] {
        let count = rows.count / card.variables.count
        var known = rows
        for index in known.indices where known[index].isNaN {
            known[index] = card.variables[index % card.variables.count].placeholder
        }
        var result = [Float](repeating: 0, count: count * layout.outputUnitCount)
        var span = result.mutableSpan
        outputs(of: known.span, member: member, into: &span, using: workspace)
        return result
    }
}

extension Variable {
    /// A value that the variable may take, for where a network needs one and nothing depends on which.
    var placeholder: Float {
        switch kind {
        case .binary, .categorical: 0
        case .real(let encoding): encoding.affine.offset
        }
    }
}
