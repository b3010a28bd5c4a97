import Foundation
import MADE

extension Oracle {
    /// log p_s(observed) under one member, NaN being a missing value: the sum over all values of the missing variables.
    /// Precondition: these are binary or categorical.
    public func logMarginal(of row: [Double], member: Int) -> Double {
        var completions: [[Double]] = [[]]
        for (value, variable) in zip(row, model.variables) {
            // Rare labels are one class to a network.
            let labelCount = variable.classCount - (variable.hasMissing ? 1 : 0)
            let all = (0..<labelCount).map(Double.init) + (variable.hasMissing ? [0x1p101] : [])
            let values = value.isNaN ? all : [value]
            completions = completions.flatMap { completion in values.map { completion + [$0] } }
        }
        return logSumExp(
            completions.map { completion in
                let outputs = outputs(of: completion, member: member)
                return -model.variables.indices.reduce(0) { sum, index in
                    let own = Array(outputs[model.layout.outputs[index]])
                    let variable = model.variables[index]
                    // A missing value is a known one: what is kept for others is no part of the sum.
                    return row[index].isNaN
                        ? sum + variable.classSurprisal(of: completion[index], outputs: own)
                        : sum + variable.surprisal(of: completion[index], outputs: own)
                }
            })
    }

    /// log p(observed), the members' mean.
    public func logMarginal(of row: [Double]) -> Double {
        logMeanExp(model.members.indices.map { logMarginal(of: row, member: $0) })
    }

    /// −log p_s(x_d | the observed values before it in the member's ordering) of each observed variable, 0 of a missing one.
    public func marginalSurprisals(of row: [Double], member: Int) -> [Double] {
        var surprisals = [Double](repeating: 0, count: row.count)
        var known = [Double](repeating: .nan, count: row.count)
        var before = 0.0
        for variable in model.members[member].ordering.variables where !row[variable].isNaN {
            known[variable] = row[variable]
            let after = logMarginal(of: known, member: member)
            surprisals[variable] = before - after
            before = after
        }
        return surprisals
    }
}
