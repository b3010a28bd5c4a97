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
    private let view: AlignedBuffer<staircase_variables>

    /// Packs `variables`, given in the table's order. Precondition: real ones have at most
    /// `RealEncoding.componentCountMax` Gaussians.
    init(_ variables: [Variable], ordering: Ordering) {
        var firstInput = 0
        var firstOutput = 0
        let packed = ordering.variables.map { index in
            let variable = variables[index]
            defer {
                firstInput += variable.inputUnitCount
                firstOutput += variable.outputUnitCount
            }
            return staircase_variable(variable, firstInput: firstInput, firstOutput: firstOutput)
        }
        self.variables = AlignedBuffer(copying: packed)
        order = AlignedBuffer(
            copying: packed.indices.sorted {
                (packed[$0].kind.rawValue, packed[$0].count, $0) < (packed[$1].kind.rawValue, packed[$1].count, $1)
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
        case .binary:
            kind = STAIRCASE_BINARY
            count = 1
        case .categorical(let categories):
            kind = STAIRCASE_CATEGORICAL
            count = UInt32(categories.labels.count)
            surprisal_offset = Float(variable.unseen?.knownSurprisal ?? 0)
        case .real(let encoding):
            precondition((1...RealEncoding.componentCountMax).contains(encoding.componentCount))
            kind = STAIRCASE_REAL
            count = UInt32(encoding.componentCount)
            input_bound = encoding.inputBound
            scale_floor = encoding.scaleFloor
            surprisal_offset = Float(log(2 * Double.pi) / 2)
            (centre, scale) = (encoding.centre, encoding.scale)
            (step_over, step_under) = encoding.grid ?? (0, 1)
            minimum = encoding.minimum ?? -.infinity
            maximum = encoding.maximum ?? .infinity
        }
    }
}
