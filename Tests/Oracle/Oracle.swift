import Foundation
public import MADE

/// The slow reference: double precision, loops, straight from Germain et al. 2015. Units are in the table's order; rows are
/// encoded values (see `Variable`).
public struct Oracle {
    /// The model that is evaluated.
    public let model: DensityModel

    /// A reference for `model`.
    public init(_ model: DensityModel) {
        self.model = model
    }

    /// Output units of `member` for one row of encoded values [D].
    public func outputs(of row: [Double], member: Int) -> [Double] {
        trace(of: row, member: member).outputs
    }

    /// log p_s(x) of one row under one member.
    public func logLikelihood(of row: [Double], member: Int) -> Double {
        -surprisals(of: row, member: member).reduce(0, +)
    }

    /// −log p_s(x_d | x_<d) of each variable under one member, [D]; of `real` variables minus the log of a density per unit
    /// of the column's own scale.
    public func surprisals(of row: [Double], member: Int) -> [Double] {
        let outputs = outputs(of: row, member: member)
        return model.variables.indices.map { index in
            model.variables[index].surprisal(of: row[index], outputs: Array(outputs[model.layout.outputs[index]]))
        }
    }

    /// What the log-likelihood of a row has less than that of its encoded values.
    public func logVolume(of row: [Double]) -> Double {
        zip(model.variables, row).reduce(0) { $0 + $1.0.logVolume(at: $1.1) }
    }

    /// log p(x) = logsumexp_s log p_s(x) − log S.
    public func logLikelihood(of row: [Double]) -> Double {
        logMeanExp(model.members.indices.map { logLikelihood(of: row, member: $0) })
    }

    /// The Jacobian d output / d input unit of `member` at one row, [outputs × inputs], by the chain rule.
    public func jacobian(at row: [Double], member: Int) -> [[Double]] {
        let network = model.networks[model.members[member].network]
        let degrees = model.degrees(of: model.members[member])
        let slopes = trace(of: row, member: member).slopes
        // Rows of `jacobian` are the units of the layer reached so far.
        let inputCount = model.layout.inputUnitCount
        var jacobian = (0..<inputCount).map { unit in (0..<inputCount).map { $0 == unit ? 1.0 : 0.0 } }
        for (index, layer) in network.layers.enumerated() {
            var next = [[Double]](repeating: [Double](repeating: 0, count: inputCount), count: layer.bias.count)
            let passes = degrees.passes(layer: index)
            for output in 0..<layer.bias.count {
                for input in 0..<layer.weight.columns where passes(output, input) {
                    for column in 0..<inputCount {
                        next[output][column] += Double(layer.weight[output, input]) * jacobian[input][column]
                    }
                }
                if index < slopes.count {
                    for column in 0..<inputCount { next[output][column] *= slopes[index][output] }
                    if model.isResidual && index > 0 && layer.bias.count == jacobian.count {
                        for column in 0..<inputCount { next[output][column] += jacobian[output][column] }
                    }
                }
            }
            jacobian = next
        }
        if let direct = network.direct {
            for output in 0..<direct.rows {
                for input in 0..<direct.columns where degrees.passesDirect(output: output, input: input) {
                    jacobian[output][input] += Double(direct[output, input])
                }
            }
        }
        return jacobian
    }

    private struct Trace {
        var outputs: [Double] = []
        /// Derivative of the activation at each hidden unit.
        var slopes: [[Double]] = []
    }

    private func trace(of row: [Double], member: Int) -> Trace {
        let network = model.networks[model.members[member].network]
        let degrees = model.degrees(of: model.members[member])
        let inputs = zip(model.variables, row).flatMap { $0.inputUnits(of: $1) }
        var trace = Trace()
        var values = inputs
        for (index, layer) in network.layers.enumerated() {
            var sums = layer.bias.map(Double.init)
            let passes = degrees.passes(layer: index)
            for output in sums.indices {
                for input in values.indices where passes(output, input) {
                    sums[output] += Double(layer.weight[output, input]) * values[input]
                }
            }
            if index < network.layers.count - 1 {
                trace.slopes.append(sums.map { slope(of: model.activation, at: $0) })
                let isResidual = model.isResidual && index > 0 && values.count == sums.count
                let activations = sums.map { value(of: model.activation, at: $0) }
                values = isResidual ? zip(values, activations).map { $0 + $1 } : activations
            } else {
                values = sums
            }
        }
        if let direct = network.direct {
            for output in 0..<direct.rows {
                for input in 0..<direct.columns where degrees.passesDirect(output: output, input: input) {
                    values[output] += Double(direct[output, input]) * inputs[input]
                }
            }
        }
        trace.outputs = values
        return trace
    }
}

