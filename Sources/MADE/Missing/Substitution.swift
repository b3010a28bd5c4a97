internal import CStaircase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A row of which some values are none that a network takes, and what stands in for them.
///
/// A rare label is its class, with its share of the class's probability. A label never seen is the class of the rare ones
/// where there is one, else all labels alike; a number never seen in a binary variable is the middle between 0 and 1, and a
/// missing one in a column of numbers that never had one is the column's middle. What is not known stays so.
struct Substitution {
    /// [D], encoded: plain values, and NaN.
    let row: [Float]
    /// −log of their shares of their classes, by the variables whose values are rare labels; nats.
    let rareSurprisals: [Int: Double]
    /// Variables whose values were never seen.
    let unseen: [Int]

    /// Precondition: values that the variables have.
    init(_ row: some Collection<Float>, _ variables: [Variable]) {
        var plain = Array(row)
        var rareSurprisals: [Int: Double] = [:]
        var unseen: [Int] = []
        for (index, variable) in variables.enumerated() {
            let value = plain[index]
            if value.isNaN || variable.isPlain(value) { continue }
            guard case .categorical(let categories) = variable.kind else {
                unseen.append(index)
                plain[index] = variable.isReal ? 0 : variable.hasMissing ? Variable.unseenValue : 0.5
                continue
            }
            if value >= 0 {
                let rare = Int(value) - categories.labels.count
                rareSurprisals[index] = categories.rareSurprisal(rare)
            } else {
                unseen.append(index)
            }
            plain[index] = categories.otherIndex.map(Float.init) ?? Variable.unseenValue
        }
        self.row = plain
        self.rareSurprisals = rareSurprisals
        self.unseen = unseen
    }

    /// Whether the row is one that a network takes as it is, missing values aside.
    var isTrivial: Bool { rareSurprisals.isEmpty && unseen.isEmpty }

    /// Puts right the surprisals of `rows`, or all rows, of `result` [rowCount × D], which are in the order of `member` and have
    /// what stands in for a value, not the value.
    func correct(
        _ surprisals: inout [Float], of result: ForwardResult, rows: Range<Int>? = nil, member: CompiledMember,
        _ variables: [Variable]
    ) {
        if isTrivial { return }
        let positions = member.ordering.positions
        for row in rows ?? 0..<result.rowCount {
            let start = row * variables.count
            for (variable, surprisal) in rareSurprisals { surprisals[start + positions[variable]] += Float(surprisal) }
            for variable in unseen {
                let outputs = result.outputs(row: row, position: positions[variable], member: member)
                surprisals[start + positions[variable]] = Float(variables[variable].unseenSurprisal(outputs: outputs))
            }
        }
    }
}

extension Variable {
    /// −log p of a value never seen where the variable's conditional has these outputs, nats: no value that was seen is less
    /// likely, within the kernels' bound; the numbers of a real variable have densities, which are no probabilities.
    func unseenSurprisal(outputs: [Float]) -> Double {
        let least: Double
        switch kind {
        case .binary where isSingleUnit:
            let logit = bounded(outputs[0])
            least = max(logit, -logit) + log1p(exp(-abs(logit)))
        case .binary: least = -(logSoftmax(outputs.map { bounded($0) }).min() ?? 0)
        case .categorical(let categories):
            var logProbabilities = logSoftmax(outputs.map { bounded($0) })
            if let other = categories.otherIndex {
                logProbabilities[other] -= categories.rareLabels.indices.map(categories.rareSurprisal).max() ?? 0
            }
            least = (unseen?.knownSurprisal ?? 0) - (logProbabilities.min() ?? 0)
        case .real: least = 0
        }
        return min(max(unseen?.surprisal ?? 0, least), 1e30)
    }
}

extension ForwardResult {
    /// The output units of the variable at `position` of the member's order in one row.
    func outputs(row: Int, position: Int, member: CompiledMember) -> [Float] {
        let variable = member.variables[position].pointee
        let start = row * outputs.stride + variable.first_output
        // The classes' units; of a real variable nothing is asked.
        return (start..<start + Int(variable.count)).map { unit in
            outputs.base[unit] + (direct.map { $0[unit] } ?? 0)
        }
    }
}
