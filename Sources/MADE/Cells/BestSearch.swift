/// The value of the greatest p(x(j→v)) of one variable j, found in rounds: of several variables' searches each round is one
/// batch. Completions are summed up.
struct BestSearch {
    private let conditional: CellConditional
    private let near: [Float]
    private var valueScores: [Double] = []
    private var numbers: NumberScores
    private var peaks: PeakSearch?
    private var asked: [Float] = []
    private var round = 0
    private var idleRounds = 0

    /// For a row that has `value`, encoded, or NaN.
    init(_ conditional: CellConditional, insteadOf value: Float) {
        self.conditional = conditional
        near = abs(value) < Variable.missingValue ? [value] : []
        numbers = NumberScores(conditional.completions, conditional.variable)
        guard case .real(let encoding) = conditional.description.kind, let proposal = conditional.proposal else {
            return
        }
        peaks = PeakSearch(
            within: proposal.range, step: encoding.grid.map { encoding.least(width: $0.over / $0.under) } ?? 0)
    }

    /// Carries all of them on until each has its best value. Precondition: no more than `RowPass.slotCount`.
    static func run(_ searches: inout [BestSearch], _ completions: Completions) {
        var active = Array(searches.indices)
        while true {
            var requests: [ValueRequest] = []
            active = active.filter { index in
                let values = searches[index].next()
                if values.isEmpty { return false }
                requests.append(
                    ValueRequest(variable: searches[index].conditional.variable, slot: index, values: values))
                return true
            }
            if active.isEmpty { return }
            let scores = completions.passes.map { $0.logLikelihoods(of: requests) }
            for (place, index) in active.enumerated() { searches[index].take(scores.map { $0[place] }) }
        }
    }

    var best: CellConditional.Scored {
        guard let peaks, !numbers.points.isEmpty else { return conditional.greatest(valueScores, nil) }
        let peak = peaks.peak(numbers)
        return conditional.greatest(valueScores, (peak, numbers.points[numbers.place(of: peak)].score))
    }

    /// What is to be scored next; nothing at the end.
    private mutating func next() -> [Float] {
        defer { round += 1 }
        asked = round == 0 ? conditional.proposal.map { numbers.fresh(snapped($0.seeds() + near)) } ?? [] : []
        if round == 0 { return conditional.values + asked }
        guard let proposal = conditional.proposal, !numbers.points.isEmpty else { return [] }
        while asked.isEmpty, round <= NumberProposal.margins.count {
            let margin = NumberProposal.margins[round - 1]
            asked = numbers.fresh(snapped(proposal.promising(numbers, margin: margin)))
            if asked.isEmpty { round = NumberProposal.margins.count + 1 }
        }
        // Rounds of a peak's search are of two kinds: what one does not find the other may.
        while asked.isEmpty, idleRounds < 2, let points = peaks?.next(numbers) {
            asked = numbers.fresh(snapped(points))
            idleRounds = asked.isEmpty ? idleRounds + 1 : 0
        }
        return asked
    }

    private mutating func take(_ scores: [[Double]]) {
        let valueCount = scores[0].count - asked.count
        if valueCount > 0 {
            valueScores = (0..<valueCount).map { index in
                conditional.completions.combine(scores.map { $0[index] }, logTotals: [])
            }
        }
        numbers.insert(asked, scores.map { Array($0.dropFirst(valueCount)) })
    }

    /// The nearest of the column's own numbers to each of `points`, within the range; those that are atoms are left out.
    private func snapped(_ points: [Float]) -> [Float] {
        guard case .real(let encoding) = conditional.description.kind, let peaks else { return [] }
        return points.compactMap { u in
            let number = encoding.own(encoding.decode(u))
            guard encoding.atom(of: number) == nil else { return nil }
            let snapped = encoding.hasOwnNumbers ? encoding.encode(number) : u
            return peaks.range.contains(snapped) ? snapped : nil
        }
    }
}
