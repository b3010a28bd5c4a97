/// What a Philox stream is for; its counters are (word / 4, draw, stream).
enum SamplingStream: UInt32 {
    /// Word p draws the variable at position p; of a real one, the Gaussian.
    case values = 0
    /// Word 0 draws the member.
    case member
    /// The same of importance sampling's particles.
    case particleValues
    case particleMember
    /// Word 0 picks a draw's particle.
    case resampling
    /// Word p draws the value of the real variable at position p within its Gaussian.
    case normals
    case particleNormals
    /// The same two of missing values.
    case missingValues
    case missingNormals
    /// Word d picks the label of variable d among those that share the class drawn.
    case rareLabels

    /// The stream of the normals that belong to a stream of values.
    fileprivate var normals: SamplingStream {
        switch self {
        case .particleValues: .particleNormals
        case .missingValues: .missingNormals
        default: .normals
        }
    }
}

extension CompiledModel {
    /// Draws rows by ancestral sampling, each by one pass through one member, itself drawn.
    ///
    /// Evidence that is a prefix of every member's ordering is conditioned on exactly: a member is drawn by p_s(evidence), and
    /// draws the rest. Other evidence takes sampling-importance-resampling (see `Importance`). Where the class of the rare
    /// labels is drawn, one of them is, by its share. Precondition: evidence is empty or holds D encoded values, none of them
    /// unseen, and the temperature is above 0.
    public func sample(_ request: SamplingRequest, using workspace: Workspace) -> Samples {
        precondition(request.evidence.isEmpty || request.evidence.count == variableCount)
        precondition(request.temperature > 0 && request.count >= 0)
        var plain = request
        if !request.evidence.isEmpty { plain.evidence = Substitution(request.evidence, card.variables).row }
        var samples = samplePlain(plain, using: workspace)
        nameRareLabels(of: &samples, request, using: workspace)
        return samples
    }

    /// The same with classes for their rare labels, in the evidence too.
    private func samplePlain(_ request: SamplingRequest, using workspace: Workspace) -> Samples {
        let buffers = samplingBuffers(of: workspace)
        var samples = Samples(
            rows: [Float](repeating: 0, count: request.count * variableCount),
            logLikelihoods: [Double](repeating: 0, count: request.count))
        guard let weights = exactMemberWeights(request.evidence, using: workspace) else {
            samples.effectiveSampleSize = resample(request, into: &samples, buffers: buffers, using: workspace)
            return samples
        }
        let choice = weights.count == 1 ? nil : Choice(weights)
        let draws = (0..<request.count).map { target in
            let number = UInt64(target)
            let member = choice.map { $0(uniform(seed: request.seed, draw: number, stream: .member)) } ?? 0
            return Draw(number: number, target: target, member: member)
        }
        run(draws, request, stream: .values, buffers: buffers) { pass, draws in
            deliver(pass, draws, to: &samples, using: workspace)
        }
        return samples
    }

    /// Puts rare labels in the place of their classes, and scores those rows again.
    private func nameRareLabels(of samples: inout Samples, _ request: SamplingRequest, using workspace: Workspace) {
        let choices = card.variables.enumerated().compactMap { index, variable -> (Int, Int, Int, Choice)? in
            guard case .categorical(let categories) = variable.kind, let other = categories.otherIndex,
                !categories.rareLabels.isEmpty
            else { return nil }
            return (index, other, categories.labels.count, Choice(categories.rareRowCounts.map(Double.init)))
        }
        if choices.isEmpty { return }
        var uniforms = [Float](repeating: 0, count: variableCount)
        for target in samples.logLikelihoods.indices {
            let cells = target * variableCount..<(target + 1) * variableCount
            guard choices.contains(where: { samples.rows[cells.lowerBound + $0.0] == Float($0.1) }) else { continue }
            kernels.uniforms(
                seed: request.seed, draw: UInt64(target), stream: .rareLabels, count: variableCount, into: &uniforms)
            for (variable, other, labelCount, choice) in choices
            where samples.rows[cells.lowerBound + variable] == Float(other) {
                let given = request.evidence.isEmpty ? Float.nan : request.evidence[variable]
                samples.rows[cells.lowerBound + variable] =
                    given.isNaN ? Float(labelCount + choice(Double(uniforms[variable]))) : given
            }
            var logLikelihood = [0.0]
            var error = [0.0]
            var logLikelihoodSpan = logLikelihood.mutableSpan
            var errorSpan = error.mutableSpan
            score(
                samples.rows[cells].span, missing: MissingValues(), into: &logLikelihoodSpan,
                standardErrors: &errorSpan, using: workspace)
            samples.logLikelihoods[target] = logLikelihood[0]
        }
    }

    /// The workspace's scratch for sampling, made when first needed.
    func samplingBuffers(of workspace: Workspace) -> SamplingBuffers {
        let buffers = workspace.sampling ?? SamplingBuffers(for: self, rowCountMax: workspace.chunkRowCount)
        workspace.sampling = buffers
        return buffers
    }

