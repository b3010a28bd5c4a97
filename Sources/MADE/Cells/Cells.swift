#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension CompiledModel {
    /// p(v | x₋ⱼ) of variable j in a row of encoded values [D] (see `Variable`): rare labels, values never seen and NaN, a
    /// value not known, among them. The row's own x_j does not count.
    ///
    /// Exact for binary and categorical variables and for atoms, the density of other numbers by quadrature
    /// (`FullConditional.quadratureError`). Other values that are not known are summed up where they have few combinations,
    /// else averaged over `missing.particles` draws (`FullConditional.standardError`). The same row gives the same bits.
    public func fullConditional(
        of variable: Int, in row: [Float], missing: MissingValues = MissingValues(), using workspace: Workspace
    ) -> FullConditional {
        precondition(row.count == variableCount && row.indices.contains(variable))
        let completions = completions(of: row, but: variable, standIn: 0, missing, using: workspace)
        return CellConditional(variable, completions, self).distribution().conditional
    }

    /// What `fullConditional` gives, and log p(x_j | x₋ⱼ) of the row's own value, nats: of a number that is no atom the log of
    /// its density per unit of the column's own scale; nil where the value is not known.
    ///
    /// Precondition: x_j is no value that training never saw.
    public func weighedConditional(
        of variable: Int, in row: [Float], missing: MissingValues = MissingValues(), using workspace: Workspace
    ) -> (conditional: FullConditional, logProbability: Double?) {
        precondition(row.count == variableCount && row.indices.contains(variable))
        let completions = completions(of: row, but: variable, standIn: 0, missing, using: workspace)
        let cell = CellConditional(variable, completions, self)
        let found = cell.distribution()
        guard !row[variable].isNaN else { return (found.conditional, nil) }
        let score = completions.combine(
            completions.scores(of: [row[variable]], variable).map { $0[0] }, logTotals: found.logTotals)
        return (found.conditional, score - found.logTotal - card.variables[variable].logVolume(of: row[variable]))
    }

    /// Gains of `variables`, all where that is nil, in a row of encoded values [D] as `fullConditional` takes it; in their
    /// order.
    ///
    /// g_j = max_v log p(x(j→v)) − log p(x), with log p(x) as `score` has it: an atom, a label or a missing value counts with
    /// its probability, another number with the density of its encoded value (see `LogVolumes`); so what one gains over the
    /// other is what the row's log-likelihood would rise by, but for the size of numbers that are encoded by their logarithm: of
    /// these ratios count. A missing value, and one never seen, is held against all values; none
    /// is held against a missing one. The maximum over numbers is found within 0.001 nats of the highest that the search
    /// comes upon, on the grid of the column's resolution and within the range that training saw.
    ///
    /// Where other values are not known, p is that of the known ones (see `MissingValues`); where few combinations are left,
    /// exactly. The gain of a value does not depend on which other gains are asked for, to the bit.
    public func gains(
        of row: [Float], variables: [Int]? = nil, missing: MissingValues = MissingValues(), using workspace: Workspace
    ) -> [CellGain] {
        precondition(row.count == variableCount)
        let asked = variables ?? Array(row.indices)
        if row.contains(where: \.isNaN) {
            return asked.map { gain(ofIncomplete: row, $0, missing, using: workspace) }
        }
        let pass = RowPass(row, of: self, using: workspace)
        let logLikelihood = pass.logLikelihood
        let areFlips = asked.map { variable in
            (row[variable] == 0 || row[variable] == 1) && (isBinary || card.variables[variable].isSingleUnit)
        }
        var flips = pass.logLikelihoods(
            ofSingleUnits: zip(asked, areFlips).compactMap { variable, isFlip in
                isFlip ? Candidate(variable: variable, value: 1 - row[variable]) : nil
            }
        )[...]
        let others = zip(asked, areFlips).compactMap { $1 ? nil : $0 }
        var bests = bests(of: others, in: row, Completions(passes: [pass], logWeights: nil))[...]
        return zip(asked, areFlips).map { variable, isFlip in
            let value = row[variable]
            guard isFlip, let flipped = flips.popFirst() else {
                let score = logLikelihood + card.variables[variable].logVolume(of: value)
                return gain(variable, value, score: score, bests.popFirst() ?? (value, score))
            }
            return CellGain(
                variable: variable, gain: max(flipped - logLikelihood, 0),
                expected: Double(flipped > logLikelihood ? 1 - value : value))
        }
    }

    private func gain(ofIncomplete row: [Float], _ variable: Int, _ missing: MissingValues, using workspace: Workspace)
        -> CellGain
    {
        let isKnown = !row[variable].isNaN
        let completions = completions(
            of: row, but: variable, standIn: isKnown ? row[variable] : 0, missing, using: workspace)
        let (best, totals) =
            completions.logWeights == nil
            ? (bests(of: [variable], in: row, completions)[0], [])
            : { ($0.mode, $0.logTotals) }(CellConditional(variable, completions, self).distribution())
        let volume = card.variables[variable].logVolume(of: row[variable])
        let own = completions.combine(completions.passes.map { $0.logLikelihood + volume }, logTotals: totals)
        return gain(variable, row[variable], score: isKnown ? own : best.score, best)
    }

    /// The value of the greatest p(x(j→v)) of each of `variables`.
    private func bests(of variables: [Int], in row: [Float], _ completions: Completions) -> [CellConditional.Scored] {
        let slotCount = RowPass.slotCount(self)
        return stride(from: 0, to: variables.count, by: slotCount).flatMap { first in
            var searches = variables[first..<min(first + slotCount, variables.count)].map {
                BestSearch(CellConditional($0, completions, self), insteadOf: row[$0])
            }
            BestSearch.run(&searches, completions)
            return searches.map(\.best)
        }
    }

    private func gain(_ variable: Int, _ value: Float, score: Double, _ best: CellConditional.Scored) -> CellGain {
        let description = card.variables[variable]
        let isKept = best.score <= score && !description.isMissing(value) && description.isKnown(value)
        return CellGain(
            variable: variable, gain: max(best.score - score, 0),
            expected: description.decode(isKept ? value : best.value))
    }
}

extension Variable {
    /// Whether an encoded value is one that training saw, a rare label too.
    fileprivate func isKnown(_ value: Float) -> Bool {
        isReal || value >= 0 && (!isBinary || isPlain(value))
    }
}