extension Variable {
    /// The network's input units for an encoded `value`; all 0 for NaN, a missing training cell.
    ///
    /// What was never seen is 0.5 in a binary variable, the class of the rare labels in a categorical one, or all labels
    /// alike where it has no such class.
    public func inputUnits(of value: Double) -> [Double] {
        if value.isNaN { return [Double](repeating: 0, count: inputUnitCount) }
        let isOutcome = value >= 0x1p101
        switch kind {
        case .binary where hasMissing:
            if value < 0 { return [0.5, 0.5, 0] }
            return [value == 0, value == 1, isOutcome].map { $0 ? 1 : 0 }
        case .binary(let affine):
            return [((value < 0 ? 0.5 : value) - Double(affine.offset)) * Double(affine.scale)]
        case .categorical(let categories):
            let count = categories.labels.count
            let missing = hasMissing ? [isOutcome ? 1.0 : 0] : []
            if isOutcome { return [Double](repeating: 0, count: count) + missing }
            let isKnownLabel = value >= 0 && Int(value) < count
            guard let index = isKnownLabel ? Int(value) : categories.otherIndex else {
                return [Double](repeating: 1 / Double(count), count: count) + missing
            }
            return (0..<count).map { $0 == index ? 1 : 0 } + missing
        case .real(let encoding):
            let bound = Double(encoding.inputBound)
            if value == -0x1p101 { return [Double](repeating: 0, count: inputUnitCount) }
            guard isOutcome else {
                return [min(max(value, -bound), bound)] + [Double](repeating: 0, count: inputUnitCount - 1)
            }
            let outcome = Int(value / 0x1p101) - 1
            let missing = hasMissing ? [outcome == 0 ? 1.0 : 0] : []
            let number = outcome == 0 ? 0 : encoding.encoded(encoding.atoms[outcome - 1])
            return [min(max(number, -bound), bound)] + missing
                + encoding.atoms.indices.map { $0 + 1 == outcome ? 1 : 0 }
        }
    }

    /// −log p of an encoded value under the conditional that `outputs` parametrise; 0 for NaN, a missing training cell.
    public func surprisal(of value: Double, outputs: [Double]) -> Double {
        if value.isNaN { return 0 }
        if value == -0x1p101 { return -log(unseenProbability) }
        switch kind {
        case .binary:
            return value < 0 ? unseenSurprisal(outputs: outputs) : classSurprisal(of: value, outputs: outputs)
        case .categorical:
            if value < 0 { return unseenSurprisal(outputs: outputs) }
            return classSurprisal(of: value, outputs: outputs) - log(knownShare)
        case .real(let encoding):
            let logits = Array(outputs.dropLast(3 * encoding.componentCount))
            if value >= 0x1p101 {
                return logSumExp(logits) - logits[Int(value / 0x1p101) - 1 - (hasMissing ? 0 : 1)]
            }
            let logNumber = logits.last.map { $0 - logSumExp(logits) } ?? 0
            return -logNumber + logVolume(at: value)
                - logSumExp(
                    encoding.components(Array(outputs.dropFirst(logits.count))).map { component in
                        let distance = (value - component.mean) / component.standardDeviation
                        return log(component.weight) - distance * distance / 2 - log(component.standardDeviation)
                            - log(2 * Double.pi) / 2
                    })
        }
    }

    /// What −log of the density of a number, per unit of its column's scale, has more than that of its encoded value; 0 of all
    /// other values: log |dx/dt| of x = w sign(t) (e^(|t| / w) − 1), and what is of the unit.
    public func logVolume(at value: Double) -> Double {
        guard case .real(let encoding) = kind, let width = encoding.linearWidth, abs(value) < 0x1p101 else { return 0 }
        return abs(encoding.centre + value * encoding.scale) / width - log(encoding.unit / abs(encoding.scale))
    }

