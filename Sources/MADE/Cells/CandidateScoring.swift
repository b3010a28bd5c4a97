internal import CStaircase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// log p_s of rows that differ from the row of a pass in one variable each.
struct CandidateScoring {
    let model: CompiledModel
    let pass: MemberPass
    let continuation: Continuation
    /// The row of the pass.
    let substitution: Substitution
    let workspace: CompiledModel.Workspace

    private var member: CompiledMember { pass.member }

    /// log p_s of the row with each of `candidates` in its place, nats, into [candidates]. No variable of theirs stands before
    /// position `start`; there are several variables only where all of them have a single unit and plain values in the row.
    ///
    /// The bits depend on the row, the candidate and `start` alone.
    func score(_ candidates: ArraySlice<Candidate>, from start: Int, into sums: UnsafeMutablePointer<Double>) {
        for first in stride(from: candidates.startIndex, to: candidates.endIndex, by: workspace.chunkRowCount) {
            let chunk = candidates[first..<min(first + workspace.chunkRowCount, candidates.endIndex)]
            scoreChunk(chunk, from: start, into: sums + (first - candidates.startIndex))
        }
    }

    private func scoreChunk(
        _ candidates: ArraySlice<Candidate>, from start: Int, into sums: UnsafeMutablePointer<Double>
    ) {
        let values = model.isBinary ? workspace.inputs : workspace.values
        place(candidates, from: start, into: values)
        let (outputs, direct) = carry(candidates, from: start)
        let own = member.ordering.positions[candidates[candidates.startIndex].variable]
        let unseen = substitution.unseen.map { member.ordering.positions[$0] }.filter { $0 >= start && $0 != own }
        let functions = model.kernels.functions
        if model.isBinary {
            functions.log_likelihood(
                candidates.count, model.variableCount - start, values.base + start, values.stride,
                outputs.base + start, direct.map { $0 + start }, outputs.stride, sums)
        } else {
            let variables = model.candidateBuffers(of: workspace).variables(of: member, from: start, without: unseen)
            functions.mixed_log_likelihood(
                variables, candidates.count, values.base, values.stride, outputs.base, direct, outputs.stride, sums)
        }
        let result = ForwardResult(
            rowCount: candidates.count, values: values, outputs: outputs, direct: direct, variables: nil)
        let before = pass.sumsBefore[start] + rareSurprisals(from: start, but: own)
        for row in 0..<candidates.count {
            sums[row] -= before
            for position in unseen {
                // A value between 0 and 1 stands for itself as log 2, which nothing moves.
                if model.isBinary { sums[row] += log(2) }
                let variable = model.card.variables[member.ordering.variables[position]]
                sums[row] -= variable.unseenSurprisal(
                    outputs: result.outputs(row: row, position: position, member: member))
            }
        }
    }

    /// What rare labels at positions from `start` on have beside their class.
    private func rareSurprisals(from start: Int, but own: Int) -> Double {
        if substitution.rareSurprisals.isEmpty { return 0 }
        return member.ordering.variables[start...].reduce(0) { sum, variable in
            variable == member.ordering.variables[own] ? sum : sum + (substitution.rareSurprisals[variable] ?? 0)
        }
    }

    /// The candidates' rows from position `start` on.
    private func place(_ candidates: ArraySlice<Candidate>, from start: Int, into values: RowBlock) {
        let positions = member.ordering.positions
        for (row, candidate) in candidates.enumerated() {
            let target = values.base + row * values.stride
            (target + start).update(from: pass.values.base + start, count: model.variableCount - start)
            target[positions[candidate.variable]] = candidate.value
        }
    }

    /// The candidates' outputs, of positions from `start` on.
    private func carry(
        _ candidates: ArraySlice<Candidate>, from start: Int
    ) -> (outputs: RowBlock, direct: UnsafeMutablePointer<Float>?) {
        let buffers = model.candidateBuffers(of: workspace)
        let isCleared =
            !model.isBinary && !model.card.variables[candidates[candidates.startIndex].variable].isSingleUnit
        let known = isCleared ? continuation.cleared(start, buffers) : (pass.firstSums, pass.directSums)
        buffers.reset()
        let positions = member.ordering.positions
        for candidate in candidates {
            let position = positions[candidate.variable]
            let variable = member.variables[position]
            if isCleared {
                buffers.addUnits(of: candidate.value, variable)
            } else {
                buffers.add(candidate.value - pass.values.base[position], to: variable.pointee.first_input)
            }
            buffers.endRow()
        }
        let functions = model.kernels.functions
        let last = member.layers.count - 1
        var previous = workspace.outputs
        for (index, layer) in member.layers.enumerated() {
            let next = index == last ? workspace.outputs : workspace.hidden(index)
            let column = pass.firstColumn(of: index, from: start)
            let isRelu = index != last && model.activation == .relu
            if index == 0 {
                buffers.shift(
                    layer, firstPanel: column / PackedLayer.panelWidth, from: known.0, to: next, isRelu: isRelu,
                    model.kernels)
            } else {
                var (layer, span) = continuation.continued(index, from: start)
                if isRelu { (span.floor, span.ceiling) = (0, .greatestFiniteMagnitude) }
                if span.first_panel < span.end_panel {
                    // What a ReLU leaves 0 in the row it mostly leaves 0 in all that differ from it in one variable.
                    let multiply = model.activation == .relu ? functions.multiply_sparse : functions.multiply
                    multiply?(
                        layer, &span, candidates.count, previous.base, previous.stride, next.base, next.stride)
                }
            }
            let first = column / PackedLayer.panelWidth * PackedLayer.panelWidth
            if index != last, !isRelu, first < layer.outputCount {
                functions.activate(
                    model.activation.kernel, candidates.count, next.base, next.stride, first, layer.outputCount)
            }
            if member.isResidual[index], first < layer.outputCount {
                functions.add(
                    candidates.count, previous.base, previous.stride, next.base, next.stride, first,
                    layer.outputCount)
            }
            previous = next
        }
        guard let direct = member.direct else { return (previous, nil) }
        let panel = pass.firstColumn(of: last, from: start) / PackedLayer.panelWidth
        buffers.shift(
            direct, firstPanel: panel, from: known.1, to: workspace.direct, isRelu: false, model.kernels)
        return (previous, workspace.direct.base)
    }
}
