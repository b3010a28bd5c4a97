#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// p_s(observed) of one row by one member, from rows that fill in its missing values.
///
/// Such a row counts with the product of its observed conditionals, times the probability that it stands for: of a drawn row
/// 1 / particles, of a combination in a sum the product of its missing conditionals.
struct MemberIntegral {
    private let positions: Range<Int>
    private let isObserved: [Bool]
    private let way: MissingPlan.Way
    /// What the surprisals of a sum's missing values have for the values never seen: a missing value is one of the known
    /// ones, whose probabilities add up to 1, as they do where it is drawn or comes last.
    private let knownSurprisal: Double
    /// Of the whole product.
    private var total = ParticleSum()
    /// Of the product up to each position; empty where surprisals are not asked for.
    private var partial: [ParticleSum]

    init(
        _ row: [Float], _ variables: [Variable], ordering: Ordering, end: Int, way: MissingPlan.Way,
        withSurprisals: Bool
    ) {
        positions = 0..<end
        knownSurprisal = ordering.variables.prefix(end).reduce(0) { sum, variable in
            guard row[variable].isNaN, case .categorical = variables[variable].kind else { return sum }
            // As the kernels have it.
            return sum + Double(Float(variables[variable].unseen?.knownSurprisal ?? 0))
        }
        isObserved = ordering.variables.prefix(end).map { !row[$0].isNaN }
        self.way = way
        partial = withSurprisals ? [ParticleSum](repeating: ParticleSum(), count: end) : []
    }

    /// Takes the surprisals of filled `rows`, each row's `stride` after the last's, in the member's order.
    mutating func add(_ surprisals: [Float], rows: Range<Int>, stride: Int) {
        surprisals.withUnsafeBufferPointer { surprisals in
            for row in rows { add(surprisals[(row * stride)...]) }
        }
    }

    private mutating func add(_ row: Slice<UnsafeBufferPointer<Float>>) {
        let surprisals = UnsafeBufferPointer(rebasing: row)
        var sum = 0.0
        if case .sum = way {
            sum = knownSurprisal
            for position in positions where !isObserved[position] { sum -= Double(surprisals[position]) }
        }
        for position in positions where isObserved[position] {
            sum -= Double(surprisals[position])
            if !partial.isEmpty { partial[position].add(sum) }
        }
        total.add(sum)
    }

    /// log p_s(observed), nats.
    var logLikelihood: Double { total.logSum - logCount }

    /// Squared standard error of p_s(observed), relative to it.
    var relativeVariance: Double {
        if case .average = way { total.relativeVariance } else { 0 }
    }

    /// −log p_s(x_d | the observed x before it) of the observed positions, 0 of the missing ones [end]: the logarithms of
    /// neighbouring partial products' ratios, which add up to −log p_s(observed).
    var surprisals: [Double] {
        var before = 0.0
        return positions.map { position in
            guard isObserved[position] else { return 0 }
            let after = partial[position].logSum - logCount
            defer { before = after }
            return before - after
        }
    }

    private var logCount: Double {
        if case .average(let particles) = way { log(Double(particles)) } else { 0 }
    }
}

extension CompiledModel {
    /// The members' integrals of rows [D] with NaN for what is missing: the same variables in all of them, and something is
    /// observed. [rows][members].
    func integrals(
        of rows: [[Float]], _ missing: MissingValues, withSurprisals: Bool, using workspace: Workspace
    ) -> [[MemberIntegral]] {
        guard let first = rows.first else { return [] }
        let plan = MissingPlan(first, card, missing)
        let substitutions = rows.map { Substitution($0, card.variables) }
        var integrals = substitutions.map { substitution in
            members.indices.map { index in
                MemberIntegral(
                    substitution.row, card.variables, ordering: members[index].ordering, end: plan.ends[index],
                    way: plan.ways[index], withSurprisals: withSurprisals)
            }
        }
        var draws: [Draw] = []
        for (index, way) in plan.ways.enumerated() {
            switch way {
            case .sum(let combinations):
                for (row, substitution) in substitutions.enumerated() {
                    add(
                        combinations, of: substitution, end: plan.ends[index], member: index,
                        to: &integrals[row][index], workspace)
                }
            case .average(let particles):
                // Numbers of their own for each member: their errors must not go together.
                for row in rows.indices {
                    draws += (0..<particles).map {
                        Draw(number: UInt64(index) << 32 | UInt64($0), target: 0, member: index, request: row)
                    }
                }
            }
        }
        if draws.isEmpty { return integrals }
        let requests = zip(rows, substitutions).map { given, substitution in
            SamplingRequest(count: 0, seed: missing.seed(of: given), evidence: substitution.row)
        }
        let buffers = samplingBuffers(of: workspace)
        var surprisals = [Float](repeating: 0, count: buffers.rowCount * variableCount)
        run(draws, of: requests, stream: .missingValues, buffers: buffers) { pass, draws in
            self.surprisals(of: pass.result, into: &surprisals)
            var first = draws.startIndex
            while first < draws.endIndex {
                let row = draws[first].request
                let end = draws[first...].firstIndex { $0.request != row } ?? draws.endIndex
                let own = first - draws.startIndex..<end - draws.startIndex
                substitutions[row].correct(
                    &surprisals, of: pass.result, rows: own, member: pass.member, card.variables)
                integrals[row][draws[first].member].add(surprisals, rows: own, stride: variableCount)
                first = end
            }
        }
        return integrals
    }

    /// Adds all combinations of values of the missing variables that come before `end` in the member's ordering.
    private func add(
        _ combinations: Int, of substitution: Substitution, end: Int, member index: Int,
        to integral: inout MemberIntegral, _ workspace: Workspace
    ) {
        let member = members[index]
        let row = substitution.row
        let summed = member.ordering.variables.prefix(end).filter { row[$0].isNaN }
        let known = row.map { $0.isNaN ? 0 : $0 }
        var surprisals = [Float](repeating: 0, count: min(combinations, workspace.chunkRowCount) * variableCount)
        for first in stride(from: 0, to: combinations, by: workspace.chunkRowCount) {
            let count = min(workspace.chunkRowCount, combinations - first)
            var rows: [Float] = []
            rows.reserveCapacity(count * variableCount)
            for combination in first..<first + count {
                // Its digits, each in the base of its variable's number of values.
                var filled = known
                var rest = combination
                for variable in summed {
                    let base = card.variables[variable].valueCount ?? 1
                    filled[variable] = card.variables[variable].value(ofClass: rest % base)
                    rest /= base
                }
                rows += filled
            }
            rows.withUnsafeBufferPointer { rows in
                guard let base = rows.baseAddress else { return }
                let result = forward(base, rowCount: count, member: member, using: workspace)
                self.surprisals(of: result, into: &surprisals)
                substitution.correct(&surprisals, of: result, member: member, card.variables)
            }
            integral.add(surprisals, rows: 0..<count, stride: variableCount)
        }
    }
}
