internal import Glibc
internal import MADE

/// The training of one member on one thread: its own ordering, weights, shuffles and stopping point.
///
/// Everything random is drawn from the seed and the member's number, so the member is the same whoever trains beside it.
final class MemberTraining {
    /// What came of it.
    struct Result: Sendable {
        var ordering: Ordering
        var hiddenDegrees: [[Int]]
        var network: MaskedNetwork
        /// Passes up to the weights that were kept.
        var epochs: Int
    }

    /// One pass over the training rows.
    struct Epoch: Sendable {
        var number: Int
        var trainNats: Double
        var validationNats: Double
        var bestValidationNats: Double
        var isLast: Bool
        /// Passes until the end if nothing gets better any more.
        var epochsLeft: Int
    }

    /// Streams of the seed that one member uses, and the parts they are for.
    private enum Stream: UInt64, CaseIterable {
        case ordering, weights, shuffles, dropout
    }

    private static let validationBatchRows = 256

    private let options: TrainingOptions
    private let train: Table
    private let validation: Table
    private let ordering: Ordering
    private let hiddenDegrees: [[Int]]
    private let passes: Backpropagation
    private let best: FloatBuffer
    private var adam: Adam
    private var schedule: LearningSchedule
    private var shuffles: PhiloxGenerator
    private var dropout: Dropout?

    /// `variables` are the columns of both tables; `index` counts the members from 0.
    init(index: Int, variables: [Variable], train: Table, validation: Table, options: TrainingOptions) {
        func generator(_ stream: Stream) -> PhiloxGenerator {
            // Stream 0 splits the table.
            let number = 1 + UInt64(index) * UInt64(Stream.allCases.count) + stream.rawValue
            return PhiloxGenerator(seed: options.seed, stream: number)
        }
        self.options = options
        self.train = train
        self.validation = validation
        var orderings = generator(.ordering)
        ordering = Ordering.random(count: variables.count, using: &orderings)
        hiddenDegrees = Degrees.spread(widths: options.hiddenWidths, variableCount: variables.count)
        let degrees = Degrees(ordering: ordering, hidden: hiddenDegrees, layout: UnitLayout(variables))
        let plan = ParameterPlan(degrees: degrees, isDirect: options.isDirect)
        let encodings = variables.map { variable in
            switch variable.kind {
            case .binary(let encoding): encoding
            case .categorical, .real: preconditionFailure("only binary variables are handled here")
            }
        }
        passes = Backpropagation(
            plan: plan, activation: options.activation, encodings: encodings,
            rowsMax: max(Self.validationBatchRows, options.batchRows))
        var weights = generator(.weights)
        let start = InitialParameters.draw(
            plan: plan, activation: options.activation, oneCounts: train.oneCounts, rowCount: train.rowCount,
            using: &weights)
        passes.parameters.set(start)
        best = FloatBuffer(start)
        adam = Adam(mask: plan.mask, penalties: Self.penalties(plan, options, rowCount: train.rowCount))
        schedule = LearningSchedule(
            rate: options.learningRate, patience: options.patienceEpochs, reductionCount: options.reductionCount)
        shuffles = generator(.shuffles)
        dropout = options.dropout > 0 ? Dropout(share: options.dropout, generator: generator(.dropout)) : nil
    }

    /// Trains until nothing gets better or `isStopped`, which is asked before each step; the best weights are kept, the
    /// initial ones included.
    func run(isStopped: () -> Bool, report: (Epoch) -> Void) -> Result {
        _ = schedule.take(validationNats(), epoch: 0)
        var order = Array(0..<train.rowCount)
        for epoch in 1...options.epochsMax {
            order.shuffle(using: &shuffles)
            let trainNats = pass(over: order, isStopped: isStopped)
            let nats = trainNats?.isFinite == false ? .infinity : validationNats()
            let verdict = schedule.take(nats, epoch: epoch)
            if schedule.bestEpoch == epoch { best.set(from: passes.parameters) }
            guard let trainNats else { break }
            let isLast = verdict == .end || epoch == options.epochsMax
            report(
                Epoch(
                    number: epoch, trainNats: trainNats, validationNats: nats,
                    bestValidationNats: schedule.bestNats, isLast: isLast, epochsLeft: schedule.epochsLeft))
            if isLast { break }
            if verdict == .reduce {
                passes.parameters.set(from: best)
                adam.reset()
            }
        }
        return Result(
            ordering: ordering, hiddenDegrees: hiddenDegrees, network: passes.plan.network(from: best.elements),
            epochs: schedule.bestEpoch)
    }

    /// One gradient step a batch over the rows in `order`; mean nats a row.
    ///
    /// Ends early with infinity where they are not finite, with nil where `isStopped`.
    private func pass(over order: [Int], isStopped: () -> Bool) -> Double? {
        let batchCount = (order.count + options.batchRows - 1) / options.batchRows
        var nats = 0.0
        for batch in 0..<batchCount {
            if isStopped() { return nil }
            passes.load(
                order[order.count * batch / batchCount..<order.count * (batch + 1) / batchCount], of: train.values)
            passes.forward(dropout: &dropout)
            nats += passes.loss()
            guard nats.isFinite else { return .infinity }
            passes.backward()
            adam.step(passes.parameters, gradient: passes.gradient, learningRate: schedule.rate)
        }
        return nats / Double(order.count)
    }

    /// Mean negative log-likelihood of the validation rows under this member alone.
    private func validationNats() -> Double {
        let order = Array(0..<validation.rowCount)
        var nats = 0.0
        for start in stride(from: 0, to: order.count, by: Self.validationBatchRows) {
            passes.load(order[start..<min(start + Self.validationBatchRows, order.count)], of: validation.values)
            passes.forward()
            nats += passes.loss()
        }
        return nats / Double(order.count)
    }

    /// A mean over n rows is uncertain by 1 / √n: the fewer rows there are, the more L1 takes away of what fits by chance.
    private static func penalties(
        _ plan: ParameterPlan, _ options: TrainingOptions, rowCount: Int
    ) -> [(range: Range<Int>, penalty: Adam.Penalty)] {
        let scale = (1000 / Float(rowCount)).squareRoot()
        let weights = Adam.Penalty(decay: options.weightDecay, l1: options.l1 * scale)
        let direct = Adam.Penalty(decay: options.weightDecay, l1: options.directL1 * scale)
        return plan.layers.map { ($0.weight, weights) } + plan.biases.map { ($0, Adam.Penalty()) }
            + (plan.direct.map { [($0.weight, direct)] } ?? [])
    }
}
