/// The affine encodings of all input units, to be folded into the weights that see them:
/// w (v − offset) scale = (w scale) v − w scale offset.
struct InputEncoding {
    private let units: [AffineEncoding]

    private init(units: [AffineEncoding]) {
        self.units = units
    }

    init(_ variables: [Variable]) {
        var units: [AffineEncoding] = []
        for variable in variables {
            switch variable.kind {
            case .binary(let encoding) where variable.isSingleUnit: units.append(encoding)
            // Their units are made from the values before they reach the weights.
            case .binary, .categorical, .real: units += Array(repeating: .identity, count: variable.inputUnitCount)
            }
        }
        self.units = units
    }

    /// What `weight` of input unit `input` becomes, and what it adds to the bias.
    func folded(_ weight: Float, input: Int) -> (weight: Float, bias: Double) {
        let scaled = Double(weight) * Double(units[input].scale)
        return (Self.finite(scaled), -scaled * Double(units[input].offset))
    }

    /// The same of a weight that is kept as a half: the bias gets what the rounded weight adds, so that half of the rounding
    /// cancels where values lie on both sides of the offset.
    func foldedHalf(_ weight: Float, input: Int) -> (weight: Float, bias: Double) {
        let rounded = Float(Float16(folded(weight, input: input).weight))
        return (rounded, -Double(rounded) * Double(units[input].offset))
    }

    /// The encodings of input units `inputs` alone, in their order.
    func sorted(by inputs: [Int]) -> InputEncoding {
        InputEncoding(units: inputs.map { units[$0] })
    }

    /// `folded`, or `foldedHalf` for halves, of the weights of inputs 0, 1, … in their place; what they add to the bias is
    /// added to `bias` one after the other.
    func fold(_ weights: UnsafeMutableBufferPointer<Float>, as format: WeightFormat, addingTo bias: inout Double) {
        for input in weights.indices {
            let folded =
                format == .fp32
                ? folded(weights[input], input: input) : foldedHalf(weights[input], input: input)
            weights[input] = folded.weight
            bias += folded.bias
        }
    }

    /// The nearest float that is finite, and no negative zero: the sign of a zero sum would depend on inputs that the mask
    /// hides.
    static func finite(_ value: Double) -> Float {
        let bound = Double(Float.greatestFiniteMagnitude)
        return Float(min(max(value, -bound), bound)) + 0
    }
}
