/// An output that depends on an input which is not before it: what a MADE must never have.
public struct AutoregressiveViolation: Error, Equatable, CustomStringConvertible {
    /// How it came to light.
    public enum Evidence: Sendable, Equatable {
        /// The masks connect them.
        case masks
        /// Changing the input moved the output's bits.
        case probe
    }

    /// Name of the variable whose conditional sees too much.
    public let output: String
    /// Name of the variable that it must not see.
    public let input: String
    /// How it came to light.
    public let evidence: Evidence

    /// A violation of the pair (output, input), given by the names of their variables.
    public init(output: String, input: String, evidence: Evidence) {
        self.output = output
        self.input = input
        self.evidence = evidence
    }

    /// One line for the user.
    public var description: String {
        let how =
            switch evidence {
            case .masks: "the masks connect"
            case .probe: "a change of the input moves"
            }
        return "not autoregressive: \(how) output \(output) and input \(input), which is not before it in any ordering"
            + " that the other connections allow"
    }
}

/// What the check of a model's autoregressive property covered; there is one only where it passed.
public struct AutoregressiveVerdict: Sendable, Equatable {
    /// Members whose masks' boolean product is strictly lower triangular in their ordering.
    public let memberCount: Int
    /// (output, input) pairs per member that the masks may not and do not connect.
    public let independentPairCount: Int
    /// Changed inputs, each of which left every output up to its own position the same to the bit.
    public let probeCount: Int
}

/// The proof that p(x_d | x_<d) sees x_<d and nothing else: by the structure of the masks, and by trying.
public enum AutoregressiveCheck {
    /// Throws at the first violation.
    public static func verify(
        _ model: DensityModel, compiled: CompiledModel
    ) throws(AutoregressiveViolation) -> AutoregressiveVerdict {
        for member in model.members { try verifyMasks(of: member, in: model) }
        let workspace = compiled.makeWorkspace()
        let probeCount = try probe(compiled.card) { rows, member in
            compiled.outputs(of: rows, member: member, using: workspace)
        }
        let count = model.variables.count
        return AutoregressiveVerdict(
            memberCount: model.members.count, independentPairCount: count * (count + 1) / 2, probeCount: probeCount)
    }

    /// The boolean product of the masks, layer by layer: which variables reach each output.
    private static func verifyMasks(of member: Member, in model: DensityModel) throws(AutoregressiveViolation) {
        let degrees = model.degrees(of: member)
        let layout = model.layout
        var sources = BitMatrix(rows: layout.inputUnitCount, columns: model.variables.count)
        for (variable, units) in layout.inputs.enumerated() {
            for unit in units { sources[unit, variable] = true }
        }
        let isResidual = degrees.residualLayers(of: model)
        var reached = sources
        for layer in 0..<degrees.layerCount {
            var next = reached.reached(through: degrees.mask(layer: layer))
            if isResidual[layer] { next.formUnion(reached) }
            reached = next
        }
        if model.networks[member.network].direct != nil {
            reached.formUnion(sources.reached(through: degrees.directMask()))
        }
        let positions = member.ordering.positions
        for output in positions.indices {
            for input in positions.indices where positions[input] >= positions[output] {
                for unit in layout.outputs[output] where reached[unit, input] {
                    throw AutoregressiveViolation(
                        output: model.variables[output].name, input: model.variables[input].name, evidence: .masks)
                }
            }
        }
    }

    /// Changes each input in turn in two rows; outputs of positions up to the input's must keep their bits.
    ///
    /// `outputs` gives the output units [n × outputs] of rows [n × D] under a member.
    static func probe(
        _ card: ModelCard, outputs: (_ rows: [Float], _ member: Int) -> [Float]
    ) throws(AutoregressiveViolation) -> Int {
        let variables = card.variables
        var generator = PhiloxGenerator(seed: 0)
        for _ in 0..<2 {
            let base = variables.map { $0.randomValue(using: &generator) }
            for member in card.orderings.indices {
                let expected = outputs(base, member)
                // A few inputs at a time: memory stays small for wide tables.
                for start in stride(from: 0, to: variables.count, by: 64) {
                    let inputs = start..<min(start + 64, variables.count)
                    let rows = inputs.flatMap { input in
                        var row = base
                        row[input] = variables[input].value(otherThan: base[input])
                        return row
                    }
                    let found = outputs(rows, member)
                    for (row, input) in inputs.enumerated() {
                        let found = Array(found[row * expected.count..<(row + 1) * expected.count])
                        try compare(found, expected, changed: input, ordering: card.orderings[member], of: variables)
                    }
                }
            }
        }
        return 2 * variables.count * card.orderings.count
    }

    private static func compare(
        _ outputs: [Float], _ expected: [Float], changed input: Int, ordering: Ordering, of variables: [Variable]
    ) throws(AutoregressiveViolation) {
        let units = UnitLayout(variables).outputs
        for output in ordering.variables[0...ordering.positions[input]] {
            for unit in units[output] where outputs[unit].bitPattern != expected[unit].bitPattern {
                throw AutoregressiveViolation(
                    output: variables[output].name, input: variables[input].name, evidence: .probe)
            }
        }
    }
}

extension Variable {
    /// A value that the variable may take.
    fileprivate func randomValue(using generator: inout PhiloxGenerator) -> Float {
        switch kind {
        case .binary: Bool.random(using: &generator) ? 1 : 0
        case .categorical(let categories): Float(Int.random(in: categories.labels.indices, using: &generator))
        // Within what the network sees unclipped, so that a change of value is a change of its input.
        case .real(let encoding):
            encoding.affine.offset + 2 * encoding.inputBound * (generator.uniform() - 0.5) / encoding.affine.scale
        }
    }

    /// A value that the variable may take and that is not `value`.
    fileprivate func value(otherThan value: Float) -> Float {
        switch kind {
        case .binary: 1 - value
        case .categorical(let categories): value == 0 ? Float(categories.labels.count - 1) : value - 1
        case .real(let encoding):
            value + (encoding.affine(value) > 0 ? -1 : 1) * encoding.inputBound / encoding.affine.scale
        }
    }
}
