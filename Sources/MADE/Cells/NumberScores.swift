#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// log p(x(j→u)) of a real variable j at the points u where it was asked for, in encoded units; nats, with a term that all
/// points share.
struct NumberScores {
    struct Point {
        let u: Float
        /// Under each of the completions.
        fileprivate(set) var scores: [Double]
        /// Of all completions together.
        fileprivate(set) var score: Double
    }

    let completions: Completions
    let variable: Int
    /// By ascending u.
    private(set) var points: [Point] = []
    /// log Σ_v p(x(j→v)) of each completion, as far as it is known; only particles need it.
    private(set) var logTotals: [Double]

    init(_ completions: Completions, _ variable: Int) {
        self.completions = completions
        self.variable = variable
        logTotals = [Double](repeating: 0, count: completions.passes.count)
    }

    /// The place of the first point that is not below u.
    func place(of u: Float) -> Int { points.partitionPoint { $0.u < u } }

    private func has(_ u: Float) -> Bool {
        let place = place(of: u)
        return place < points.count && points[place].u == u
    }

    /// Those of the points that are not there yet, each once.
    func fresh(_ asked: [Float]) -> [Float] {
        var fresh: [Float] = []
        for u in asked where !has(u) && !fresh.contains(u) { fresh.append(u) }
        return fresh
    }

    /// Adds points, all in one batch; those that are there already are left out.
    mutating func add(_ asked: [Float]) {
        let fresh = fresh(asked)
        if !fresh.isEmpty { insert(fresh, completions.scores(of: fresh, variable)) }
    }

    /// Adds points that are not there, with their scores [completions][points].
    mutating func insert(_ fresh: [Float], _ scores: [[Double]]) {
        for (index, u) in fresh.enumerated() {
            let own = scores.map { $0[index] }
            points.insert(
                Point(u: u, scores: own, score: completions.combine(own, logTotals: logTotals)), at: place(of: u))
        }
    }

    /// The score at u, which is added where it is not there.
    mutating func score(at u: Float) -> Double {
        add([u])
        return points[place(of: u)].score
    }

    mutating func settle(_ totals: [Double]) {
        if completions.logWeights == nil { return }
        logTotals = totals
        for index in points.indices {
            points[index].score = completions.combine(points[index].scores, logTotals: totals)
        }
    }

    /// The place of the greatest score; precondition: there is a point.
    var best: Int { points.indices.max { points[$0].score < points[$1].score } ?? 0 }
}
