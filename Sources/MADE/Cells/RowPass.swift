internal import CStaircase

/// A complete row with the passes that its candidates start from.
final class RowPass {
    let model: CompiledModel
    let substitution: Substitution
    private let passes: [MemberPass]
    private let workspace: CompiledModel.Workspace

    /// Positions of one ordering whose candidates are carried together, where all of them have a single unit.
    private let groupSize: Int

    /// Precondition: encoded values [D], none of them unknown.
    init(_ row: [Float], of model: CompiledModel, using workspace: CompiledModel.Workspace) {
        precondition(row.count == model.variableCount && !row.contains(where: \.isNaN))
        self.model = model
        self.workspace = workspace
        substitution = Substitution(row, model.card.variables)
        // Rows of a group compute what the first of them reaches: few positions of a short ordering; many rows share each
        // weight that is read.
        groupSize = min(max(model.variableCount / 16 / 12, 1), 4) * 12
        passes = workspace.rowPasses.popLast() ?? model.members.map { MemberPass($0, of: model) }
        for pass in passes { pass.run(substitution) }
    }

    deinit { workspace.rowPasses.append(passes) }

    /// log p(x), nats.
    var logLikelihood: Double { mean(passes.map(\.logLikelihood), count: 1)[0] }

    /// The outputs of a variable under each member.
    func outputs(of variable: Int) -> [[Float]] {
        passes.map { pass in
            let position = pass.member.ordering.positions[variable]
            let first = pass.member.variables[position].pointee.first_output
            let result = pass.result
            return (first..<first + model.card.variables[variable].outputUnitCount).map { unit in
                result.outputs.base[unit] + (result.direct.map { $0[unit] } ?? 0)
            }
        }
    }

    /// log p(x(j→v)) of values v of one variable j, nats: encoded and plain, or rare labels.
    func logLikelihoods(of values: [Float], _ variable: Int) -> [Double] {
        if values.isEmpty { return [] }
        let rare = Substitution.Rare(model.card.variables[variable])
        let candidates = values.map { Candidate(variable: variable, value: rare.plain($0)) }
        var sums = [Double](repeating: 0, count: passes.count * values.count)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            for (index, pass) in passes.enumerated() {
                scoring(pass).score(
                    candidates[...], from: pass.member.ordering.positions[variable],
                    into: base + index * values.count)
            }
        }
        return zip(mean(sums, count: values.count), values).map { $0 - rare.surprisal($1) }
    }

    /// log p(x(j→v)) of one candidate for each of some variables of a single unit that have plain values in the row.
    func logLikelihoods(ofSingleUnits candidates: [Candidate]) -> [Double] {
        if candidates.isEmpty { return [] }
        var sums = [Double](repeating: 0, count: passes.count * candidates.count)
        var found = [Double](repeating: 0, count: groupSize)
        for (index, pass) in passes.enumerated() {
            let positions = pass.member.ordering.positions
            let order = candidates.indices.sorted {
                positions[candidates[$0].variable] < positions[candidates[$1].variable]
            }
            var first = 0
            while first < order.count {
                // Groups have fixed ends: so a candidate's start, and its bits, depend on no other candidate.
                let group = positions[candidates[order[first]].variable] / groupSize
                var end = first
                while end < order.count, positions[candidates[order[end]].variable] / groupSize == group { end += 1 }
                let own = order[first..<end].map { candidates[$0] }
                found.withUnsafeMutableBufferPointer { found in
                    guard let base = found.baseAddress else { return }
                    scoring(pass).score(own[...], from: group * groupSize, into: base)
                }
                for (place, target) in order[first..<end].enumerated() {
                    sums[index * candidates.count + target] = found[place]
                }
                first = end
            }
        }
        return mean(sums, count: candidates.count)
    }

    private func scoring(_ pass: MemberPass) -> CandidateScoring {
        CandidateScoring(model: model, pass: pass, substitution: substitution, workspace: workspace)
    }

    /// Members' log-likelihoods [S × count] to the ensemble's [count].
    private func mean(_ sums: [Double], count: Int) -> [Double] {
        var results = [Double](repeating: 0, count: count)
        sums.withUnsafeBufferPointer { sums in
            results.withUnsafeMutableBufferPointer { results in
                guard let sums = sums.baseAddress, let results = results.baseAddress else { return }
                model.combine(sums, rowCount: count, into: results)
            }
        }
        return results
    }
}

extension Substitution {
    /// Rare labels of one variable, and the class that stands for them.
    struct Rare {
        private let categories: Categories?

        init(_ variable: Variable) {
            categories = if case .categorical(let categories) = variable.kind { categories } else { nil }
        }

        private func index(_ value: Float) -> Int? {
            guard let categories, value >= Float(categories.labels.count), value < Variable.missingValue else {
                return nil
            }
            return Int(value) - categories.labels.count
        }

        /// What a network takes for `value`.
        func plain(_ value: Float) -> Float {
            guard index(value) != nil, let other = categories?.otherIndex else { return value }
            return Float(other)
        }

        /// −log of the share that `value` has of its class, nats.
        func surprisal(_ value: Float) -> Double {
            index(value).flatMap { index in categories?.rareSurprisal(index) } ?? 0
        }
    }
}
