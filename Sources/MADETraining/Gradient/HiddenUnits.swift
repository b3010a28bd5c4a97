internal import CStaircase
internal import MADE

/// Units of one hidden layer for a batch: their values, and the slopes that the backward pass multiplies with.
final class HiddenUnits {
    /// [rows × units]: sums before `activate`, activations after it, then what is passed back to them.
    let values: FloatBuffer
    /// [rows × units]: derivative of a unit's activation by its sum.
    let slopes: FloatBuffer
    let unitCount: Int
    private let kernels = staircase_kernels_best().pointee

    init(rowsMax: Int, unitCount: Int) {
        values = FloatBuffer(count: rowsMax * unitCount)
        slopes = FloatBuffer(count: rowsMax * unitCount)
        self.unitCount = unitCount
    }

    /// Replaces the sums of `rowCount` rows by their activations.
    func activate(_ activation: Activation, rowCount: Int) {
        let values = values.pointer
        let slopes = slopes.pointer
        let count = rowCount * unitCount
        kernels.activate(activation.kernel, 1, values, count, 0, count)
        switch activation {
        case .relu: for unit in 0..<count { slopes[unit] = values[unit] > 0 ? 1 : 0 }
        case .elu: for unit in 0..<count { slopes[unit] = values[unit] > 0 ? 1 : values[unit] + 1 }
        case .tanh: for unit in 0..<count { slopes[unit] = 1 - values[unit] * values[unit] }
        case .sigmoid: for unit in 0..<count { slopes[unit] = values[unit] * (1 - values[unit]) }
        }
    }

    /// Adds the units of `other`, of the same count.
    func add(_ other: HiddenUnits, rowCount: Int) {
        let values = values.pointer
        let others = other.values.pointer
        for unit in 0..<rowCount * unitCount { values[unit] += others[unit] }
    }

    /// Sets a random share of the activations of `rowCount` rows to zero and scales up the others, so that the expected
    /// sum stays (Srivastava et al. 2014). Draws 16 bits a unit.
    func drop(_ dropout: inout Dropout, rowCount: Int) {
        let threshold = UInt64(dropout.share * 65536)
        let scale = 1 / (1 - Float(threshold) / 65536)
        let count = rowCount * unitCount
        var unit = 0
        while unit < count {
            var word = dropout.generator.next()
            for _ in 0..<min(4, count - unit) {
                let factor = word & 0xFFFF < threshold ? 0 : scale
                values.pointer[unit] *= factor
                slopes.pointer[unit] *= factor
                word >>= 16
                unit += 1
            }
        }
    }
}

/// Which share of the hidden units a training step leaves out, and the draws that pick them.
struct Dropout {
    let share: Float
    var generator: PhiloxGenerator
}

extension Activation {
    fileprivate var kernel: staircase_activation {
        switch self {
        case .relu: STAIRCASE_RELU
        case .elu: STAIRCASE_ELU
        case .tanh: STAIRCASE_TANH
        case .sigmoid: STAIRCASE_SIGMOID
        }
    }
}
