#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The distribution of a real variable: a missing value where that is an outcome, atoms, and a density of the other numbers.
public struct NumberDistribution: Sendable, Equatable {
    /// A number that has a probability of its own.
    public struct Atom: Sendable, Equatable {
        /// In the data's own units.
        public let value: Double
        /// log p, nats.
        public let logProbability: Double
        /// p.
        public var probability: Double { exp(logProbability) }
    }

    /// By ascending value.
    public let atoms: [Atom]
    /// The density of a number that is no atom, given that it is one.
    public let mixture: GaussianMixture
    /// log p of such a number, nats; 0 where there are no atoms and no missing value.
    private let logMixtureProbability: Double
    /// p of a missing value; nil where that is no outcome.
    public let missingProbability: Double?

    /// The distribution that `outputs` parametrise under `encoding`. Precondition: as many as such a variable has.
    init(_ encoding: RealEncoding, hasMissing: Bool, outputs: some Collection<Float>) {
        let outcomeCount = encoding.atoms.count + (hasMissing ? 1 : 0)
        let classCount = outcomeCount > 0 ? outcomeCount + 1 : 0
        mixture = GaussianMixture(encoding, outputs: outputs.dropFirst(classCount))
        let logProbabilities = logSoftmax(outputs.prefix(classCount).map { bounded($0) })
        missingProbability = hasMissing ? exp(logProbabilities[0]) : nil
        logMixtureProbability = logProbabilities.last ?? 0
        atoms = zip(encoding.atoms, logProbabilities.dropFirst(hasMissing ? 1 : 0)).map {
            Atom(value: $0, logProbability: $1)
        }
    }

    /// log p of an atom, nats; nil of another number.
    public func logProbability(of value: Double) -> Double? {
        atoms.first { $0.value == value }?.logProbability
    }

    /// log of the density of a number that is no atom, nats.
    public func logDensity(at value: Double) -> Double { logMixtureProbability + mixture.logDensity(at: value) }

    /// The probabilities of the atoms and of the mixture given that there is a number; they add up to 1.
    private var shares: (atoms: [Double], mixture: Double) {
        let logs = logSoftmax(atoms.map(\.logProbability) + [logMixtureProbability]).map { exp($0) }
        return (Array(logs.dropLast()), logs[logs.count - 1])
    }

    /// Of the number, given that there is one.
    public var mean: Double {
        let shares = shares
        return zip(atoms, shares.atoms).reduce(shares.mixture * mixture.mean) { $0 + $1.0.value * $1.1 }
    }

    /// Of the number, given that there is one.
    public var standardDeviation: Double {
        let (shares, mean) = (shares, mean)
        func square(_ x: Double) -> Double { x * x }
        let around = square(mixture.standardDeviation) + square(mixture.mean - mean)
        return zip(atoms, shares.atoms).reduce(shares.mixture * around) { $0 + square($1.0.value - mean) * $1.1 }
            .squareRoot()
    }

    /// P(X ≤ x), given that there is a number.
    public func cdf(_ x: Double) -> Double {
        if atoms.isEmpty { return mixture.cdf(x) }
        let shares = shares
        return zip(atoms, shares.atoms).reduce(shares.mixture * mixture.cdf(x)) { $0 + ($1.0.value <= x ? $1.1 : 0) }
    }

    /// The least x with cdf(x) ≥ q, given that there is a number. Precondition: 0 < q < 1.
    public func quantile(_ q: Double) -> Double {
        if atoms.isEmpty { return mixture.quantile(q) }
        let shares = shares
        var below = 0.0
        func between() -> Double {
            let share = (q - below) / shares.mixture
            return mixture.quantile(min(max(share, .leastNormalMagnitude), 1 - 0x1p-53))
        }
        for (atom, share) in zip(atoms, shares.atoms) {
            let before = below + shares.mixture * mixture.cdf(atom.value)
            if q < before { return between() }
            below += share
            if q <= before + share { return atom.value }
        }
        return between()
    }
}
