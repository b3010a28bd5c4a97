#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Where the full conditional of a real variable may have its mass: by the members' own conditionals p_s(x_j | x_<j), of which
/// that of the member with the most variables before j knows most, and by the range that training saw. Encoded units.
struct NumberProposal {
    private struct Component {
        let weight: Double
        let mean: Double
        let deviation: Double

        var height: Double { weight / deviation }
    }

    /// By falling weight.
    private let components: [Component]
    private let encoding: RealEncoding

    /// By the outputs of the variable under each member, of one row or of several.
    init(_ encoding: RealEncoding, outputs: [[Float]]) {
        self.encoding = encoding
        var components: [Component] = []
        let count = encoding.componentCount
        for outputs in outputs {
            let units = outputs.suffix(3 * count).map { bounded($0) }
            let weights = logSoftmax(units[..<count])
            for index in 0..<count where weights[index] > -30 {
                let spread = units[2 * count + index]
                components.append(
                    Component(
                        weight: exp(weights[index]), mean: units[count + index],
                        deviation: Double(encoding.scaleFloor) + max(spread, 0) + log1p(exp(-abs(spread)))))
            }
        }
        components.sort { ($0.weight, $0.mean) > ($1.weight, $1.mean) }
        self.components = components
        significant = components.prefix { $0.weight > 1e-4 }.prefix(128).filter { $0.mean.magnitude < 1e30 }[...]
        meanDensities = significant.map { logDensity(at: Float($0.mean)) }
    }

    /// The range that training saw, ±`inputBound` where that is not known.
    var range: ClosedRange<Float> {
        let bound = encoding.inputBound
        let ends = [encoding.minimum.map(encoding.encode) ?? -bound, encoding.maximum.map(encoding.encode) ?? bound]
        return min(ends[0], ends[1])...max(ends[0], ends[1])
    }

    /// Points to begin with: the likeliest components' means, no two of them within one's half deviation, and a grid over the
    /// part of the range that a network can tell apart.
    ///
    /// Where all members have j before the variables that determine it, no component of theirs says where p(x(j→u)) peaks. A
    /// peak of deviation σ that is H nats high shows over a distance of σ √(2H), so the grid is dense where most numbers of a
    /// column are, within a few of its scales around its centre, and ever wider farther out.
    func seeds(meanCountMax: Int = 4, gridCount: Int = 32) -> [Float] {
        var means: [Double] = []
        for component in components where means.count < meanCountMax && component.weight > 0.01 {
            if means.allSatisfy({ abs($0 - component.mean) > component.deviation / 2 }) { means.append(component.mean) }
        }
        let bound = encoding.inputBound
        let (low, high) = (max(range.lowerBound, -bound), min(range.upperBound, bound))
        // Even angles: about as far apart as at the centre up to `core`, five times as far at twice of it.
        let core: Float = 1.5
        let (first, last) = (atan(low / core), atan(high / core))
        let grid =
            low < high
            ? (0..<gridCount).map { core * tan(first + (last - first) * Float($0) / Float(gridCount - 1)) } : []
        return means.map { Float($0) } + grid + [range.lowerBound, range.upperBound]
    }

    /// What holds nearly all of the mass of the components: seven deviations on both sides of each.
    var reach: ClosedRange<Double> {
        let low = components.reduce(Double(range.lowerBound)) { min($0, $1.mean - 7 * $1.deviation) }
        let high = components.reduce(Double(range.upperBound)) { max($0, $1.mean + 7 * $1.deviation) }
        return max(low, -1e30)...min(high, 1e30)
    }

    private let significant: ArraySlice<Component>
    /// log of the components' density at each of their means.
    private var meanDensities: [Double] = []

    /// log of the components' density.
    private func logDensity(at u: Float) -> Double {
        var sum = 0.0
        // Where all terms vanish the nearest tells how fast.
        var nearest = (exponent: Double.infinity, height: 1.0)
        for component in significant {
            let distance = (Double(u) - component.mean) / component.deviation
            let exponent = distance * distance / 2
            if exponent < 40 { sum += component.height * exp(-exponent) }
            if exponent < nearest.exponent { nearest = (exponent, component.height) }
        }
        return sum > 0 ? log(sum) : log(nearest.height) - nearest.exponent
    }

    /// How much below the best means are still looked at, round after round.
    static let margins = [2.0, 0.5, 0]

    /// Means of components at which the score is likely to be beyond the best or less than `margin` below it, the `countMax`
    /// of the highest.
    ///
    /// The score is log p_s(x_j | x_<j), which may have spikes and is known everywhere, and what the variables behind j make of
    /// x_j, which is smooth: so the score less the former is interpolated between the points that are there.
    func promising(_ scores: NumberScores, margin: Double, countMax: Int = 6) -> [Float] {
        let points = scores.points
        let best = points[scores.best].score
        var found: [(u: Float, score: Double)] = []
        for (component, score) in zip(significant, meanScores(scores)) {
            let u = Float(component.mean)
            if points[min(scores.place(of: u), points.count - 1)].u == u || found.contains(where: { $0.u == u }) {
                continue
            }
            if score > best - margin { found.append((u, score)) }
        }
        return found.sorted { $0.score > $1.score }.prefix(countMax).map(\.u)
    }

    /// The scores at the means of components as interpolation has them.
    private func meanScores(_ scores: NumberScores) -> [Double] {
        let points = scores.points
        let rests = points.map { $0.score - logDensity(at: $0.u) }
        return zip(significant, meanDensities).map { component, logDensity in
            let u = Float(component.mean)
            let place = scores.place(of: u)
            let (before, after) = (max(place - 1, 0), min(place, points.count - 1))
            let width = points[after].u - points[before].u
            let share = width > 0 ? Double((u - points[before].u) / width) : 0
            return logDensity + rests[before] + share * (rests[after] - rests[before])
        }
    }

    /// Points at and around the components that may have some of the mass, where the greatest score is `top`.
    func details(_ scores: NumberScores, top: Double) -> [Float] {
        zip(significant, meanScores(scores)).flatMap { component, score -> [Float] in
            guard score - top + log(component.deviation) > -12 else { return [] }
            return [-3, -1, 0, 1, 3].map { Float(component.mean + $0 * component.deviation) }
        }
    }
}
