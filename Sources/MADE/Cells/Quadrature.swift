#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// ∫ p(x(j→u)) du of a real variable j, by adaptive Simpson quadrature (Lyness 1969): each panel's rule is held against that
/// of its halves, and panels of the greatest differences are halved, all of a round in one batch. A panel has halves only where
/// there may be something: its own rule is held against that of its ends first.
struct Quadrature {
    /// Sum of the panels' differences to stop at, relative to the sum over all values.
    private static let tolerance = 3e-4
    private static let pointCountMax = 3000
    /// Panels that are no wider than so many of the numbers that a `Float` tells apart there are not halved.
    private static let widthMin: Float = 32

    /// A panel by its points: the ends and the middle, and between them the quarters where it has halves; the score at each.
    private struct Panel {
        let u: [Float]
        let hasHalves: Bool
        var scores: [Double] = []

        init(low: Float, high: Float, hasHalves: Bool) {
            let middle = low / 2 + high / 2
            u = hasHalves ? [low, low / 2 + middle / 2, middle, middle / 2 + high / 2, high] : [low, middle, high]
            self.hasHalves = hasHalves
        }

        private var low: Float { u[0] }
        private var high: Float { u[u.count - 1] }
        private var width: Double { Double(high) - Double(low) }
        var isDivisible: Bool { high - low > widthMin * max(low.magnitude, high.magnitude).ulp }

        /// What tells more of the same: its halves, or itself with halves.
        var finer: [Panel] {
            guard hasHalves else { return [Panel(low: low, high: high, hasHalves: true)] }
            return [(low, u[2]), (u[2], high)].map { Panel(low: $0, high: $1, hasHalves: true) }
        }

        /// ∫ of e^(score − peak) by the finest rule, and how far the next coarser one is from it.
        func mass(_ peak: Double) -> (mass: Double, difference: Double) {
            let f = scores.map { exp($0 - peak) }
            guard hasHalves else {
                let whole = width / 6 * (f[0] + 4 * f[1] + f[2])
                return (whole, abs(whole - width / 2 * (f[0] + f[2])))
            }
            let halves = width / 12 * (f[0] + 4 * f[1] + 2 * f[2] + 4 * f[3] + f[4])
            return (halves, abs(halves - width / 6 * (f[0] + 4 * f[2] + f[4])))
        }

        func parabolas(logTotal: Double) -> [DensityCurve.Panel] {
            let densities = scores.map { exp($0 - logTotal) }
            var parabolas: [DensityCurve.Panel] = []
            for first in stride(from: 0, to: u.count - 1, by: 2) {
                parabolas.append(
                    DensityCurve.Panel(
                        low: Double(u[first]), high: Double(u[first + 2]), lowDensity: densities[first],
                        middleDensity: densities[first + 1], highDensity: densities[first + 2]))
            }
            return parabolas
        }
    }

    private(set) var scores: NumberScores
    /// log p of the outcomes besides the numbers, [completions][outcomes].
    private let outcomeScores: [[Double]]
    private var panels: [Panel] = []

    /// Begins with panels between `ends`, ascending.
    init(_ scores: NumberScores, ends: [Float], outcomeScores: [[Double]]) {
        self.scores = scores
        self.outcomeScores = outcomeScores
        panels = zip(ends, ends.dropFirst()).map { Panel(low: $0, high: $1, hasHalves: false) }
        look()
    }

    /// Takes points for panels that have none, and everybody's scores anew.
    private mutating func look() {
        scores.add(panels.filter { $0.scores.isEmpty }.flatMap(\.u))
        if scores.completions.logWeights != nil { scores.settle(totals()) }
        for index in panels.indices where panels[index].scores.isEmpty || scores.completions.logWeights != nil {
            panels[index].scores = panels[index].u.map { scores.points[scores.place(of: $0)].score }
        }
    }

    /// log Σ_v p(x(j→v)) of each completion.
    private func totals() -> [Double] {
        let places = panels.map { $0.u.map(scores.place(of:)) }
        return outcomeScores.indices.map { completion in
            let peak = scores.points.reduce(-.infinity) { max($0, $1.scores[completion]) }
            var sum = 0.0
            for (index, own) in places.enumerated() {
                var panel = panels[index]
                panel.scores = own.map { scores.points[$0].scores[completion] }
                sum += panel.mass(peak).mass
            }
            return logSumExp(outcomeScores[completion] + [peak + log(max(sum, .leastNormalMagnitude))])
        }
    }

    /// What the outcomes have, all completions together.
    var combinedOutcomes: [Double] {
        (outcomeScores.first ?? []).indices.map { outcome in
            scores.completions.combine(outcomeScores.map { $0[outcome] }, logTotals: scores.logTotals)
        }
    }

    /// Takes finer panels until the differences are small; returns log Σ_v p(x(j→v)), of outcomes and numbers together, and the
    /// differences' sum relative to it.
    mutating func run() -> (logTotal: Double, error: Double) {
        while true {
            let peak = panels.reduce(-.infinity) { max($0, $1.scores.max() ?? -.infinity) }
            let masses = panels.map { $0.mass(peak) }
            let numbers = peak + log(max(masses.reduce(0) { $0 + $1.mass }, .leastNormalMagnitude))
            let logTotal = logSumExp(combinedOutcomes + [numbers])
            let total = exp(logTotal - peak)
            let error = masses.reduce(0) { $0 + $1.difference } / total
            let chosen = total.isFinite ? worst(masses.map { $0.difference / total }, error) : []
            if chosen.isEmpty || scores.points.count > Self.pointCountMax { return (logTotal, error) }
            panels = panels.indices.flatMap { chosen.contains($0) ? panels[$0].finer : [panels[$0]] }
            look()
        }
    }

    /// The panels without which the sum would be small enough, the greatest differences first.
    private func worst(_ differences: [Double], _ error: Double) -> Set<Int> {
        var left = error
        var chosen: Set<Int> = []
        for index in differences.indices.sorted(by: { differences[$0] > differences[$1] }) {
            if left <= Self.tolerance / 2 || error <= Self.tolerance { break }
            left -= differences[index]
            if panels[index].isDivisible { chosen.insert(index) }
        }
        return chosen
    }

    func curve(_ encoding: RealEncoding, logTotal: Double) -> DensityCurve {
        DensityCurve(panels.flatMap { $0.parabolas(logTotal: logTotal) }, encoding)
    }
}
