internal import CStaircase

/// Adam (Kingma and Ba 2015, algorithm 1) over masked parameters, with the penalties that keep weights small.
///
/// Weight decay is decoupled (Loshchilov and Hutter 2019); L1 is a proximal step after each step: weights within
/// learning rate × strength of zero become zero, the others move that far towards it.
///
/// The parameters to use are not the last ones but the average over the steps, in which the noise of single steps cancels
/// (Shamir and Zhang 2013, section 4, polynomial-decay averaging): two thirds of it are the last ninth of the steps, however
/// many there were.
struct Adam {
    /// What pulls some of the parameters towards zero besides the gradient.
    struct Penalty {
        var decay: Float = 0
        var l1: Float = 0
    }

    private static let meanDecay: Float = 0.9
    private static let varianceDecay: Float = 0.999
    private static let epsilon: Float = 1e-8
    /// η of the averaging.
    private static let averagingDegree: Float = 8

    private let kernels = staircase_kernels_best().pointee
    /// Where parameters count: what the masks take away costs a step nothing.
    private let runs: [(range: Range<Int>, penalty: Penalty)]
    private let mean: FloatBuffer
    private let variance: FloatBuffer
    /// The average of the parameters after each step.
    let average: FloatBuffer
    /// Steps that are averaged.
    private var stepCount = 0
    private var meanPower: Float = 1
    private var variancePower: Float = 1

    /// For the parameters that are `start` at first; they count where `mask` is not 0. `penalties` cover all of them in
    /// disjoint ranges.
    init(start: [Float], mask: [Float], penalties: [(range: Range<Int>, penalty: Penalty)]) {
        precondition(penalties.reduce(0) { $0 + $1.range.count } == mask.count && start.count == mask.count)
        average = FloatBuffer(start)
        mean = FloatBuffer(count: mask.count)
        variance = FloatBuffer(count: mask.count)
        runs = penalties.flatMap { range, penalty in
            mask[range].split(separator: 0).map { ($0.indices, penalty) }
        }
    }

    /// Goes on from `parameters`, an average over `stepCount` steps, without moments, as at the start.
    mutating func restart(from parameters: FloatBuffer, stepCount: Int) {
        average.set(from: parameters)
        self.stepCount = stepCount
        mean.clear(0..<mean.count)
        variance.clear(0..<variance.count)
        meanPower = 1
        variancePower = 1
    }

    /// What scales `gradient` down to a Euclidean norm of at most `bound` over the parameters that count (Pascanu et al. 2013,
    /// algorithm 1).
    func clippingScale(of gradient: FloatBuffer, to bound: Float) -> Float {
        let squares = runs.reduce(0.0) { sum, run in
            sum + kernels.squares(run.range.count, gradient.pointer + run.range.lowerBound)
        }
        let norm = squares.squareRoot()
        return norm > Double(bound) ? bound / Float(norm) : 1
    }

    /// One step down the `gradient`, times `scale`; parameters that a mask takes away stay as they are.
    mutating func step(_ parameters: FloatBuffer, gradient: FloatBuffer, scale: Float = 1, learningRate: Float) {
        meanPower *= Self.meanDecay
        variancePower *= Self.varianceDecay
        stepCount += 1
        let averageShare = (Self.averagingDegree + 1) / (Float(stepCount) + Self.averagingDegree)
        for (range, penalty) in runs {
            var constants = staircase_adam(
                gradient_scale: scale, mean_share: 1 - Self.meanDecay, variance_share: 1 - Self.varianceDecay,
                rate: learningRate / (1 - meanPower), variance_correction: 1 / (1 - variancePower),
                epsilon: Self.epsilon, kept: 1 - learningRate * penalty.decay, threshold: learningRate * penalty.l1,
                average_share: averageShare)
            let start = range.lowerBound
            kernels.adam_step(
                &constants, range.count, parameters.pointer + start, gradient.pointer + start, mean.pointer + start,
                variance.pointer + start, average.pointer + start)
        }
    }
}
