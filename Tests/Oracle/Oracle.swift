import Foundation
public import MADE

/// The slow reference: double precision, loops, straight from Germain et al. 2015. Units are in the table's order.
public struct Oracle {
    /// The model that is evaluated.
    public let model: DensityModel

    /// A reference for `model`.
    public init(_ model: DensityModel) {
        self.model = model
    }

    /// Output units of `member` for one row of values [D].
    public func outputs(of row: [Double], member: Int) -> [Double] {
        trace(of: row, member: member).outputs
    }

    /// log p_s(x) of one row under one member.
    public func logLikelihood(of row: [Double], member: Int) -> Double {
        -surprisals(of: row, member: member).reduce(0, +)
    }

    /// −log p_s(x_d | x_<d) of each variable under one member, [D]; of `real` variables minus the log of a density in the
    /// data's own units.
    public func surprisals(of row: [Double], member: Int) -> [Double] {
        let outputs = outputs(of: row, member: member)
        return model.variables.indices.map { index in
            model.variables[index].surprisal(of: row[index], outputs: Array(outputs[model.layout.outputs[index]]))
        }
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
            for output in 0..<layer.bias.count {
                for input in 0..<layer.weight.columns where degrees.passes(layer: index, output: output, input: input) {
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
            for output in sums.indices {
                for input in values.indices where degrees.passes(layer: index, output: output, input: input) {
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
    /// The network's input units for `value`; all 0 for NaN, a missing training cell.
    public func inputUnits(of value: Double) -> [Double] {
        if value.isNaN { return [Double](repeating: 0, count: inputUnitCount) }
        return switch kind {
        case .binary(let affine): [(value - Double(affine.offset)) * Double(affine.scale)]
        case .categorical(let categories): categories.labels.indices.map { Double($0) == value ? 1 : 0 }
        case .real(let encoding):
            [min(max(encoding.encoded(value), -Double(encoding.inputBound)), Double(encoding.inputBound))]
        }
    }

    /// −log p(value) under the conditional that `outputs` parametrise; 0 for NaN, a missing training cell.
    public func surprisal(of value: Double, outputs: [Double]) -> Double {
        if value.isNaN { return 0 }
        return switch kind {
        case .binary: softplus(outputs[0]) - value * outputs[0]
        case .categorical: logSumExp(outputs) - outputs[Int(value)]
        case .real(let encoding):
            -logSumExp(
                encoding.components(outputs).map { component in
                    let distance = (encoding.encoded(value) - component.mean) / component.standardDeviation
                    return log(component.weight) - distance * distance / 2 - log(component.standardDeviation)
                        - log(2 * Double.pi) / 2
                }) - log(abs(Double(encoding.affine.scale)))
        }
    }
}

extension RealEncoding {
    /// u = (x − offset) · scale.
    public func encoded(_ value: Double) -> Double {
        (value - Double(affine.offset)) * Double(affine.scale)
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
