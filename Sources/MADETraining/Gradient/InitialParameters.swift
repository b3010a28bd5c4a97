internal import Glibc
internal import MADE

/// Where training starts: every conditional is the column's marginal, and hidden units differ from each other.
enum InitialParameters {
    /// Parameters [plan.count] for the rows of `table`.
    ///
    /// Output biases are the log-odds or log-frequencies of the marginals with half a row added to each value, hence
    /// finite. The Gaussians of a mixture lie at evenly spaced quantiles of the column where rows are many, as wide as they
    /// are apart; of few rows quantiles say little, and wide Gaussians over where most of the column lies fit new rows better. Weights into hidden layers
    /// are uniform with the variance of He et al. 2015 (ReLU, ELU) or Glorot and Bengio 2010 (tanh, sigmoid) for the inputs
    /// that a mask lets through; those into the output layer and direct ones are zero. `coverage` [plan.count] is the share
    /// of the network's masks that let a parameter through: the plan's mask where that is the only one.
    static func draw(
        plan: ParameterPlan, coverage: [Float], places: VariablePlaces, residualMeans: ResidualMeans = .none,
        activation: Activation, table: EncodedTable, using generator: inout PhiloxGenerator
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
        for regression in residualMeans.regressions {
            let spread = spreadUnit(of: regression.deviation, scaleFloor: regression.scaleFloor)
            for (mean, output) in zip(spacedMeans(regression.means.count), regression.means) {
                parameters[biases + output] = mean / 2
            }
            for output in regression.spreads { parameters[biases + output] = spread }
        }
        return parameters
    }

    private static func outputBiases(_ place: VariablePlaces.Place, _ table: EncodedTable) -> [Float] {
        let variable = place.variable
        let counts = counts(
            table.column(place.index), classCount: max(variable.classCount, 1), variable.classIndex)
        let total = Float(counts.reduce(0, +)) + 0.5 * Float(counts.count)
        let logFrequencies = counts.map { logf((Float($0) + 0.5) / total) }
        switch variable.kind {
        case .binary where variable.isSingleUnit:
            return [logf((Float(counts[1]) + 0.5) / (Float(counts[0]) + 0.5))]
        case .binary, .categorical: return logFrequencies
        case .real(let encoding):
            return logFrequencies.prefix(variable.classCount) + mixtureBiases(encoding, table, column: place.index)
        }
    }

    private static func mixtureBiases(_ encoding: RealEncoding, _ table: EncodedTable, column: Int) -> [Float] {
        let count = encoding.componentCount
        let numbers = table.column(column).filter { abs($0) < Variable.missingValue }
        guard table.rowCount >= TrainingOptions.manyRows, numbers.count >= Atoms.rowsMin else {
            return evenlySpread(count)
        }
        let sorted = spreadOut(numbers.sorted(), encoding)
        let means = (0..<count).map { index in
            sorted[(2 * index + 1) * sorted.count / (2 * count)]
        }
        return [Float](repeating: 0, count: count) + means + spreads(means, encoding)
    }

    /// Where the outermost Gaussians of a mixture of few rows start, encoded units on either side: 87 % of a normal column
    /// lie between.
    private static let meansSpan: Float = 1.5

    private static func evenlySpread(_ count: Int) -> [Float] {
        let zeros = [Float](repeating: 0, count: count)
        return zeros + spacedMeans(count) + zeros
    }

    private static func spacedMeans(_ count: Int) -> [Float] {
        (0..<count).map { count == 1 ? 0 : meansSpan * (2 * Float($0) / Float(count - 1) - 1) }
    }

    /// Widest that a Gaussian starts, encoded units: those in a sparse tail would else cover what lies beyond it, too, and
    /// what is absurd there would be learned before it is told from the rest.
    private static let deviationMax: Float = 1.5

    /// The spread units that make each Gaussian as wide as it is far from its neighbours, by ascending `means`.
    private static func spreads(_ means: [Float], _ encoding: RealEncoding) -> [Float] {
        means.indices.map { index in
            let low = max(index - 1, 0)
            let high = min(index + 1, means.count - 1)
            let gap = high > low ? (means[high] - means[low]) / Float(high - low) : 1
            return spreadUnit(of: min(gap, deviationMax), scaleFloor: encoding.scaleFloor)
        }
    }

    /// The spread unit that makes a Gaussian as wide as `deviation`, or a little wider than the floor.
    private static func spreadUnit(of deviation: Float, scaleFloor: Float) -> Float {
        logf(expm1f(max(deviation - scaleFloor, scaleFloor / 2)))
    }

    /// Equal values of a stepped column, spread evenly over the step around them, as training spreads them: two Gaussians of
    /// one place would remain one.
    private static func spreadOut(_ sorted: [Float], _ encoding: RealEncoding) -> [Float] {
        guard let step = encoding.step else { return sorted }
        var values = sorted
        let width = Float(abs(step / encoding.scale))
        var start = 0
        while start < values.count {
            let end = sorted[start...].firstIndex { $0 != sorted[start] } ?? sorted.count
            for place in start..<end {
                values[place] += ((Float(place - start) + 0.5) / Float(end - start) - 0.5) * width
            }
            start = end
        }
        return values
    }

    /// How many of `values` are of each class; those without one do not count.
    private static func counts(
        _ values: some Sequence<Float>, classCount: Int, _ classOf: (Float) -> Int?
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: classCount)
        for value in values where !value.isNaN {
            if let index = classOf(value) { counts[index] += 1 }
        }
        return counts
    }
}
