/// p(v | x₋ⱼ): the distribution of one variable given all other values of a row,
/// p(x(j→v)) / Σ_u p(x(j→u)), where x(j→v) is the row with v in the place of its own value.
///
/// Its probabilities add up to 1 over the values that training saw; what is kept for values never seen is no part of it.
/// Members' likelihoods are averaged before, so it is no member's own conditional.
public struct FullConditional: Sendable, Equatable {
    /// A value that has a probability of its own.
    public struct Outcome: Sendable, Equatable {
        /// 0 or 1, a label's index (see `Categories`), or an atom in the data's own units.
        public let value: Double
        /// p(v | x₋ⱼ).
        public let probability: Double
    }

    /// All such values: of a categorical variable its labels, rare ones each for itself; of a real one its atoms. Ascending.
    public let outcomes: [Outcome]
    /// p of a missing value; nil where that is no outcome.
    public let missingProbability: Double?
    /// The density of the other numbers of a real variable; nil of other variables.
    public let density: DensityCurve?
    /// The value of the greatest p(x(j→v)), as the row would have it: never a missing one, a number on the grid of its column's
    /// resolution and within the range that training saw. Between atoms and other numbers it compares what the log-likelihood
    /// compares: an atom's probability with a density per unit of the column's own scale.
    public let mode: Double
    /// How far the sum over all values may be off by what lies between the points of `density`, relative to it; an estimate
    /// from above: the difference of Simpson's rule on each panel and on its halves. 0 without a density.
    public let quadratureError: Double
    /// The greatest standard error that unknown other values leave in a probability of `outcomes` or of `density` at the mode;
    /// 0 where they are summed up exactly, or there are none.
    public let standardError: Double

    /// The probability that there is a value, rather than none.
    private var valueProbability: Double { 1 - (missingProbability ?? 0) }

    /// Of a number, given that there is one; of a binary variable the probability of 1. No labels have one: nil.
    public func mean(of variable: Variable) -> Double? {
        if case .categorical = variable.kind { return nil }
        let sum = outcomes.reduce(density?.moment ?? 0) { $0 + $1.value * $1.probability }
        return sum / valueProbability
    }

    /// Of a number, given that there is one; of no labels: nil.
    public func standardDeviation(of variable: Variable) -> Double? {
        guard let mean = mean(of: variable) else { return nil }
        let sum = outcomes.reduce(density?.secondMoment(about: mean) ?? 0) { sum, outcome in
            sum + (outcome.value - mean) * (outcome.value - mean) * outcome.probability
        }
        return (sum / valueProbability).squareRoot()
    }

    /// P(X ≤ x), given that there is a number. Precondition: no labels.
    public func cdf(_ x: Double) -> Double {
        let below = outcomes.reduce(density?.cdf(x) ?? 0) { $1.value <= x ? $0 + $1.probability : $0 }
        return min(max(below / valueProbability, 0), 1)
    }

    /// The least x with cdf(x) ≥ q, in the data's own units, on no grid. Precondition: 0 < q < 1, no labels.
    public func quantile(_ q: Double) -> Double {
        precondition(q > 0 && q < 1)
        let target = q * valueProbability
        var atoms = 0.0
        for outcome in outcomes {
            let before = atoms + (density?.cdf(outcome.value) ?? 0)
            if target < before { break }
            atoms += outcome.probability
            if target <= before + outcome.probability { return outcome.value }
        }
        guard let density, density.mass > 0 else { return outcomes.last?.value ?? 0 }
        return density.number(atMass: target - atoms)
    }

    /// The middle `share` of the numbers: the quantiles that leave half of the rest on each side. Precondition: no labels.
    public func range(holding share: Double = 0.9) -> ClosedRange<Double> {
        let low = quantile((1 - share) / 2)
        return low...max(low, quantile((1 + share) / 2))
    }

    /// The shortest list of values that holds `share` of the probability of there being one, by falling probability.
    /// Precondition: no density.
    public func likeliest(holding share: Double = 0.9) -> [Outcome] {
        let sorted = outcomes.indices.sorted {
            (outcomes[$1].probability, $0) < (outcomes[$0].probability, $1)
        }.map { outcomes[$0] }
        var held = 0.0
        let count = sorted.firstIndex {
            held += $0.probability
            return held >= share * valueProbability
        }
        return Array(sorted.prefix((count ?? sorted.count - 1) + 1))
    }
}
