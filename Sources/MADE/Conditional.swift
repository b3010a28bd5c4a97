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
    /// p(x_d = k | x_<d) = softmax(logits)_k, k = 0…K−1 the index of a label, or 0 and 1; where a missing value is an outcome,
    /// the last is its.
    case categorical(logits: [Float])
    /// The distribution of a `real` variable in the data's own units. The density is continuous where values come in steps,
    /// too: there a value's probability is the density spread over the step around it. `scale` is the column's own (see
    /// `RealEncoding`).
    case number(NumberDistribution, scale: Double)

    /// Of a variable's output units, in order; precondition: as many as `variable` has.
    public init(_ variable: Variable, outputs: some Collection<Float>) {
        precondition(outputs.count == variable.outputUnitCount)
        switch variable.kind {
        case .binary where variable.isSingleUnit: self = .bernoulli(logit: outputs.first ?? 0)
        case .binary, .categorical: self = .categorical(logits: Array(outputs))
        case .real(let encoding):
            self = .number(
                NumberDistribution(encoding, hasMissing: variable.hasMissing, outputs: outputs), scale: encoding.scale)
        }
    }

    /// The probabilities of the values 0, 1, … of a binary or categorical variable and of a missing value where that is an
    /// outcome, which add up to 1; nil of a density.
    public var probabilities: [Double]? {
        switch self {
        case .bernoulli(let logit): [logistic(-bounded(logit)), logistic(bounded(logit))]
        case .categorical(let logits): logSoftmax(logits.map { bounded($0) }).map { exp($0) }
        case .number: nil
        }
    }

    /// log p(x_d = value | x_<d), nats, finite; of a `real` variable the log of an atom's probability, or of the density
    /// there, per unit of the column's own scale.
    ///
    /// Precondition: a value that the variable may take, and no rare label.
    public func logProbability(of value: Double) -> Double {
        switch self {
        case .bernoulli(let logit):
            let signed = value == 1 ? bounded(logit) : -bounded(logit)
            return min(signed, 0) - log1p(exp(-abs(signed)))
        case .categorical(let logits): return logSoftmax(logits.map { bounded($0) })[Int(value)]
        case .number(let distribution, let scale):
            return distribution.logProbability(of: value)
                ?? distribution.logDensity(at: value) + log(abs(scale))
        }
    }
}

extension Variable {
    /// log p(x_d = value | x_<d) of a number that the variable may take, a rare label too, nats (see
    /// `Conditional.logProbability`).
    public func logProbability(of value: Double, _ conditional: Conditional) -> Double {
        guard case .categorical(let categories) = kind else { return conditional.logProbability(of: value) }
        let known = -(unseen?.knownSurprisal ?? 0)
        guard value >= Double(categories.labels.count), let other = categories.otherIndex else {
            return conditional.logProbability(of: value) + known
        }
        return conditional.logProbability(of: Double(other)) + known
            - categories.rareSurprisal(Int(value) - categories.labels.count)
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

    /// The output units [n × outputs] of encoded rows [n × D] under one member; a NaN stands for a value not known, and only
    /// the outputs of positions up to the first such are meaningful.
    public func outputs(of rows: [Float], member: Int, using workspace: Workspace) -> [Float] {
        let count = rows.count / variableCount
        var known: [Float] = []
        known.reserveCapacity(rows.count)
        for start in stride(from: 0, to: rows.count, by: variableCount) {
            // Nothing depends on what stands in for a value that is not known.
            known += Substitution(rows[start..<start + variableCount], card.variables).row.map { $0.isNaN ? 0 : $0 }
        }
        var result = [Float](repeating: 0, count: count * layout.outputUnitCount)
        var span = result.mutableSpan
        outputs(of: known.span, member: member, into: &span, using: workspace)
        return result
    }
}
