/// How the weights of a model that serves are kept; sums are of 32-bit floats either way.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// As they were trained.
    case fp32
    /// IEEE 754 binary16, the nearest: half the memory and its traffic, 11 significant bits.
    case fp16
}

/// A weight that a format cannot hold.
public struct WeightOverflow: Error, Equatable, CustomStringConvertible {
    /// The weight matrix, by the name that it has in a checkpoint of the product's own.
    public let tensor: String
    /// Output unit of the weight.
    public let output: Int
    /// Input unit of the weight.
    public let input: Int
    /// The weight, with the scale of its binary input's encoding in it.
    public let value: Float

    /// One line: what is too large, where, and what would be right.
    public var description: String {
        "tensor \(tensor) holds \(value) from input unit \(input) to output unit \(output), beyond the range of fp16 "
            + "(±65504); serve it with fp32 weights"
    }
}

extension DensityModel {
    /// Precondition of packing as `format`: every weight has a finite nearest number there.
    func check(_ format: WeightFormat) throws(WeightOverflow) {
        if format == .fp32 { return }
        let encoding = InputEncoding(variables)
        for (index, network) in networks.enumerated() {
            for (layer, parameters) in network.layers.enumerated() {
                try parameters.weight.checkHalves(
                    "networks.\(index).layers.\(layer).weight", encoding: layer == 0 ? encoding : nil)
            }
            try network.direct?.checkHalves("networks.\(index).direct.weight", encoding: encoding)
        }
    }
}

extension Matrix {
    fileprivate func checkHalves(_ tensor: String, encoding: InputEncoding?) throws(WeightOverflow) {
        for output in 0..<rows {
            for input in 0..<columns {
                let weight = encoding?.folded(self[output, input], input: input).weight ?? self[output, input]
                if Float16(weight).isInfinite {
                    throw WeightOverflow(tensor: tensor, output: output, input: input, value: weight)
                }
            }
        }
    }
}

extension CompiledModel {
    /// How far log-likelihoods of `other`, the same model in another format, are from this one's: the greatest and the mean
    /// absolute difference over `rowCount` > 0 rows that this one draws, nats.
    public func difference(from other: CompiledModel, rowCount: Int) -> (most: Double, mean: Double) {
        let samples = sample(SamplingRequest(count: rowCount, seed: 1), using: makeWorkspace())
        var scores = [Double](repeating: 0, count: rowCount)
        var errors = scores
        var results = scores.mutableSpan
        var unused = errors.mutableSpan
        // Rare labels among them are not plain values.
        other.score(
            samples.rows.span, missing: MissingValues(), into: &results, standardErrors: &unused,
            using: other.makeWorkspace())
        let differences = zip(samples.logLikelihoods, scores).map { abs($0 - $1) }
        return (differences.max() ?? 0, differences.reduce(0, +) / Double(rowCount))
    }
}
