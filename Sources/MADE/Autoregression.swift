/// An output that depends on an input which is not before it: what a MADE must never have.
public struct AutoregressiveViolation: Error, Equatable, CustomStringConvertible {
    /// How it came to light.
    public enum Evidence: Sendable, Equatable {
        /// The masks connect them.
        case masks
        /// The weights that serve connect them.
        case weights
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
            case .weights: "the weights connect"
            case .probe: "a change of the input moves"
            }
        return "not autoregressive: \(how) output \(output) and input \(input), which is not before it in any ordering"
            + " that the other connections allow"
    }
}

/// What the check of a model's autoregressive property covered; there is one only where it passed.
public struct AutoregressiveVerdict: Sendable, Equatable {
    /// Members, each of whose masks and weights connect every output to inputs before it in its ordering alone.
    public let memberCount: Int
    /// (output, input) pairs per member that neither masks nor weights connect, as they must not.
    public let independentPairCount: Int
    /// Rows of which all inputs from some position on were changed, and which left every output up to that position the
    /// same to the bit.
    public let probeCount: Int
}

/// The proof that p(x_d | x_<d) sees x_<d and nothing else: by the structure of masks and weights, and by trying.
///
/// The structure is what proves it. An output may depend on an input where a path of connections joins them: through masks
/// that pass, or through weights that are not 0, since a weight of 0 adds nothing to a sum of finite inputs. That no path
/// joins an output to any input at its own position or after it says the same as that the last position which any path
/// joins it to is before its own. And the last position that reaches a unit is the greatest of those that reach what feeds
/// it. So one number a unit, carried through all layers, decides every pair (output, input) exactly, in time linear in the
/// number of weights, where the set of inputs that reach each unit would take as much for every input again.
///
/// Trying is evidence that the kernels compute what the structure says; see `ProbePlan`.
public enum AutoregressiveCheck {
    /// Throws at the first violation.
    public static func verify(
        _ model: DensityModel, compiled: CompiledModel
    ) throws(AutoregressiveViolation) -> AutoregressiveVerdict {
        for member in model.members { try verifyMasks(of: member, in: model) }
        for member in compiled.members { try verifyWeights(of: member, variables: model.variables) }
        let workspace = compiled.makeWorkspace()
        let count = model.variables.count
        let plan = ProbePlan(variableCount: count, multiplicationsPerRow: compiled.multiplicationsPerRow)
        let probeCount = try probe(compiled.card, plan) { rows, member in
            compiled.outputs(of: rows, member: member, using: workspace)
        }
        return AutoregressiveVerdict(
            memberCount: model.members.count, independentPairCount: count * (count + 1) / 2, probeCount: probeCount)
    }

    private static func verifyMasks(of member: Member, in model: DensityModel) throws(AutoregressiveViolation) {
        let degrees = model.degrees(of: member)
        let layout = model.layout
        let positions = member.ordering.positions
        let lasts = degrees.lastPositions(
            ofInputs: zip(layout.inputs, positions).flatMap { units, position in units.map { _ in position } },
            isResidual: degrees.residualLayers(of: model),
            isDirect: model.networks[member.network].direct != nil)
        for (output, units) in layout.outputs.enumerated() {
            for unit in units where lasts[unit] >= positions[output] {
                throw AutoregressiveViolation(
                    output: model.variables[output].name,
                    input: model.variables[member.ordering.variables[lasts[unit]]].name, evidence: .masks)
            }
        }
    }

    /// The same of the weights that serve.
    static func verifyWeights(of member: CompiledMember, variables: [Variable]) throws(AutoregressiveViolation) {
        for (last, position) in zip(member.lastPositions(), member.outputPositions()) where last >= position {
            let ordered = member.ordering.variables
            throw AutoregressiveViolation(
                output: variables[ordered[Int(position)]].name, input: variables[ordered[Int(last)]].name,
                evidence: .weights)
        }
    }
}

extension Degrees {
    /// The last position that the masks let reach each output unit, −1 where none does; `inputs` are the positions of the
    /// input units.
    func lastPositions(ofInputs inputs: [Int], isResidual: [Bool], isDirect: Bool) -> [Int] {
        var lasts = inputs
        for layer in 0..<layerCount {
            let next = Self.greatest(of: lasts, degrees: degreesInto(layer: layer), limits: limits(layer: layer))
            lasts = isResidual[layer] ? zip(next, lasts).map(max) : next
        }
        guard isDirect else { return lasts }
        return zip(lasts, Self.greatest(of: inputs, degrees: self.inputs, limits: directLimits)).map(max)
    }

    /// The greatest of `lasts` over the units whose degree is at most each of `limits`; −1 where there is none.
    private static func greatest(of lasts: [Int], degrees: [Int], limits: [Int]) -> [Int] {
        var greatest = [Int](repeating: -1, count: (degrees + limits).reduce(0, max) + 1)
        for (last, degree) in zip(lasts, degrees) { greatest[degree] = max(greatest[degree], last) }
        for degree in greatest.indices.dropFirst() {
            greatest[degree] = max(greatest[degree], greatest[degree - 1])
        }
        return limits.map { greatest[$0] }
    }
}
