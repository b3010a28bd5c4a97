internal import CStaircase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension CompiledModel {
    /// log p(x) = logsumexp_s log p_s(x) − log S of rows `[n × D]` into `[n]`, nats; always finite: no
    /// variable adds less than −1e30 to it. Real variables add log-densities per unit of their own scale. Precondition: plain
    /// values (`Variable.isPlain`).
    ///
    /// With one member these are the bits of that member's log-likelihood.
    public func score(_ rows: Span<Float>, into logLikelihoods: inout MutableSpan<Double>, using workspace: Workspace) {
        precondition(rows.count == logLikelihoods.count * variableCount)
        rows.withUnsafeBufferPointer { rows in
            logLikelihoods.withUnsafeMutableBufferPointer { results in
                guard let rows = rows.baseAddress, let base = results.baseAddress else { return }
                score(rows, rowCount: results.count, into: base, using: workspace)
            }
        }
    }

    func score(
        _ rows: UnsafePointer<Float>, rowCount: Int, into results: UnsafeMutablePointer<Double>,
        using workspace: Workspace
    ) {
        for first in stride(from: 0, to: rowCount, by: workspace.chunkRowCount) {
            let count = min(workspace.chunkRowCount, rowCount - first)
            let sums = workspace.sums.base
            for (index, member) in members.enumerated() {
                let result = forward(rows + first * variableCount, rowCount: count, member: member, using: workspace)
                logLikelihood(of: result, into: sums + index * count)
            }
            combine(sums, rowCount: count, into: results + first)
        }
    }

    /// log p_s of the rows of `result` into [rowCount].
    func logLikelihood(of result: ForwardResult, into sums: UnsafeMutablePointer<Double>) {
        let functions = kernels.functions
        if let variables = result.variables {
            functions.mixed_log_likelihood(
                variables, result.rowCount, result.values.base, result.values.stride, result.outputs.base,
                result.direct, result.outputs.stride, sums)
        } else {
            functions.log_likelihood(
                result.rowCount, variableCount, result.values.base, result.values.stride, result.outputs.base,
                result.direct, result.outputs.stride, sums)
        }
    }

    /// −log p_s(x_d | x_<d) of the rows of `result` [rowCount × D], in the member's order.
    func surprisals(of result: ForwardResult, into surprisals: UnsafeMutablePointer<Float>) {
        let functions = kernels.functions
        if let variables = result.variables {
            functions.mixed_surprisals(
                variables, result.rowCount, result.values.base, result.values.stride, result.outputs.base,
                result.direct, result.outputs.stride, surprisals)
        } else {
            functions.surprisals(
                result.rowCount, variableCount, result.values.base, result.values.stride, result.outputs.base,
                result.direct, result.outputs.stride, surprisals)
        }
    }

    /// Members' log-likelihoods [S × rowCount] to the ensemble's [rowCount].
    func combine(_ sums: UnsafePointer<Double>, rowCount: Int, into results: UnsafeMutablePointer<Double>) {
        for row in 0..<rowCount {
            results[row] = logMeanExp(sums + row, count: members.count, stride: rowCount)
        }
    }

    /// The output layer of one member, `[n × outputs]` in unit order: logits, and of real variables means and spreads (see
    /// `RealEncoding`).
    ///
    /// They are the member's outputs themselves, before the bound of ±1e30 that keeps log-likelihoods finite.
    public func outputs(
        of rows: Span<Float>, member index: Int, into outputs: inout MutableSpan<Float>, using workspace: Workspace
    ) {
        let member = members[index]
        let outputCount = layout.outputUnitCount
        let rowCount = rows.count / variableCount
        precondition(rows.count == rowCount * variableCount && outputs.count == rowCount * outputCount)
        rows.withUnsafeBufferPointer { rows in
            outputs.withUnsafeMutableBufferPointer { outputs in
                guard let rows = rows.baseAddress, let base = outputs.baseAddress else { return }
                for first in stride(from: 0, to: rowCount, by: workspace.chunkRowCount) {
                    let count = min(workspace.chunkRowCount, rowCount - first)
                    let result = forward(
                        rows + first * variableCount, rowCount: count, member: member, using: workspace)
                    result.copyOutputs(units: member.outputUnits, to: base + first * outputCount)
                }
            }
        }
    }
}

extension ForwardResult {
    /// Writes the outputs to [rowCount × outputs] in unit order; `units` says the unit of each place.
    func copyOutputs(units: [Int], to target: UnsafeMutablePointer<Float>) {
        for row in 0..<rowCount {
            let from = row * outputs.stride
            let to = target + row * units.count
            for (place, unit) in units.enumerated() {
                to[unit] = outputs.base[from + place] + (direct.map { $0[from + place] } ?? 0)
            }
        }
    }
}

/// log of the mean of e^values[0], e^values[stride], … (`count` of them); one value gives itself, to the bit.
func logMeanExp(_ values: UnsafePointer<Double>, count: Int, stride: Int) -> Double {
    if count == 1 { return values[0] }
    var peak = values[0]
    for index in 1..<count { peak = max(peak, values[index * stride]) }
    var sum = 0.0
    for index in 0..<count { sum += exp(values[index * stride] - peak) }
    return peak + log(sum / Double(count))
}
