internal import Glibc
internal import MADE

/// Where training starts: every conditional is the column's marginal, and hidden units differ from each other.
enum InitialParameters {
    /// Parameters [plan.count] for the rows of `table`.
    ///
    /// Output biases are the log-odds or log-frequencies of the marginals with half a row added to each value, hence
    /// finite; the Gaussians of a mixture are spread evenly over where most of the column lies. Weights into hidden layers
    /// are uniform with the variance of He et al. 2015 (ReLU, ELU) or Glorot and Bengio 2010 (tanh, sigmoid) for the inputs
    /// that a mask lets through; those into the output layer and direct ones are zero. `coverage` [plan.count] is the share
    /// of the network's masks that let a parameter through: the plan's mask where that is the only one.
    static func draw(
        plan: ParameterPlan, coverage: [Float], places: VariablePlaces, activation: Activation, table: Table,
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
                let inputCount = places.reduce(0) { $0 + coverage[$1] }
                let span = (gain / max(inputCount, 1)).squareRoot()
                for place in places {
                    let draw = (2 * generator.uniform() - 1) * span
                    if coverage[place] != 0 { parameters[place] = draw }
                }
            }
        }
        let biases = plan.biases[plan.layers.count - 1].lowerBound
        for place in places.places {
            for (output, bias) in zip(place.outputs, outputBiases(place, table)) { parameters[biases + output] = bias }
        }
        return parameters
    }

    private static func outputBiases(_ place: VariablePlaces.Place, _ table: Table) -> [Float] {
        switch place.kind {
        case .binary:
            let counts = counts(of: place.variable, classCount: 2, in: table)
            return [logf((Float(counts[1]) + 0.5) / (Float(counts[0]) + 0.5))]
        case .categorical(let categories):
            let counts = counts(of: place.variable, classCount: categories.labels.count, in: table)
            let total = Float(counts.reduce(0, +)) + 0.5 * Float(counts.count)
            return counts.map { logf((Float($0) + 0.5) / total) }
        case .real(let encoding):
            let count = encoding.componentCount
            let zeros = [Float](repeating: 0, count: count)
            let means = (0..<count).map { index in
                count == 1 ? 0 : meansSpan * (2 * Float(index) / Float(count - 1) - 1)
            }
            return zeros + means + zeros
        }
    }

    /// Where the outermost Gaussians of a mixture start, encoded units on either side: 87 % of a normal column lie between.
    private static let meansSpan: Float = 1.5

    /// How many rows have each of the values 0..<classCount in `column`.
    private static func counts(of column: Int, classCount: Int, in table: Table) -> [Int] {
        var counts = [Int](repeating: 0, count: classCount)
        for place in stride(from: column, to: table.values.count, by: table.columns.count) {
            let value = table.values[place]
            if !value.isNaN { counts[Int(value)] += 1 }
        }
        return counts
    }
}
