/// Adam (Kingma and Ba 2015, algorithm 1) over masked parameters, with the penalties that keep weights small.
///
/// Weight decay is decoupled (Loshchilov and Hutter 2019); L1 is a proximal step after each step: weights within
/// learning rate × strength of zero become zero, the others move that far towards it.
struct Adam {
    /// What pulls some of the parameters towards zero besides the gradient.
    struct Penalty {
        var decay: Float = 0
        var l1: Float = 0
    }

    private static let meanDecay: Float = 0.9
    private static let varianceDecay: Float = 0.999
    private static let epsilon: Float = 1e-8

    private let mask: FloatBuffer
    private let mean: FloatBuffer
    private let variance: FloatBuffer
    private let penalties: [(range: Range<Int>, penalty: Penalty)]
    private var meanPower: Float = 1
    private var variancePower: Float = 1

    /// `penalties` cover all parameters in disjoint ranges.
    init(mask: [Float], penalties: [(range: Range<Int>, penalty: Penalty)]) {
        precondition(penalties.reduce(0) { $0 + $1.range.count } == mask.count)
        self.mask = FloatBuffer(mask)
        mean = FloatBuffer(count: mask.count)
        variance = FloatBuffer(count: mask.count)
        self.penalties = penalties
    }

    /// Forgets the moments, as at the start.
    mutating func reset() {
        mean.clear(0..<mean.count)
        variance.clear(0..<variance.count)
        meanPower = 1
        variancePower = 1
    }

    /// One step down the `gradient` times the mask.
    mutating func step(_ parameters: FloatBuffer, gradient: FloatBuffer, learningRate: Float) {
        meanPower *= Self.meanDecay
        variancePower *= Self.varianceDecay
        let rate = learningRate / (1 - meanPower)
        let correction = 1 / (1 - variancePower)
        for (range, penalty) in penalties {
            let kept = 1 - learningRate * penalty.decay
            let threshold = learningRate * penalty.l1
            let parameter = parameters.pointer + range.lowerBound
            let gradient = gradient.pointer + range.lowerBound
            let mask = mask.pointer + range.lowerBound
            let mean = mean.pointer + range.lowerBound
            let variance = variance.pointer + range.lowerBound
            for index in 0..<range.count {
                let slope = gradient[index] * mask[index]
                let first = mean[index] + (slope - mean[index]) * (1 - Self.meanDecay)
                let second = variance[index] + (slope * slope - variance[index]) * (1 - Self.varianceDecay)
                mean[index] = first
                variance[index] = second
                let moved =
                    parameter[index] * kept - rate * first / ((second * correction).squareRoot() + Self.epsilon)
                let size = abs(moved) - threshold
                let shrunk = size > 0 ? size : 0
                parameter[index] = moved < 0 ? -shrunk : shrunk
            }
        }
    }
}
