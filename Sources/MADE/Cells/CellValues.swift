extension FullConditional {
    /// The value that stands best for one that is not known: the median of a number, else the most probable value, of equally
    /// probable ones the first; as the column would have it (see `Variable.settled`).
    public func best(of variable: Variable) -> Double {
        if variable.isReal { return variable.settled(quantile(0.5)) }
        return outcomes.reduce(outcomes[0]) { $1.probability > $0.probability ? $1 : $0 }.value
    }

    /// The value that a uniform number in (0, 1) draws, given that there is one; as the column would have it.
    public func value(at uniform: Double, of variable: Variable) -> Double {
        if variable.isReal { return variable.settled(quantile(uniform)) }
        return outcomes[Choice(outcomes.map(\.probability))(uniform)].value
    }
}

extension Variable {
    /// A number that is one of its column's own, within the range that training saw; other values as they are.
    public func settled(_ number: Double) -> Double {
        guard case .real(let encoding) = kind else { return number }
        let nearest = encoding.own(number)
        return min(max(nearest, encoding.minimum ?? nearest), encoding.maximum ?? nearest)
    }
}
