internal import CStaircase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension CompiledModel {
    /// log p(x) `[n]` (the same bits as `score`), surprisals `[n × D]` in variable order, and what each row's surprisals add
    /// up to `[n]`; all in nats.
    ///
    /// A surprisal is −log p(x_d | x_<d). With several members it is the members' average, each weighted by its share of
    /// p(x): r_s = p_s(x) / Σ p_s(x). Their sum is then −log p(x) − Σ r_s log(r_s S): by Jensen's inequality at most
    /// −log p(x), and no more than log S below it.
    public func explain(
        _ rows: Span<Float>, logLikelihoods: inout MutableSpan<Double>, surprisals: inout MutableSpan<Float>,
        explained: inout MutableSpan<Double>, using workspace: Workspace
    ) {
        precondition(rows.count == logLikelihoods.count * variableCount)
        precondition(surprisals.count == rows.count && explained.count == logLikelihoods.count)
        rows.withUnsafeBufferPointer { rows in
            logLikelihoods.withUnsafeMutableBufferPointer { results in
                surprisals.withUnsafeMutableBufferPointer { surprisals in
                    explained.withUnsafeMutableBufferPointer { explained in
                        guard let rows = rows.baseAddress, let results = results.baseAddress,
                            let surprisals = surprisals.baseAddress, let sums = explained.baseAddress
                        else { return }
                        explain(
                            rows, rowCount: explained.count, logLikelihoods: results, surprisals: surprisals,
                            explained: sums, using: workspace)
                    }
                }
            }
        }
    }

    private func explain(
        _ rows: UnsafePointer<Float>, rowCount: Int, logLikelihoods: UnsafeMutablePointer<Double>,
        surprisals: UnsafeMutablePointer<Float>, explained: UnsafeMutablePointer<Double>, using workspace: Workspace
    ) {
        // The members' surprisals wait until all members' shares are known: at most 4 MiB of them.
        let rowSize = members.count * variableCount
        let chunkRowCount = min(workspace.chunkRowCount, max(1, 1 << 20 / rowSize))
        let buffer = workspace.explaining ?? AlignedBuffer(count: chunkRowCount * rowSize)
        workspace.explaining = buffer
        for first in stride(from: 0, to: rowCount, by: chunkRowCount) {
            let count = min(chunkRowCount, rowCount - first)
            let sums = workspace.sums.base
            for (index, member) in members.enumerated() {
                let result = forward(rows + first * variableCount, rowCount: count, member: member, using: workspace)
                logLikelihood(of: result, into: sums + index * count)
                self.surprisals(of: result, into: buffer.base + index * count * variableCount)
            }
            combine(sums, rowCount: count, into: logLikelihoods + first)
            for row in 0..<count {
                share(sums + row, stride: count, logLikelihood: logLikelihoods[first + row])
                explained[first + row] = average(
                    buffer.base + row * variableCount, memberStride: count * variableCount, shares: sums + row,
                    stride: count, using: workspace.averages.base,
                    into: surprisals + (first + row) * variableCount)
            }
        }
    }

    /// Each member's log p_s(x) becomes its share of p(x) [S]; they add up to 1.
    private func share(_ sums: UnsafeMutablePointer<Double>, stride: Int, logLikelihood: Double) {
        if members.count == 1 { return sums[0] = 1 }
        for index in members.indices {
            sums[index * stride] = exp(sums[index * stride] - logLikelihood) / Double(members.count)
        }
    }

    /// One row's surprisals in variable order, averaged over the members; returns their sum.
    private func average(
        _ ordered: UnsafePointer<Float>, memberStride: Int, shares: UnsafePointer<Double>, stride: Int,
        using averages: UnsafeMutablePointer<Double>, into surprisals: UnsafeMutablePointer<Float>
    ) -> Double {
        averages.update(repeating: 0, count: variableCount)
        for (index, member) in members.enumerated() {
            let ordered = ordered + index * memberStride
            let share = shares[index * stride]
            member.ordering.variables.withUnsafeBufferPointer { variables in
                for place in variables.indices { averages[variables[place]] += share * Double(ordered[place]) }
            }
        }
        var sum = 0.0
        for variable in 0..<variableCount {
            surprisals[variable] = Float(averages[variable])
            sum += Double(surprisals[variable])
        }
        return sum
    }
}
