internal import MADE

/// Where the variables' units stand in a `ParameterPlan`, which sorts units by degree: variables follow the ordering, the
/// units of one stand side by side.
struct VariablePlaces: Sendable {
    /// One variable.
    struct Place: Sendable {
        /// Its column in the table.
        let index: Int
        let variable: Variable
        let inputs: Range<Int>
        let outputs: Range<Int>
    }

    /// In the order of the chain rule.
    let places: [Place]

    init(_ variables: [Variable], ordering: Ordering) {
        var inputCount = 0
        var outputCount = 0
        places = ordering.variables.map { index in
            let variable = variables[index]
            defer {
                inputCount += variable.inputUnitCount
                outputCount += variable.outputUnitCount
            }
            return Place(
                index: index, variable: variable, inputs: inputCount..<inputCount + variable.inputUnitCount,
                outputs: outputCount..<outputCount + variable.outputUnitCount)
        }
    }

    /// The output units that direct connections lead to, by network unit: all logits of classes, of a mixture the means alone,
    /// which makes it a linear regression with a shape that the hidden layers learn. Far from the data, where the hidden units follow the
    /// inputs without bound, direct terms in the logits and spreads would only add to their error.
    static func directOutputs(of variables: [Variable]) -> [Bool] {
        variables.flatMap { variable -> [Bool] in
            switch variable.kind {
            case .binary, .categorical: Array(repeating: true, count: variable.outputUnitCount)
            case .real(let encoding):
                Array(repeating: true, count: variable.classCount)
                    + (0..<3).flatMap { Array(repeating: $0 == 1, count: encoding.componentCount) }
            }
        }
    }
}
