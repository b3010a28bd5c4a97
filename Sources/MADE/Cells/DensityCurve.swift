#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A density of numbers, in panels on each of which it is a parabola (Simpson's rule).
public struct DensityCurve: Sendable, Equatable {
    /// One parabola.
    struct Panel: Sendable, Equatable {
        /// Its ends, encoded (see `RealEncoding`), ascending.
        let low: Double
        let high: Double
        /// Densities at the ends and in the middle, per unit of u.
        let lowDensity: Double
        let middleDensity: Double
        let highDensity: Double

        var mass: Double { (high - low) / 6 * (lowDensity + 4 * middleDensity + highDensity) }

        /// The mass below low + share (high − low).
        func mass(upTo share: Double) -> Double {
            let slope = 4 * middleDensity - 3 * lowDensity - highDensity
            let bend = 2 * (lowDensity + highDensity - 2 * middleDensity)
            return (high - low) * share * (lowDensity + share * (slope / 2 + share * bend / 3))
        }

        /// ∫ u p(u) du.
        var moment: Double {
            (high - low) / 6 * (low * lowDensity + 2 * (low + high) * middleDensity + high * highDensity)
        }

        /// ∫ (u − centre)² p(u) du.
        func secondMoment(about centre: Double) -> Double {
            let (middle, half) = ((low + high) / 2, (high - low) / 2)
            // Of t = u − middle and the parabola through the three densities: ∫ t p and ∫ t² p.
            let first = (highDensity - lowDensity) * half * half / 3
            let bend = (lowDensity + highDensity - 2 * middleDensity) / 2
            let second = 2 * half * half * half / 3 * (middleDensity + 3 * bend / 5)
            let distance = middle - centre
            return distance * distance * mass + 2 * distance * first + second
        }
    }

    /// By ascending number; their masses add up to the probability of all numbers that the density is of.
    let panels: [Panel]
    private let centre: Double
    /// Of the column, above 0.
    private let scale: Double
    private let transform: NumberTransform
    private let logUnit: Double

    /// Of a curve in encoded units under `encoding`.
    init(_ panels: [Panel], _ encoding: RealEncoding) {
        centre = encoding.centre
        transform = encoding.transform
        logUnit = encoding.logUnit
        scale = abs(encoding.scale)
        self.panels =
            encoding.scale > 0
            ? panels
            : panels.reversed().map {
                Panel(
                    low: -$0.high, high: -$0.low, lowDensity: $0.highDensity, middleDensity: $0.middleDensity,
                    highDensity: $0.lowDensity)
            }
    }

    /// The probability of the numbers that it is of.
    public var mass: Double { panels.reduce(0) { $0 + $1.mass } }

    /// Σ of the numbers, each by its probability: the mean times `mass`.
    var moment: Double {
        if transform.linearWidth == nil { return centre * mass + scale * panels.reduce(0) { $0 + $1.moment } }
        return panels.reduce(0) { $0 + integral(of: $1) { number in number } }
    }

    /// Σ of (number − mean)², each by its probability.
    func secondMoment(about mean: Double) -> Double {
        guard transform.linearWidth == nil else {
            return panels.reduce(0) { $0 + integral(of: $1) { number in (number - mean) * (number - mean) } }
        }
        let u = (mean - centre) / scale
        return max(scale * scale * panels.reduce(0) { $0 + $1.secondMoment(about: u) }, 0)
    }

    /// ∫ f(x) p(x) dx over a panel, by Simpson's rule.
    private func integral(of panel: Panel, _ f: (Double) -> Double) -> Double {
        let middle = (panel.low + panel.high) / 2
        return (panel.high - panel.low) / 6
            * (f(number(panel.low)) * panel.lowDensity + 4 * f(number(middle)) * panel.middleDensity
                + f(number(panel.high)) * panel.highDensity)
    }

    /// The points that it was computed at: numbers in the data's own units, ascending, and the density there per `unit` of the
    /// column (see `RealEncoding`).
    public var points: [(number: Double, density: Double)] {
        panels.flatMap { panel in
            [point(panel.low, panel.lowDensity), point((panel.low + panel.high) / 2, panel.middleDensity)]
        } + (panels.last.map { [point($0.high, $0.highDensity)] } ?? [])
    }

    private func number(_ u: Double) -> Double { transform.inverse(centre + u * scale) }

    private func point(_ u: Double, _ density: Double) -> (number: Double, density: Double) {
        (number(u), density * exp(logUnit - transform.logVolume(centre + u * scale)))
    }

    /// P(X ≤ x and X is one of its numbers).
    public func cdf(_ x: Double) -> Double {
        let u = (transform(x) - centre) / scale
        var below = 0.0
        for panel in panels {
            if u < panel.high {
                guard u > panel.low else { return below }
                // A parabola through points that are none below 0 may dip below it between them.
                return below + min(max(panel.mass(upTo: (u - panel.low) / (panel.high - panel.low)), 0), panel.mass)
            }
            below += panel.mass
        }
        return below
    }

    /// The number below which the density has `target` of its mass; at most its last.
    func number(atMass target: Double) -> Double {
        var below = 0.0
        for panel in panels {
            let mass = panel.mass
            guard below + mass < target else {
                return number(panel.low + (panel.high - panel.low) * Self.share(of: panel, atMass: target - below))
            }
            below += mass
        }
        return panels.last.map { number($0.high) } ?? number(0)
    }

    private static func share(of panel: Panel, atMass target: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<52 {
            let middle = (low + high) / 2
            if panel.mass(upTo: middle) < target { low = middle } else { high = middle }
        }
        return high
    }
}
