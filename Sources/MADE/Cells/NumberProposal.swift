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
    }

    private var components: [Component] = []
    private let encoding: RealEncoding

    /// By the outputs of the variable under each member, of one row or of several.
    init(_ encoding: RealEncoding, outputs: [[Float]]) {
        self.encoding = encoding
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
    }

    /// The range that training saw, ±`inputBound` where that is not known.
    var range: ClosedRange<Float> {
        let bound = encoding.inputBound
        let ends = [encoding.minimum.map(encoding.encode) ?? -bound, encoding.maximum.map(encoding.encode) ?? bound]
        return min(ends[0], ends[1])...max(ends[0], ends[1])
    }

    /// Points to begin with: the likeliest components' means, no two of them within one's half deviation, and evenly spaced
    /// ones over the part of the range that a network can tell apart.
    func seeds(meanCountMax: Int = 12, evenCount: Int = 9) -> [Float] {
        var means: [Double] = []
        for component in components where means.count < meanCountMax && component.weight > 0.004 {
            if means.allSatisfy({ abs($0 - component.mean) > component.deviation / 2 }) { means.append(component.mean) }
        }
        let bound = encoding.inputBound
        let (low, high) = (max(range.lowerBound, -bound), min(range.upperBound, bound))
        let even = low < high ? (0..<evenCount).map { low + (high - low) * Float($0) / Float(evenCount - 1) } : []
        return means.map { Float($0) } + even + [range.lowerBound, range.upperBound]
    }

    /// What holds nearly all of the mass of the components: seven deviations on both sides of each.
    var reach: ClosedRange<Double> {
        let low = components.reduce(Double(range.lowerBound)) { min($0, $1.mean - 7 * $1.deviation) }
        let high = components.reduce(Double(range.upperBound)) { max($0, $1.mean + 7 * $1.deviation) }
        return max(low, -1e30)...min(high, 1e30)
    }

    /// Means of the components with some weight.
    var means: [Float] { significant.map { Float($0.mean) } }

    private var significant: some Sequence<Component> {
        components.prefix(64).filter { $0.weight > 0.002 && $0.mean.magnitude < 1e30 }
    }

    /// Points around the components that have some of the mass: `weigh` gives the score at a mean relative to the best.
    func details(_ weigh: (Float) -> Double) -> [Float] {
        significant.flatMap { component -> [Float] in
            guard weigh(Float(component.mean)) + log(component.deviation) > -14 else { return [] }
            return [-3, -1, 1, 3].map { Float(component.mean + $0 * component.deviation) }
        }
    }
}