    /// Of a value of a binary or categorical variable, as if there were no values that training never saw: with the share
    /// that a rare label has of its class.
    public func classSurprisal(of value: Double, outputs: [Double]) -> Double {
        if hasMissing, value >= 0x1p101 { return logSumExp(outputs) - outputs[outputs.count - 1] }
        guard case .categorical(let categories) = kind else {
            if hasMissing { return logSumExp(outputs) - outputs[Int(value)] }
            return softplus(outputs[0]) - value * outputs[0]
        }
        let rare = Int(value) - categories.labels.count
        guard rare >= 0, let other = categories.otherIndex else { return logSumExp(outputs) - outputs[Int(value)] }
        let rows = categories.rareRowCounts
        let share = Double(rows[rare]) / Double(rows.reduce(0, +))
        return logSumExp(outputs) - outputs[other] - log(share)
    }

    /// All values that training saw, encoded, a missing one too where it is an outcome; of a class of rare labels these, not
    /// the class. Of a real variable the outcomes.
    public var knownValues: [Double] {
        let missing = hasMissing ? [0x1p101] : []
        switch kind {
        case .binary: return [0, 1] + missing
        case .categorical(let categories):
            return (0..<categories.labels.count + categories.rareLabels.count).filter {
                categories.rareLabels.isEmpty || $0 != categories.otherIndex
            }.map(Double.init) + missing
        case .real(let encoding): return missing + encoding.atoms.indices.map { Double($0 + 2) * 0x1p101 }
        }
    }

    /// The part of a label's probability that is left to those that training saw: 1 − N₁ / (n + 1).
    public var knownShare: Double {
        guard case .categorical = kind, let unseen else { return 1 }
        return 1 - Double(unseen.singletonCount) / (Double(unseen.rowCount) + 1)
    }

    /// (N₁ + ½) / (n + 1) shared among N₁ (N₁ − 1) / (2 (N₂ + 1)) values, at least one; 1 where nothing is counted.
    private var unseenProbability: Double {
        guard let unseen else { return 1 }
        let (n, once, twice) = (
            Double(unseen.rowCount), Double(unseen.singletonCount), Double(unseen.doubletonCount)
        )
        return (once + 0.5) / (n + 1) / max(1, once * (once - 1) / (2 * (twice + 1)))
    }

    /// Never likelier than a value that training saw.
    private func unseenSurprisal(outputs: [Double]) -> Double {
        knownValues.reduce(-log(unseenProbability)) { max($0, surprisal(of: $1, outputs: outputs)) }
    }
}

extension RealEncoding {
    /// u of a number x, not rounded.
    public func encoded(_ x: Double) -> Double {
        var t = x
        if let width = linearWidth { t = width * log1p(abs(x) / width) * (x < 0 ? -1 : 1) }
        return (t - centre) / scale
    }

    /// The number whose u is given, on no grid.
    public func number(_ u: Double) -> Double {
        let t = centre + u * scale
        guard let width = linearWidth else { return t }
        return width * expm1(abs(t) / width) * (t < 0 ? -1 : 1)
    }

    /// The mixture in encoded units.
    public func components(
        _ outputs: [Double]
    ) -> [(weight: Double, mean: Double, standardDeviation: Double)] {
        let count = componentCount
        let total = logSumExp(Array(outputs[..<count]))
        return (0..<count).map { index in
            (
                exp(outputs[index] - total), outputs[count + index],
                Double(scaleFloor) + softplus(outputs[2 * count + index])
            )
        }
    }
}

/// log of the sum of e^values.
public func logSumExp(_ values: [Double]) -> Double {
    let peak = values.max() ?? 0
    return peak + log(values.reduce(0) { $0 + exp($1 - peak) })
}

/// log(1 + e^x) without overflow.
public func softplus(_ x: Double) -> Double {
    max(x, 0) + log1p(exp(-abs(x)))
}

/// log of the mean of e^values.
public func logMeanExp(_ values: [Double]) -> Double {
    logSumExp(values) - log(Double(values.count))
}

private func value(of activation: Activation, at x: Double) -> Double {
    switch activation {
    case .relu: max(x, 0)
    case .elu: x > 0 ? x : expm1(x)
    case .tanh: Foundation.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
}

private func slope(of activation: Activation, at x: Double) -> Double {
    switch activation {
    case .relu: x > 0 ? 1 : 0
    case .elu: x > 0 ? 1 : exp(x)
    case .tanh: 1 - Foundation.tanh(x) * Foundation.tanh(x)
    case .sigmoid: exp(-x) / ((1 + exp(-x)) * (1 + exp(-x)))
    }
}
