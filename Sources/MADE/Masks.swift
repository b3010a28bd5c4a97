/// The degrees m(k) of every unit of one member, and the masks that they imply.
///
/// A unit's degree is the last position of the ordering, 1-based, that the unit may see (Germain et al. 2015, eq. 12–13).
/// Degrees belong to variables: all input and all output units of the variable at position p have degree p.
/// A hidden unit of degree 0 sees no input and is constant; one of degree D would reach no output.
public struct Degrees: Sendable, Equatable {
    /// Degree of each input unit, in unit order [inputs].
    public let inputs: [Int]
    /// Degrees of the units of each hidden layer, each 0…D−1.
    public let hidden: [[Int]]
    /// Degree of each output unit, in unit order [outputs].
    public let outputs: [Int]

    /// Precondition: `ordering` has one position a variable of `layout`, hidden degrees lie in 0…D−1.
    public init(ordering: Ordering, hidden: [[Int]], layout: UnitLayout) {
        precondition(ordering.count == layout.inputs.count)
        self.hidden = hidden
        inputs = zip(layout.inputs, ordering.positions).flatMap { units, position in
            [Int](repeating: position + 1, count: units.count)
        }
        outputs = zip(layout.outputs, ordering.positions).flatMap { units, position in
            [Int](repeating: position + 1, count: units.count)
        }
    }

    /// Hidden degrees spread evenly over 1…D−1, in ascending order, for each width of `widths`.
    ///
    /// Every degree 1…D−1 occurs in a layer at least D − 1 wide; a narrower layer takes evenly spaced ones.
    public static func spread(widths: [Int], variableCount: Int) -> [[Int]] {
        let degreeCount = max(variableCount - 1, 0)
        return widths.map { width in
            (0..<width).map { unit in degreeCount == 0 ? 0 : 1 + unit * degreeCount / width }
        }
    }

    /// Number of weight layers: the hidden layers' and the output layer's.
    public var layerCount: Int { hidden.count + 1 }

    /// Whether each weight layer of `model` adds its inputs to its outputs: hidden layers of equal widths, where the model is
    /// residual. Precondition: those have equal degrees, without which the sum would not be autoregressive.
    func residualLayers(of model: DensityModel) -> [Bool] {
        (0..<layerCount).map { layer in
            guard model.isResidual, layer > 0, layer < hidden.count, hidden[layer].count == hidden[layer - 1].count
            else { return false }
            precondition(hidden[layer] == hidden[layer - 1])
            return true
        }
    }

    /// Whether the mask of weight layer `layer` passes input unit `input` to unit `output`:
    /// m(output) ≥ m(input) into a hidden layer (eq. 13), m(output) > m(input) into the output layer (eq. 14).
    public func passes(layer: Int, output: Int, input: Int) -> Bool {
        passes(layer: layer)(output, input)
    }

    /// `passes` for all connections of one layer, which finds the layer's degrees once.
    package func passes(layer: Int) -> (_ output: Int, _ input: Int) -> Bool {
        let into = degreesInto(layer: layer)
        let out = degreesOut(of: layer)
        return layer == hidden.count ? { into[$1] < out[$0] } : { into[$1] <= out[$0] }
    }

    /// Whether a direct connection from input unit `input` to output unit `output` passes: m(output) > m(input).
    public func passesDirect(output: Int, input: Int) -> Bool {
        inputs[input] < outputs[output]
    }

    /// The greatest degree that the mask of weight layer `layer` passes to each unit it computes; of all lesser ones it
    /// passes every unit.
    func limits(layer: Int) -> [Int] {
        layer == hidden.count ? directLimits : hidden[layer]
    }

    /// The greatest degree that the direct connections' mask passes to each output unit.
    var directLimits: [Int] { outputs.map { $0 - 1 } }

    /// Degrees of the units that feed weight layer `layer`.
    public func degreesInto(layer: Int) -> [Int] {
        layer == 0 ? inputs : hidden[layer - 1]
    }

    /// Degrees of the units that weight layer `layer` computes.
    public func degreesOut(of layer: Int) -> [Int] {
        layer == hidden.count ? outputs : hidden[layer]
    }

    /// The 0/1 mask of weight layer `layer`, [out × in].
    public func mask(layer: Int) -> Matrix {
        let passes = passes(layer: layer)
        return Matrix(rows: degreesOut(of: layer).count, columns: degreesInto(layer: layer).count) { output, input in
            passes(output, input) ? 1 : 0
        }
    }

    /// The 0/1 mask of the direct connections, [outputs × inputs].
    public func directMask() -> Matrix {
        Matrix(rows: outputs.count, columns: inputs.count) { output, input in
            passesDirect(output: output, input: input) ? 1 : 0
        }
    }
}
