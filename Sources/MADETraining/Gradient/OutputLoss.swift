internal import CStaircase
internal import Glibc
internal import MADE

/// −log p of a batch's targets under the conditionals that a network's outputs parametrise, and its derivatives.
///
/// Missing targets cost nothing and pull at nothing: what is maximised is the likelihood of what is known.
final class OutputLoss {
    /// Variables side by side in the ordering that one loop serves.
    private enum Segment {
        case binary(positions: Range<Int>, outputs: Int)
        case categorical(position: Int, outputs: Range<Int>)
        case real(position: Int, outputs: Range<Int>, outcomes: Outcomes, mixture: Mixture)
    }

    /// What of a real variable is no number of its mixture.
    private struct Outcomes {
        /// With "a number", which is the last; 0 where there are none.
        let classCount: Int
        /// `Variable.outcomeOffset`.
        let offset: Int
    }

    private struct Mixture {
        let componentCount: Int
        let scaleFloor: Float
    }

    private let segments: [Segment]
    private let variableCount: Int
    private let outputCount: Int
    /// −log p of each row, nats.
    private var rowNats: [Double]
    private let mixtureNats: FloatBuffer
    /// What the classes of one column cost, and which they are, NaN for none [rows].
    private let classNats: FloatBuffer
    private let labels: FloatBuffer
    /// The numbers of one column that a mixture is to give, NaN for none [rows].
    private let numbers: FloatBuffer
    private let kernels = staircase_kernels_best().pointee

    init(_ places: [VariablePlaces.Place], rowsMax: Int) {
        var segments: [Segment] = []
        for (position, place) in places.enumerated() {
            switch place.variable.kind {
            case .binary where place.variable.isSingleUnit:
                if case .binary(let positions, let outputs)? = segments.last {
                    segments[segments.count - 1] = .binary(
                        positions: positions.lowerBound..<position + 1, outputs: outputs)
                } else {
                    segments.append(.binary(positions: position..<position + 1, outputs: place.outputs.lowerBound))
                }
            case .binary, .categorical: segments.append(.categorical(position: position, outputs: place.outputs))
            case .real(let encoding):
                segments.append(
                    .real(
                        position: position, outputs: place.outputs,
                        outcomes: Outcomes(
                            classCount: place.variable.classCount, offset: place.variable.outcomeOffset),
                        mixture: Mixture(
                            componentCount: encoding.componentCount, scaleFloor: encoding.scaleFloor)))
            }
        }
        self.segments = segments
        variableCount = places.count
        outputCount = places.last?.outputs.upperBound ?? 0
        rowNats = Array(repeating: 0, count: rowsMax)
        mixtureNats = FloatBuffer(count: rowsMax)
        classNats = FloatBuffer(count: rowsMax)
        labels = FloatBuffer(count: rowsMax)
        numbers = FloatBuffer(count: rowsMax)
    }

    /// What a number costs at least to be left out, nats in encoded units: one in some five thousand of a standard normal
    /// column costs as much. Without it the tails of every column would be cut off.
    static let remoteNats: Float = 8

