#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension CompiledModel {
    /// log p(observed) `[n]` of encoded rows `[n × D]` of any values, nats, and the standard errors of them `[n]`: NaN stands
    /// for a missing value (see `MissingValues`); a rare label counts with its share of its class, a value never seen by
    /// `UnseenValues`.
    ///
    /// A row of plain values gets the bits of `score` at its cost, and an error of 0. A row whose values are all missing has
    /// a log-likelihood of 0. What another row costs, `passCount` tells.
    public func score(
        _ rows: Span<Float>, missing: MissingValues, into logLikelihoods: inout MutableSpan<Double>,
        standardErrors: inout MutableSpan<Double>, using workspace: Workspace
    ) {
        precondition(rows.count == logLikelihoods.count * variableCount && standardErrors.count == logLikelihoods.count)
        rows.withUnsafeBufferPointer { rows in
            logLikelihoods.withUnsafeMutableBufferPointer { results in
                standardErrors.withUnsafeMutableBufferPointer { errors in
                    for run in plainRuns(of: rows, missing) {
                        let cells = UnsafeBufferPointer(rebasing: rows[cells(of: run.rows)])
                        guard run.isPlain else {
                            let all = integrate(cells, missing, surprisals: nil, using: workspace)
                            for (row, found) in zip(run.rows, all) {
                                (results[row], errors[row]) = (found.logLikelihood, found.standardError)
                            }
                            continue
                        }
                        UnsafeMutableBufferPointer(rebasing: errors[run.rows]).update(repeating: 0)
                        var target = UnsafeMutableBufferPointer(rebasing: results[run.rows]).mutableSpan
                        score(cells.span, into: &target, using: workspace)
                    }
                }
            }
        }
    }

    /// What `score` of rows with missing values gives, to the bit, with surprisals `[n × D]` in variable order and what each
    /// row's add up to `[n]`; all in nats.
    ///
    /// Of an incomplete row a surprisal is −log p̂_s(x_d | the observed x before it in the member's ordering), 0 of a missing
    /// variable; members are averaged as `explain` of complete rows does, so that a row's surprisals add up to −log p̂(observed)
    /// with one member, and to no more than log S below it with several.
    public func explain(
        _ rows: Span<Float>, missing: MissingValues, logLikelihoods: inout MutableSpan<Double>,
        surprisals: inout MutableSpan<Float>, explained: inout MutableSpan<Double>,
        standardErrors: inout MutableSpan<Double>, using workspace: Workspace
    ) {
        precondition(rows.count == logLikelihoods.count * variableCount && surprisals.count == rows.count)
        precondition(standardErrors.count == logLikelihoods.count && explained.count == logLikelihoods.count)
        rows.withUnsafeBufferPointer { rows in
            logLikelihoods.withUnsafeMutableBufferPointer { results in
                surprisals.withUnsafeMutableBufferPointer { parts in
                    explained.withUnsafeMutableBufferPointer { sums in
                        standardErrors.withUnsafeMutableBufferPointer { errors in
                            let target = Explanation(
                                logLikelihoods: results, surprisals: parts, explained: sums, standardErrors: errors)
                            for run in plainRuns(of: rows, missing) {
                                explain(run, of: rows, missing, into: target, using: workspace)
                            }
                        }
                    }
                }
            }
        }
    }

    /// How often a row passes through all members to score rows `[n × D]`: once for each row of plain values, for others the
    /// particles and combinations that they take over the number of members. A pass that draws takes
    /// about one and a half times as long as one that scores.
    public func passCount(of rows: Span<Float>, missing: MissingValues) -> Int {
        precondition(rows.count.isMultiple(of: variableCount))
        return rows.withUnsafeBufferPointer { rows in
            plainRuns(of: rows, missing).reduce(0) { sum, run in
                if run.isPlain { return sum + run.rows.count }
                let first = run.rows.lowerBound
                let plan = MissingPlan(Array(rows[cells(of: first..<first + 1)]), card, missing)
                return sum + run.rows.count * ((plan.passCount + members.count - 1) / members.count)
            }
        }
    }

    private struct Explanation {
        let logLikelihoods: UnsafeMutableBufferPointer<Double>
        let surprisals: UnsafeMutableBufferPointer<Float>
        let explained: UnsafeMutableBufferPointer<Double>
        let standardErrors: UnsafeMutableBufferPointer<Double>
    }

    private func explain(
        _ run: Run, of rows: UnsafeBufferPointer<Float>, _ missing: MissingValues, into target: Explanation,
        using workspace: Workspace
    ) {
        guard run.isPlain else {
            let cells = cells(of: run.rows)
            let all = integrate(
                UnsafeBufferPointer(rebasing: rows[cells]), missing,
                surprisals: .init(rebasing: target.surprisals[cells]), using: workspace)
            for (row, found) in zip(run.rows, all) {
                target.logLikelihoods[row] = found.logLikelihood
                target.standardErrors[row] = found.standardError
                target.explained[row] = found.explained
            }
            return
        }
        UnsafeMutableBufferPointer(rebasing: target.standardErrors[run.rows]).update(repeating: 0)
        var logLikelihoods = UnsafeMutableBufferPointer(rebasing: target.logLikelihoods[run.rows]).mutableSpan
        var surprisals = UnsafeMutableBufferPointer(rebasing: target.surprisals[cells(of: run.rows)]).mutableSpan
        var explained = UnsafeMutableBufferPointer(rebasing: target.explained[run.rows]).mutableSpan
        explain(
            UnsafeBufferPointer(rebasing: rows[cells(of: run.rows)]).span, logLikelihoods: &logLikelihoods,
            surprisals: &surprisals, explained: &explained, using: workspace)
    }

    private typealias Integrated = (logLikelihood: Double, standardError: Double, explained: Double)

    /// Rows [n × D] that are not plain and lack the same values; their surprisals [n × D] go where they are asked for.
    private func integrate(
        _ rows: UnsafeBufferPointer<Float>, _ missing: MissingValues, surprisals: UnsafeMutableBufferPointer<Float>?,
        using workspace: Workspace
    ) -> [Integrated] {
        surprisals?.update(repeating: 0)
        let given = stride(from: 0, to: rows.count, by: variableCount).map {
            Array(rows[$0..<$0 + variableCount])
        }
        if given[0].allSatisfy(\.isNaN) { return given.map { _ in (0, 0, 0) } }
        let integrals = integrals(of: given, missing, withSurprisals: surprisals != nil, using: workspace)
        return integrals.enumerated().map { row, integrals in
            let own = surprisals.map { UnsafeMutableBufferPointer(rebasing: $0[cells(of: row..<row + 1)]) }
            return joined(integrals, surprisals: own)
        }
    }

    /// What the members make of one row, joined; its surprisals [D], which are 0, go where they are asked for.
    private func joined(
        _ integrals: [MemberIntegral], surprisals: UnsafeMutableBufferPointer<Float>?
    ) -> Integrated {
        let logLikelihood = integrals.map(\.logLikelihood).withUnsafeBufferPointer { values in
            values.baseAddress.map { logMeanExp($0, count: values.count, stride: 1) } ?? 0
        }
        // Each member's share of the sum of all members' p_s(observed).
        let shares = integrals.map { exp($0.logLikelihood - logLikelihood) / Double(members.count) }
        let variance = zip(shares, integrals).reduce(0) { $0 + $1.0 * $1.0 * $1.1.relativeVariance }
        guard let surprisals else { return (logLikelihood, variance.squareRoot(), 0) }
        var averages = [Double](repeating: 0, count: variableCount)
        for (index, integral) in integrals.enumerated() {
            for (variable, surprisal) in zip(members[index].ordering.variables, integral.surprisals) {
                averages[variable] += shares[index] * surprisal
            }
        }
        for (variable, average) in averages.enumerated() { surprisals[variable] = Float(average) }
        return (logLikelihood, variance.squareRoot(), surprisals.reduce(0) { $0 + Double($1) })
    }

    /// Rows side by side that are all plain, or that are all not and lack the same values.
    private struct Run {
        var rows: Range<Int>
        var isPlain: Bool
    }

    /// Rows with missing values, and particles of them, at most, that are drawn for at a time.
    private static let (drawnRowCountMax, drawnParticleCountMax) = (64, 1 << 14)

    private func cells(of rows: Range<Int>) -> Range<Int> {
        rows.lowerBound * variableCount..<rows.upperBound * variableCount
    }

    private func plainRuns(of rows: UnsafeBufferPointer<Float>, _ missing: MissingValues) -> [Run] {
        let drawnRowCountMax = min(Self.drawnRowCountMax, Self.drawnParticleCountMax / missing.particles)
        var runs: [Run] = []
        for row in 0..<rows.count / variableCount {
            let own = rows[cells(of: row..<row + 1)]
            let isPlain = zip(own, card.variables).allSatisfy { $1.isPlain($0) }
            if let last = runs.last, last.isPlain == isPlain,
                isPlain
                    || last.rows.count < drawnRowCountMax
                        && zip(own, rows[cells(of: row - 1..<row)]).allSatisfy({ $0.isNaN == $1.isNaN })
            {
                runs[runs.count - 1].rows = last.rows.lowerBound..<row + 1
            } else {
                runs.append(Run(rows: row..<row + 1, isPlain: isPlain))
            }
        }
        return runs
    }
}
