/// The greatest score of a real variable, by brackets around its local maxima: each round takes the vertex of the parabola
/// through a bracket's three points and the middles of its sides, so that it is halved at least; all brackets' points are
/// one batch.
struct PeakSearch {
    /// Brackets that are followed at a time: the highest.
    private static let bracketCountMax = 2
    private static let roundCountMax = 40
    /// How far below the maximum the result may be, nats.
    private static let tolerance = 3e-4
    /// A bracket so far below the best is given up once its own parabola does not reach it either.
    private static let margin = 8.0

    private struct Bracket {
        let low: NumberScores.Point
        let middle: NumberScores.Point
        let high: NumberScores.Point

        /// Of the parabola through the three points; nil where there is none that opens downwards between the ends.
        var vertex: (u: Double, score: Double, bend: Double)? {
            guard low.u < middle.u, middle.u < high.u else { return nil }
            let (left, right) = (Double(low.u) - Double(middle.u), Double(high.u) - Double(middle.u))
            let (down, up) = (low.score - middle.score, high.score - middle.score)
            // score − middle.score = slope d + bend d².
            let bend = (up / right - down / left) / (right - left)
            let slope = down / left - bend * left
            guard bend < 0 else { return nil }
            return (Double(middle.u) - slope / (2 * bend), middle.score - slope * slope / (4 * bend), -bend)
        }

        /// Whether the maximum of a score that is concave between the ends is reached within `tolerance`.
        var isSettled: Bool {
            if middle.u.nextUp >= high.u, low.u.nextUp >= middle.u { return true }
            if low.u == middle.u || middle.u == high.u {
                // At the end of the range: the other side tells how much there may be.
                return max(middle.score - low.score, middle.score - high.score) < tolerance
            }
            return drop < 4 * tolerance && (vertex?.score ?? middle.score) - middle.score < tolerance
        }

        /// How far the middle is above the ends.
        private var drop: Double { middle.score - min(low.score, high.score) }

        /// The vertex, with the middles of the sides; or, where the score is likely to be a parabola, with points so close on
        /// both sides that it is settled if it is one. Rounds take turns, lest something that is none be approached slowly.
        func points(_ round: Int, step: Double) -> [Float] {
            var points = [low.u / 2 + middle.u / 2, middle.u / 2 + high.u / 2]
            if let vertex {
                points.append(Float(vertex.u))
                if round % 2 == 1, drop < 3 {
                    let near = max((2 * tolerance / vertex.bend).squareRoot(), step)
                    points = [vertex.u - near, vertex.u, vertex.u + near].map { Float($0) }
                }
            }
            return points.filter { $0 > low.u && $0 < high.u && $0 != middle.u }
        }
    }

    /// Where points are taken.
    let range: ClosedRange<Float>
    /// About how far apart points are that may be taken; 0 where all may.
    let step: Double
    private var round = 0

    init(within range: ClosedRange<Float>, step: Double = 0) {
        self.range = range
        self.step = step
    }

    /// The points of the next round; nil where the greatest score is found. Precondition: there is a point within the range.
    mutating func next(_ scores: NumberScores) -> [Float]? {
        let brackets = Self.brackets(scores, range)
        let best = brackets.first?.middle.score ?? 0
        let open = brackets.prefix(Self.bracketCountMax).filter { bracket in
            let hope = bracket.vertex?.score ?? bracket.middle.score
            return !bracket.isSettled && (round < 2 || max(hope, bracket.middle.score) > best - Self.margin)
        }
        if open.isEmpty || round == Self.roundCountMax { return nil }
        defer { round += 1 }
        return open.flatMap { $0.points(round, step: step) }
    }

    /// Adds points to `scores` until the greatest is found; returns where.
    static func run(_ scores: inout NumberScores, within range: ClosedRange<Float>) -> Float {
        var search = PeakSearch(within: range)
        while let points = search.next(scores) { scores.add(points) }
        return search.peak(scores)
    }

    /// Where the greatest score within the range is.
    func peak(_ scores: NumberScores) -> Float {
        Self.brackets(scores, range).first?.middle.u ?? range.lowerBound
    }

    /// By falling score.
    private static func brackets(_ scores: NumberScores, _ range: ClosedRange<Float>) -> [Bracket] {
        let all = scores.points
        let (start, stop) = (scores.place(of: range.lowerBound), scores.place(of: range.upperBound.nextUp))
        var found: [Bracket] = []
        for index in start..<stop {
            let (before, after) = (max(index - 1, start), min(index + 1, stop - 1))
            let score = all[index].score
            // Of equal neighbours the first.
            if before < index, all[before].score >= score { continue }
            if after > index, all[after].score > score { continue }
            found.append(Bracket(low: all[before], middle: all[index], high: all[after]))
        }
        return found.sorted { $0.middle.score > $1.middle.score }
    }
}
