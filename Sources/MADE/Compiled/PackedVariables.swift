internal import CStaircase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The variables of a row in a member's order, as the kernels take them: kind, place of the units, encoding.
///
/// `@unchecked Sendable`: the memory is written in `init` and only read from then on.
final class PackedVariables: @unchecked Sendable {
    /// One a position of the ordering [D].
    private let variables: AlignedBuffer<staircase_variable>
    private let order: AlignedBuffer<Int>
    /// Of the outcomes of all real variables, one variable's after the other's.
    private let outcomeInputs: AlignedBuffer<Float>
    private let outcomeNumbers: AlignedBuffer<Double>
    /// Likewise.
    private let supports: AlignedBuffer<Double>
    private let view: AlignedBuffer<staircase_variables>

    /// Packs `variables`, given in the table's order. Precondition: real ones have at most
    /// `RealEncoding.componentCountMax` Gaussians.
    init(_ variables: [Variable], ordering: Ordering) {
        var firstInput = 0
        var firstOutput = 0
        let outcomes = ordering.variables.map { variables[$0].outcomes }
        let outcomeInputs = AlignedBuffer(copying: outcomes.flatMap { $0.map(\.input) })
        let outcomeNumbers = AlignedBuffer(copying: outcomes.flatMap { $0.map(\.number) })
        let supports = AlignedBuffer(copying: ordering.variables.flatMap { variables[$0].support })
        var firstOutcome = 0
        var firstOfSupport = 0
        let packed = ordering.variables.map { index in
            let variable = variables[index]
            defer {
                firstInput += variable.inputUnitCount
                firstOutput += variable.outputUnitCount
                firstOutcome += variable.outcomeCount
                firstOfSupport += variable.support.count
            }
            var packed = staircase_variable(variable, firstInput: firstInput, firstOutput: firstOutput)
            packed.outcome_inputs = UnsafePointer(outcomeInputs.base + firstOutcome)
            packed.outcome_numbers = UnsafePointer(outcomeNumbers.base + firstOutcome)
            packed.support = UnsafePointer(supports.base + firstOfSupport)
            return packed
        }
        self.supports = supports
        self.outcomeInputs = outcomeInputs
        self.outcomeNumbers = outcomeNumbers
        self.variables = AlignedBuffer(copying: packed)
        order = AlignedBuffer(
            copying: packed.indices.sorted { one, other in
                func key(_ index: Int) -> (UInt32, UInt32, UInt32, Int) {
                    (packed[index].kind.rawValue, packed[index].count, packed[index].outcome_count, index)
                }
                return key(one) < key(other)
            })
        view = AlignedBuffer(count: 1)
        view.base[0] = staircase_variables(
            count: packed.count, variables: UnsafePointer(self.variables.base), order: UnsafePointer(order.base))
    }

    /// The variable at `position` of the ordering.
    subscript(position: Int) -> UnsafePointer<staircase_variable> { UnsafePointer(variables.base + position) }

    /// The kernels' view of all variables, valid as long as this object is.
    var staircase: UnsafePointer<staircase_variables> { UnsafePointer(view.base) }
}

extension staircase_variable {
    fileprivate init(_ variable: Variable, firstInput: Int, firstOutput: Int) {
        self.init()
        first_input = firstInput
        first_output = firstOutput
        switch variable.kind {
        case .binary where variable.isSingleUnit:
            kind = STAIRCASE_BINARY
            count = 1
        case .binary, .categorical:
            kind = STAIRCASE_CATEGORICAL
            count = UInt32(variable.classCount)
            outcome_count = variable.hasMissing ? 1 : 0
            surprisal_offset = Float(variable.unseen?.knownSurprisal ?? 0)
        case .real(let encoding):
            precondition((1...RealEncoding.componentCountMax).contains(encoding.componentCount))
            kind = STAIRCASE_REAL
            count = UInt32(encoding.componentCount)
            outcome_count = UInt32(variable.outcomeCount)
            first_outcome = variable.hasMissing ? 0 : 1
            input_bound = encoding.inputBound
            scale_floor = encoding.scaleFloor
            surprisal_offset = Float(log(2 * Double.pi) / 2 - encoding.logUnit)
            (centre, scale, linear_width) = (encoding.centre, encoding.scale, encoding.linearWidth ?? 0)
            if let width = encoding.linearWidth {
                (volume_offset, volume_slope) = (Float(encoding.centre / width), Float(encoding.scale / width))
            }
            (step_over, step_under) = encoding.grid ?? (0, 1)
            support_count = encoding.support.count
            minimum = encoding.minimum ?? -.infinity
            maximum = encoding.maximum ?? .infinity
        }
    }
}

extension Variable {
    /// Of each outcome of a real variable what the network sees of it as a number, and the number.
    fileprivate var outcomes: [(input: Float, number: Double)] {
        guard case .real(let encoding) = kind else { return [] }
        return (hasMissing ? [(0, .nan)] : []) + encoding.atoms.map { (encoding.input($0), $0) }
    }

    fileprivate var support: [Double] {
        if case .real(let encoding) = kind { encoding.support } else { [] }
    }
}
