internal import CStaircase

/// A value in the place of the one that a row has.
struct Candidate {
    /// In the table's order.
    let variable: Int
    /// Encoded and plain (see `Variable.isPlain`).
    let value: Float
}

/// Values of one variable whose likelihoods are asked for; the variable's continuation waits in `slot`.
struct ValueRequest {
    let variable: Int
    let slot: Int
    let values: [Float]
}

/// Scratch for the candidates of a chunk.
final class CandidateBuffers {
    /// Most input units of one variable that have a value other than 0.
    private static let changesPerRow = 2

    private let ends: AlignedBuffer<Int>
    private let inputs: AlignedBuffer<UInt32>
    private let amounts: AlignedBuffer<Float>
    private var rowCount = 0
    private var count = 0
    private let order: AlignedBuffer<Int>
    private let view: AlignedBuffer<staircase_variables>

    init(rowCountMax: Int, variableCount: Int) {
        ends = AlignedBuffer(count: rowCountMax)
        inputs = AlignedBuffer(count: rowCountMax * Self.changesPerRow)
        amounts = AlignedBuffer(count: rowCountMax * Self.changesPerRow)
        order = AlignedBuffer(count: variableCount)
        view = AlignedBuffer(count: 1)
    }

    /// Forgets all changes.
    func reset() { (rowCount, count) = (0, 0) }

    /// Ends the changes of one row.
    func endRow() {
        ends.base[rowCount] = count
        rowCount += 1
    }

    /// What a row adds to input `input`.
    func add(_ amount: Float, to input: Int) {
        inputs.base[count] = UInt32(input)
        amounts.base[count] = amount
        count += 1
    }

    /// The input units that `value` of a variable of several units, or of a real one, puts in the place of zeros.
    func addUnits(of value: Float, _ variable: UnsafePointer<staircase_variable>) {
        let first = variable.pointee.first_input
        let outcome = Int(value / Variable.missingValue) - 1
        switch variable.pointee.kind {
        case STAIRCASE_REAL where outcome < 0:
            let bound = variable.pointee.input_bound
            add(min(max(value, -bound), bound), to: first)
        case STAIRCASE_REAL:
            let index = outcome - Int(variable.pointee.first_outcome)
            add(variable.pointee.outcome_inputs[index], to: first)
            add(1, to: first + 1 + index)
        default:
            add(1, to: first + (outcome < 0 ? Int(value) : Int(variable.pointee.count) - 1))
        }
    }

    /// Sums of the rows added since `reset` [rows × units], from panel `firstPanel` of `layer` on.
    func shift(
        _ layer: PackedLayer, firstPanel: Int, from sums: RowBlock, to y: RowBlock, isRelu: Bool, _ kernels: Kernels
    ) {
        var changes = staircase_changes(
            first_panel: firstPanel, end_panel: layer.panelCount, floor: isRelu ? 0 : -.infinity,
            ceiling: isRelu ? .greatestFiniteMagnitude : .infinity, ends: ends.base, inputs: inputs.base,
            amounts: amounts.base)
        kernels.functions.shift(layer.staircase, &changes, rowCount, sums.base, y.base, y.stride)
    }

    /// The kernels' view of the variables at positions from `start` on but `left`.
    func variables(
        of member: CompiledMember, from start: Int, without left: [Int]
    ) -> UnsafePointer<staircase_variables> {
        var count = 0
        let whole = member.variables.staircase.pointee
        for index in 0..<whole.count {
            let position = whole.order[index]
            guard position >= start, !left.contains(position) else { continue }
            order.base[count] = position
            count += 1
        }
        view.base[0] = staircase_variables(
            count: count, variables: whole.variables, order: UnsafePointer(order.base))
        return UnsafePointer(view.base)
    }
}

extension CompiledModel {
    /// The workspace's scratch for candidates, made when first needed.
    func candidateBuffers(of workspace: Workspace) -> CandidateBuffers {
        let buffers =
            workspace.candidates
            ?? CandidateBuffers(rowCountMax: workspace.chunkRowCount, variableCount: variableCount)
        workspace.candidates = buffers
        return buffers
    }
}
