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

    /// −log p_s(x_d | x_<d) of each variable under one member, [D].
    public func surprisals(of row: [Double], member: Int) -> [Double] {
        zip(row, outputs(of: row, member: member)).map { value, logit in
            softplus(logit) - value * logit
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
        let inputs = zip(model.variables, row).map { variable, value in
            switch variable.kind {
            case .binary(let encoding): (value - Double(encoding.offset)) * Double(encoding.scale)
            }
        }
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
                values = sums.map { value(of: model.activation, at: $0) }
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

/// log(1 + e^x) without overflow.
public func softplus(_ x: Double) -> Double {
    max(x, 0) + log1p(exp(-abs(x)))
}

/// log of the mean of e^values.
public func logMeanExp(_ values: [Double]) -> Double {
    let peak = values.max() ?? 0
    return peak + log(values.reduce(0) { $0 + exp($1 - peak) } / Double(values.count))
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