    /// Sum of −log p over the rows of `batch`, nats, but for the `trimmedCount` rows where it is largest.
    ///
    /// The `trimmedValueCount` numbers of each column where it is largest, and more than `remoteNats`, count in the sum as
    /// much as that and pull at nothing: values go wrong one by one (Alqallaf et al. 2009), and the rest of their row is right.
    /// A sum of what a few remote values cost would say nothing of the others.
    ///
    /// Replaces `outputs` [rows × outputs] by the derivatives of the counted rows' mean by them.
    func replace(_ outputs: FloatBuffer, of batch: Batch, trimmedCount: Int, trimmedValueCount: Int) -> Double {
        let rowCount = batch.rowCount
        let share = 1 / Float(rowCount - trimmedCount)
        for row in 0..<rowCount { rowNats[row] = 0 }
        for segment in segments {
            switch segment {
            case .binary(let positions, let start):
                for row in 0..<rowCount {
                    rowNats[row] += binary(
                        batch.targets.pointer + row * variableCount + positions.lowerBound,
                        outputs.pointer + row * outputCount + start, count: positions.count, share: share)
                }
            case .categorical(let position, let range):
                for row in 0..<rowCount { labels.pointer[row] = batch.targets.pointer[row * variableCount + position] }
                classify(outputs, range, rowCount: rowCount, share: share)
            case .real(let position, let range, let outcomes, let mixture):
                let start = range.lowerBound + outcomes.classCount
                for row in 0..<rowCount {
                    let target = batch.targets.pointer[row * variableCount + position]
                    let isNumber = target < Variable.missingValue
                    numbers.pointer[row] = isNumber ? target : .nan
                    // Whole numbers, exactly.
                    let outcome = target / Variable.missingValue - Float(outcomes.offset)
                    labels.pointer[row] = isNumber ? Float(outcomes.classCount - 1) : outcome
                }
                if outcomes.classCount > 0 {
                    classify(outputs, range.lowerBound..<start, rowCount: rowCount, share: share)
                }
                kernels.mixture_gradient(
                    rowCount, mixture.componentCount, mixture.scaleFloor, share, numbers.pointer, 1,
                    outputs.pointer + start, outputCount, mixtureNats.pointer)
                let units = start..<range.upperBound
                if trimmedValueCount > 0 { trimValues(trimmedValueCount, outputs, units: units, rowCount: rowCount) }
                for row in 0..<rowCount where !numbers.pointer[row].isNaN {
                    rowNats[row] += Double(mixtureNats.pointer[row])
                }
            }
        }
        if trimmedCount > 0 { trim(trimmedCount, outputs, rowCount: rowCount) }
        return rowNats[..<rowCount].reduce(0, +)
    }

    /// −log σ(z) where the target is 1, −log σ(−z) where it is 0; the derivative is σ(z) − target.
    private func binary(
        _ targets: UnsafePointer<Float>, _ outputs: UnsafeMutablePointer<Float>, count: Int, share: Float
    ) -> Double {
        var linear: Float = 0
        // One logarithm serves many terms: the factors lie in (1, 2], so a product below 2^100 can take another.
        var product: Float = 1
        var logarithms: Float = 0
        for place in 0..<count {
            let logit = outputs[place]
            let target = targets[place]
            if target.isNaN {
                outputs[place] = 0
                continue
            }
            let decay = expf(-abs(logit))
            let tail = 1 / (1 + decay)
            outputs[place] = ((logit >= 0 ? tail : decay * tail) - target) * share
            linear += max(logit, 0) - target * logit
            product *= 1 + decay
            if product > 0x1p100 {
                logarithms += logf(product)
                product = 1
            }
        }
        return Double(linear) + Double(logarithms + logf(product))
    }

    /// Adds −log softmax(z)[label] to what each row costs; the derivatives by `units` are softmax(z), less 1 at the label.
    private func classify(_ outputs: FloatBuffer, _ units: Range<Int>, rowCount: Int, share: Float) {
        kernels.softmax_gradient(
            rowCount, units.count, share, labels.pointer, outputs.pointer + units.lowerBound, outputCount,
            classNats.pointer)
        for row in 0..<rowCount { rowNats[row] += Double(classNats.pointer[row]) }
    }

    /// Clears the derivatives by `units` in the `count` rows where the mixture's loss is largest and the value remote, and
    /// bounds that loss.
    private func trimValues(_ count: Int, _ outputs: FloatBuffer, units: Range<Int>, rowCount: Int) {
        let nats = mixtureNats.pointer
        let remote = (0..<rowCount).filter { nats[$0] > Self.remoteNats }
        for row in remote.sorted(by: { (nats[$0], $0) > (nats[$1], $1) }).prefix(count) {
            outputs.clear(row * outputCount + units.lowerBound..<row * outputCount + units.upperBound)
            nats[row] = Self.remoteNats
        }
    }

    /// Leaves the `count` rows of the largest loss out of the sum and of the gradient.
    private func trim(_ count: Int, _ outputs: FloatBuffer, rowCount: Int) {
        let ranked = (0..<rowCount).sorted { (rowNats[$0], $0) > (rowNats[$1], $1) }
        for row in ranked.prefix(count) {
            rowNats[row] = 0
            outputs.clear(row * outputCount..<(row + 1) * outputCount)
        }
    }
}
