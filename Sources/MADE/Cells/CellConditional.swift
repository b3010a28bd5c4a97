#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// What one variable j of a row may be, given all others.
struct CellConditional {
    /// A value, encoded, and log p(x(j→v)) there, up to the term that all values share; nats.
    typealias Scored = (value: Float, score: Double)

    let variable: Int
    let completions: Completions
    let description: Variable
    /// Values with a probability of their own, encoded; those of "missing" are not among them.
    let values: [Float]
    /// Of a real variable.
    let proposal: NumberProposal?

    init(_ variable: Int, _ completions: Completions, _ model: CompiledModel) {
        self.variable = variable
        self.completions = completions
        description = model.card.variables[variable]
        values = description.candidateValues
        proposal =
            if case .real(let encoding) = description.kind {
                NumberProposal(encoding, outputs: completions.passes.prefix(4).flatMap { $0.outputs(of: variable) })
            } else {
                nil
            }
    }

    /// What there is to know of the values.
    struct Found {
        let conditional: FullConditional
        /// With its score.
        let mode: Scored
        /// What takes a score of one completion to a log-probability, and one of all together.
        let logTotals: [Double]
        let logTotal: Double
    }

    func distribution() -> Found {
        let outcomes = values + (description.hasMissing ? [Variable.missingValue] : [])
        let scores = completions.scores(of: outcomes, variable)
        guard case .real(let encoding) = description.kind, let proposal else {
            let totals = scores.map { logSumExp($0) }
            let combined = outcomes.indices.map { index in
                completions.combine(scores.map { $0[index] }, logTotals: totals)
            }
            let best = greatest(Array(combined.prefix(values.count)), nil)
            let logTotal = logSumExp(combined)
            let found = conditional(
                combined, logTotal: logTotal, curve: nil, mode: best.value, error: 0,
                standardError: standardError(scores, totals, combined))
            return Found(conditional: found, mode: best, logTotals: totals, logTotal: logTotal)
        }
        var numbers = seeded(proposal)
        let peak = PeakSearch.run(&numbers, within: proposal.range)
        let ends = ends(&numbers, around: peak, proposal)
        var quadrature = Quadrature(numbers, ends: ends, outcomeScores: scores)
        let (logTotal, error) = quadrature.run()
        numbers = quadrature.scores
        let found = number(at: PeakSearch.run(&numbers, within: proposal.range), &numbers, encoding, proposal.range)
        let combined = quadrature.combinedOutcomes
        let best = greatest(Array(combined.prefix(values.count)), found)
        let top = numbers.points[numbers.best]
        let conditional = conditional(
            combined, logTotal: logTotal, curve: quadrature.curve(encoding, logTotal: logTotal), mode: best.value,
            error: error,
            standardError: standardError(
                zip(scores, top.scores).map { $0 + [$1] }, numbers.logTotals, combined + [top.score]))
        return Found(conditional: conditional, mode: best, logTotals: numbers.logTotals, logTotal: logTotal)
    }

    private func conditional(
        _ combined: [Double], logTotal: Double, curve: DensityCurve?, mode: Float, error: Double, standardError: Double
    ) -> FullConditional {
        let probabilities = combined.map { exp($0 - logTotal) }
        return FullConditional(
            outcomes: zip(values, probabilities).map { .init(value: description.decode($0), probability: $1) },
            missingProbability: description.hasMissing ? probabilities.last : nil, density: curve,
            mode: description.decode(mode), quadratureError: error, standardError: standardError)
    }

    /// Of particles: √(Σ w_m (p_m − p)² / n), n their effective number.
    private func standardError(_ scores: [[Double]], _ totals: [Double], _ combined: [Double]) -> Double {
        guard let logWeights = completions.logWeights else { return 0 }
        let effective = 1 / logWeights.reduce(0) { $0 + exp(2 * $1) }
        let variances = combined.enumerated().map { index, score in
            zip(zip(scores, totals), logWeights).reduce(0) { sum, particle in
                let difference = exp(particle.0.0[index] - particle.0.1) - exp(score)
                return sum + exp(particle.1) * difference * difference
            }
        }
        return ((variances.max() ?? 0) / effective).squareRoot()
    }

    func greatest(_ combined: [Double], _ number: Scored?) -> Scored {
        var best = number
        for (value, score) in zip(values, combined) where score > best?.score ?? -.infinity { best = (value, score) }
        return best ?? (0, -.infinity)
    }

    private func seeded(_ proposal: NumberProposal) -> NumberScores {
        var numbers = NumberScores(completions, variable)
        numbers.add(proposal.seeds())
        for margin in NumberProposal.margins { numbers.add(proposal.promising(numbers, margin: margin)) }
        numbers.settle(
            completions.passes.indices.map { index in
                numbers.points.reduce(-.infinity) { max($0, $1.scores[index]) }
            })
        return numbers
    }

    /// The best of the column's own numbers around `peak`: `peak` itself, or its neighbours.
    /// Nil where these are atoms, all of them.
    private func number(
        at peak: Float, _ numbers: inout NumberScores, _ encoding: RealEncoding, _ range: ClosedRange<Float>
    ) -> Scored? {
        var near = [peak]
        if let numbers = encoding.ownNumbers(around: peak) {
            near = numbers.map(description.encode)
        } else if encoding.atom(of: encoding.decode(peak)) != nil {
            near = []
        }
        near = near.filter { range.contains($0) }
        numbers.add(near)
        return near.map { ($0, numbers.points[numbers.place(of: $0)].score) }.max { $0.score < $1.score }
    }

    /// Where panels begin and end: where the components reach to and as far beyond as there is something, and points around
    /// the peak and the components, none of them closer to the next than the peak is wide.
    private func ends(_ numbers: inout NumberScores, around peak: Float, _ proposal: NumberProposal) -> [Float] {
        let top = numbers.score(at: peak)
        var (low, high) = (Float(proposal.reach.lowerBound), Float(proposal.reach.upperBound))
        (low, high) = (min(low, peak), max(high, peak))
        for _ in 0..<8 where numbers.score(at: low) > top - 20 { low -= high - low }
        for _ in 0..<8 where numbers.score(at: high) > top - 20 { high += high - low }
        let width = Self.width(of: numbers, at: peak)
        var ends: [Float] = []
        for u in (numbers.points.map(\.u) + proposal.details(numbers, top: top)).sorted() where u >= low && u <= high {
            if let last = ends.last, u == last || u - last < width && u != high { continue }
            ends.append(u)
        }
        return ends
    }

    /// About one standard deviation of the peak, by the nearest points that are clearly below it.
    private static func width(of numbers: NumberScores, at peak: Float) -> Float {
        let place = numbers.place(of: peak)
        let top = numbers.points[place].score
        let sides = [
            numbers.points[..<place].last { $0.score < top - 0.3 },
            numbers.points[place...].first { $0.score < top - 0.3 },
        ]
        let widths = sides.compactMap { side in
            side.map { abs($0.u - peak) / Float((2 * (top - $0.score)).squareRoot()) }
        }
        return widths.min() ?? 0
    }
}

extension Variable {
    /// The encoded values with a probability of their own that training saw, "missing" aside: 0 and 1, labels, rare ones in
    /// the place of their class, atoms.
    var candidateValues: [Float] {
        switch kind {
        case .binary: [0, 1]
        case .categorical(let categories):
            (0..<categories.labels.count + categories.rareLabels.count).filter {
                categories.rareLabels.isEmpty || $0 != categories.otherIndex
            }.map(Float.init)
        case .real(let encoding): encoding.atoms.indices.map { Self.outcomeValue($0 + 1) }
        }
    }
}
