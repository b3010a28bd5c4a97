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

    /// log p(x(j→v)) of values v of one variable j, encoded and plain, or rare labels; nats. Of a number it is the density of
    /// its encoded value (see `LogVolumes`).
    func logLikelihoods(of values: [Float], _ variable: Int) -> [Double] {
        logLikelihoods(of: [ValueRequest(variable: variable, slot: 0, values: values)])[0]
    }

    /// The same of several variables at once, which saves a member's weights from being fetched for each of them anew.
    func logLikelihoods(of requests: [ValueRequest]) -> [[Double]] {
        let rares = requests.map { Substitution.Rare(model.card.variables[$0.variable]) }
        let candidates = zip(requests, rares).map { request, rare in
            request.values.map { Candidate(variable: request.variable, value: rare.plain($0)) }
        }
        var sums = requests.map { [Double](repeating: 0, count: passes.count * $0.values.count) }
        for (index, pass) in passes.enumerated() {
            for (place, request) in requests.enumerated() where !request.values.isEmpty {
                sums[place].withUnsafeMutableBufferPointer { sums in
                    guard let base = sums.baseAddress else { return }
                    scoring(pass, slot: request.slot).score(
                        candidates[place][...], from: pass.member.ordering.positions[request.variable],
                        into: base + index * request.values.count)
                }
            }
        }
        return requests.indices.map { place in
            let values = requests[place].values
            let variable = model.card.variables[requests[place].variable]
            return zip(mean(sums[place], count: values.count), values).map {
                $0 - rares[place].surprisal($1) + variable.logVolume(of: $1)
            }
        }
    }

    /// How many variables may have a continuation side by side, within 2 MiB a member.
    static func slotCount(_ model: CompiledModel) -> Int {
        let bytes = model.members.reduce(1) { max($0, Continuation.byteCount($1)) }
        return max(2 << 20 / bytes, 1)
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
                    scoring(pass, slot: 0).score(own[...], from: group * groupSize, into: base)
                }
                for (place, target) in order[first..<end].enumerated() {
                    sums[index * candidates.count + target] = found[place]
                }
                first = end
            }
        }
        return mean(sums, count: candidates.count)
    }

    private func scoring(_ pass: MemberPass, slot: Int) -> CandidateScoring {
        CandidateScoring(
            model: model, pass: pass, continuation: pass.continuation(slot), substitution: substitution,
            workspace: workspace)
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
