#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension CompiledModel {
    /// Most combinations of unknown values that are summed up, and most particles that candidates are scored under.
    private static var completionCountMax: Int { 64 }

    /// Complete rows, at most, that a full conditional in a row [D] takes: 1 where all values are known.
    public func completionCount(of row: some Collection<Float>) -> Int {
        zip(row, card.variables).reduce(1) { count, cell in
            guard cell.0.isNaN else { return count }
            return min(count * (cell.1.valueCount ?? Self.completionCountMax), Self.completionCountMax)
        }
    }

    /// Complete rows for a row [D] of which other values than variable j's may be unknown; each has `standIn` for x_j.
    func completions(
        of row: [Float], but variable: Int, standIn: Float, _ missing: MissingValues, using workspace: Workspace
    ) -> Completions {
        let unknown = row.indices.filter { $0 != variable && row[$0].isNaN }
        var known = row
        known[variable] = standIn
        if let rows = combinations(of: known, unknown) {
            return Completions(passes: rows.map { RowPass($0, of: self, using: workspace) }, logWeights: nil)
        }
        var evidence = row
        evidence[variable] = .nan
        let (rows, logWeights) = particles(of: evidence, missing, using: workspace)
        let (kept, shares) = picked(logWeights, seed: missing.seed(of: evidence))
        let passes = kept.map { index in
            var filled = known
            for place in unknown { filled[place] = rows[index * variableCount + place] }
            return RowPass(filled, of: self, using: workspace)
        }
        return Completions(passes: passes, logWeights: shares)
    }

    /// All combinations of values of the `unknown` variables; nil where they are too many.
    private func combinations(of row: [Float], _ unknown: [Int]) -> [[Float]]? {
        var rows = [row]
        for variable in unknown {
            guard let count = card.variables[variable].valueCount, rows.count * count <= Self.completionCountMax else {
                return nil
            }
            rows = rows.flatMap { row in
                (0..<count).map { index in
                    var filled = row
                    filled[variable] = card.variables[variable].value(ofClass: index)
                    return filled
                }
            }
        }
        return rows
    }

    /// Rows drawn with the known values of `given` [D] clamped, [particles × D], by the members in equal numbers, and
    /// log Π p_s(x_d | x_<d) over the known x_d of each: the weights of what follows p(unknown | known).
    func particles(
        of given: [Float], _ missing: MissingValues, using workspace: Workspace
    ) -> (rows: [Float], logWeights: [Double]) {
        let substitution = Substitution(given, card.variables)
        let share = max(missing.particles / members.count, 2)
        let draws = (0..<share * members.count).map { target in
            let member = target / share
            return Draw(number: UInt64(member) << 32 | UInt64(target % share), target: target, member: member)
        }
        let request = SamplingRequest(count: 0, seed: missing.seed(of: given), evidence: substitution.row)
        let buffers = samplingBuffers(of: workspace)
        var surprisals = [Float](repeating: 0, count: buffers.rowCount * variableCount)
        var rows = [Float](repeating: 0, count: draws.count * variableCount)
        var logWeights = [Double](repeating: 0, count: draws.count)
        run(draws, request, stream: .missingValues, buffers: buffers) { pass, draws in
            self.surprisals(of: pass.result, into: &surprisals)
            substitution.correct(&surprisals, of: pass.result, member: pass.member, card.variables)
            pass.copyRows()
            let order = pass.member.ordering.variables
            for (row, draw) in draws.enumerated() {
                for (place, variable) in order.enumerated() {
                    rows[draw.target * variableCount + variable] = buffers.rows.base[row * variableCount + variable]
                    if !given[variable].isNaN {
                        logWeights[draw.target] -= Double(surprisals[row * variableCount + place])
                    }
                }
            }
        }
        return (rows, logWeights)
    }

    /// Systematic resampling (Kitagawa 1996, appendix): the particles picked, and the logs of their shares among those.
    private func picked(_ logWeights: [Double], seed: UInt64) -> (particles: [Int], logShares: [Double]) {
        let weights = Importance.weights(logWeights)
        let count = min(Self.completionCountMax, weights.count)
        let step = weights.reduce(0, +) / Double(count)
        var next = step * uniform(seed: seed, draw: 0, stream: .resampling)
        var (sum, particles, shares) = (0.0, [Int](), [Double]())
        for (index, weight) in weights.enumerated() {
            sum += weight
            var picks = 0
            while next < sum { (next, picks) = (next + step, picks + 1) }
            if picks > 0 {
                particles.append(index)
                shares.append(log(Double(picks) / Double(count)))
            }
        }
        // The last pick may fall behind the sum by rounding.
        return (particles, shares.map { $0 - logSumExp(shares) })
    }
}
