internal import Glibc
internal import MADE

/// Where training starts: every conditional is the column's marginal, and hidden units differ from each other.
enum InitialParameters {
    /// Parameters [plan.count] for columns that are 1 in `oneCounts` of `rowCount` rows.
    ///
    /// Output biases are the log-odds of the marginals with half a row added on either side, hence finite. Weights into
    /// hidden layers are uniform with the variance of He et al. 2015 (ReLU, ELU) or Glorot and Bengio 2010 (tanh,
    /// sigmoid) for the inputs that the mask lets through; those into the output layer and direct ones are zero.
    static func draw(
        plan: ParameterPlan, activation: Activation, oneCounts: [Int], rowCount: Int,
        using generator: inout PhiloxGenerator
    ) -> [Float] {
        var parameters = [Float](repeating: 0, count: plan.count)
        let gain: Float =
            switch activation {
            case .relu, .elu: 6
            case .tanh, .sigmoid: 3
            }
        for layer in plan.layers.dropLast() {
            for output in 0..<layer.outputCount {
                let line = layer.weight.lowerBound + output * layer.inputCount
                let places = line..<line + layer.inputCount
                let inputCount = places.count(where: { plan.mask[$0] != 0 })
                let span = (gain / Float(max(inputCount, 1))).squareRoot()
                for place in places {
                    let draw = (2 * generator.uniform() - 1) * span
                    if plan.mask[place] != 0 { parameters[place] = draw }
                }
            }
        }
        for (place, unit) in zip(plan.biases[plan.layers.count - 1], plan.outputUnits) {
            let ones = Float(oneCounts[unit]) + 0.5
            let zeros = Float(rowCount - oneCounts[unit]) + 0.5
            parameters[place] = logf(ones / zeros)
        }
        return parameters
    }
}