    /// Writes the rows of a pass and their log-likelihoods to the draws' targets.
    ///
    /// The member that drew them has been computed by drawing; only the others are yet to be.
    func deliver(_ pass: SamplingPass, _ draws: ArraySlice<Draw>, to samples: inout Samples, using workspace: Workspace)
    {
        pass.copyRows()
        let rows = pass.buffers.rows.base
        let sums = workspace.sums.base
        for (index, member) in members.enumerated() {
            let result =
                member === pass.member
                ? pass.result : forward(rows, rowCount: draws.count, member: member, using: workspace)
            logLikelihood(of: result, into: sums + index * draws.count)
        }
        for (row, draw) in draws.enumerated() {
            samples.logLikelihoods[draw.target] = logMeanExp(sums + row, count: members.count, stride: draws.count)
        }
        samples.rows.withUnsafeMutableBufferPointer { targets in
            for (row, draw) in draws.enumerated() {
                let target = targets[(draw.target * variableCount)...].prefix(variableCount)
                _ = UnsafeMutableBufferPointer(rebasing: target).update(
                    fromContentsOf: UnsafeBufferPointer(start: rows + row * variableCount, count: variableCount))
            }
        }
    }

    /// Each member's p_s(evidence), up to a common factor; nil where the evidence is no prefix of some member's ordering.
    private func exactMemberWeights(_ evidence: [Float], using workspace: Workspace) -> [Double]? {
        let known = evidence.indices.filter { !evidence[$0].isNaN }
        if known.isEmpty { return [Double](repeating: 1, count: members.count) }
        guard
            members.allSatisfy({ member in
                member.ordering.variables.prefix(known.count).allSatisfy { !evidence[$0].isNaN }
            })
        else { return nil }
        // What follows the evidence does not move the evidence's conditionals.
        let row = evidence.map { $0.isNaN ? 0 : $0 }
        var ordered = [Float](repeating: 0, count: variableCount)
        let logWeights = members.map { member in
            surprisals(ofRows: row, member: member, into: &ordered, using: workspace)
            return -ordered.prefix(known.count).reduce(0) { $0 + Double($1) }
        }
        return Importance.weights(logWeights)
    }

    /// −log p_s(x_d | x_<d) of at most a chunk of rows [n × D] without missing values, [n × D] in the member's order.
    func surprisals(
        ofRows rows: [Float], member: CompiledMember, into surprisals: inout [Float], using workspace: Workspace
    ) {
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            let result = forward(base, rowCount: rows.count / variableCount, member: member, using: workspace)
            self.surprisals(of: result, into: &surprisals)
        }
    }

    /// One row to draw: the number that its random words belong to, the place where it goes, and which of the requests it is
    /// for.
    struct Draw {
        let number: UInt64
        let target: Int
        let member: Int
        var request = 0
    }

    /// Runs `draws` in blocks of one member each and gives every pass to `consume`.
    func run(
        _ draws: [Draw], _ request: SamplingRequest, stream: SamplingStream, buffers: SamplingBuffers,
        consume: (SamplingPass, ArraySlice<Draw>) -> Void
    ) {
        run(draws, of: [request], stream: stream, buffers: buffers, consume: consume)
    }

    /// The same of several requests at once. Precondition: there is one, and all draw the same variables, at one temperature.
    func run(
        _ draws: [Draw], of requests: [SamplingRequest], stream: SamplingStream, buffers: SamplingBuffers,
        consume: (SamplingPass, ArraySlice<Draw>) -> Void
    ) {
        for (index, member) in members.enumerated() {
            let own = members.count == 1 ? draws : draws.filter { $0.member == index }
            let known = requests.map { request in
                request.evidence.isEmpty
                    ? buffers.noEvidence : member.ordering.variables.map { request.evidence[$0] }
            }
            for first in stride(from: 0, to: own.count, by: buffers.rowCount) {
                let block = own[first..<min(first + buffers.rowCount, own.count)]
                for (row, draw) in block.enumerated() {
                    let seed = requests[draw.request].seed
                    kernels.uniforms(
                        seed: seed, draw: draw.number, stream: stream, count: variableCount,
                        into: buffers.uniforms.base + row, stride: block.count)
                    if buffers.normals.count > 0 {
                        kernels.uniforms(
                            seed: seed, draw: draw.number, stream: stream.normals, count: variableCount,
                            into: buffers.normals.base + row, stride: block.count)
                    }
                }
                let pass = SamplingPass(model: self, member: member, rowCount: block.count, buffers: buffers)
                let evidence = requests.count == 1 ? known[0] : block.flatMap { known[$0.request] }
                pass.run(evidence: evidence, inverseTemperature: requests[0].inverseTemperature)
                consume(pass, block)
            }
        }
    }

    /// The first uniform number of a draw's stream.
    func uniform(seed: UInt64, draw: UInt64, stream: SamplingStream) -> Double {
        var uniform: Float = 0
        kernels.uniforms(seed: seed, draw: draw, stream: stream, count: 1, into: &uniform)
        return Double(uniform)
    }
}

/// Weights to draw indices from.
struct Choice {
    private let cumulative: [Double]

    /// Precondition: finite weights, not negative, one at least above 0.
    init(_ weights: [Double]) {
        var sum = 0.0
        cumulative = weights.map { weight in
            sum += weight
            return sum
        }
    }

    /// The index that a uniform number in (0, 1) draws.
    func callAsFunction(_ uniform: Double) -> Int {
        let target = uniform * (cumulative.last ?? 0)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension SamplingPass {
    /// Writes the pass's rows in variable order to `buffers.rows`.
    func copyRows() {
        member.ordering.variables.withUnsafeBufferPointer { variables in
            for row in 0..<rowCount {
                let from = buffers.values.base + row * buffers.values.stride
                let to = buffers.rows.base + row * variables.count
                for (place, variable) in variables.enumerated() { to[variable] = from[place] }
            }
        }
    }
}
