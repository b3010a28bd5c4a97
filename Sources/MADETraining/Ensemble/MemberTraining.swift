internal import Glibc
internal import MADE

/// The training of one network on one thread: its own masks, weights, shuffles and stopping point.
///
/// Everything random is drawn from the seed and the network's number, so it is the same whoever trains beside it. A network
/// with one mask is one member of the ensemble; one with several is trained under each in turn, and is as many members.
final class MemberTraining {
    /// What came of it.
    struct Result: Sendable {
        /// One a member.
        var masks: [NetworkPasses.Mask]
        var network: MaskedNetwork
        /// Passes up to the weights that were kept.
        var epochs: Int
        /// The learning rates and steps that led to those weights.
        var phases: [Phase]
        /// Every look at the validation rows.
        var history: [Epoch]
        /// Validation nats of the weights that were kept; infinity where there were no looks.
        var bestValidationNats: Double
        /// Whether training came to its own end.
        var isComplete: Bool
    }

    /// One pass over the training rows.
    struct Epoch: Sendable {
        var number: Int
        var trainNats: Double
        /// Nil where the training follows another one.
        var validation: Validation?
        var isLast: Bool
        /// Passes until the end if nothing gets better any more.
        var epochsLeft: Int

        /// A look at the validation rows, nats.
        struct Validation {
            var nats: Double
            var bestNats: Double
        }
    }

    /// Gradient steps up to the weights that were kept: those from one return to the best weights to the next, but for the
    /// last of them, which were taken back.
    struct Phase: Sendable, Equatable {
        /// The learning rate at the start.
        var rate: Float
        /// Steps in which it falls to 0; nil: it stays.
        var fallSteps: Int?
        var stepCount: Int
    }

    /// Streams of the seed that one network uses, and the parts they are for.
    private enum Stream: UInt64, CaseIterable {
        case ordering, weights, shuffles, dropout
    }

    /// Streams of corruptions, far from those of `Stream`, whose numbers are the older.
    private static let corruptionStreams: UInt64 = 1 << 32
    static let validationBatchRows = 256

    private let options: TrainingOptions
    private let train: EncodedTable
    private let validation: EncodedTable
    /// What a row costs besides, nats: what the densities of numbers are less than those of their encoded values.
    private let trainVolume: Double
    private let validationVolume: Double
    private let passes: NetworkPasses
    /// The best average of weights so far.
    private let best: FloatBuffer
    /// The weights from which the next step goes on, while their average is looked at.
    private let stepped: FloatBuffer
    private let batchCount: Int
    private let passCountMax: Int
    private let stepCountMax: Int
    private var stepsDone = 0
    private var adam: Adam
    private var schedule: LearningSchedule
    private var shuffles: PhiloxGenerator
    private var dropout: Dropout?
    private var corruption: Corruption?

    /// `variables` are the columns of both tables; `index` counts the networks from 0.
    init(
        index: Int, variables: [Variable], train: EncodedTable, validation: EncodedTable,
        regressionRows: RegressionRows? = nil,
        options: TrainingOptions
    ) {
        func generator(_ stream: Stream) -> PhiloxGenerator {
            // Stream 0 splits the table.
            let number = 1 + UInt64(index) * UInt64(Stream.allCases.count) + stream.rawValue
            return PhiloxGenerator(seed: options.seed, stream: number)
        }
        self.options = options
        self.train = train
        self.validation = validation
        trainVolume = train.meanLogVolume(variables)
        validationVolume = validation.meanLogVolume(variables)
        var orderings = generator(.ordering)
        let masks = Self.masks(variables, train, options, using: &orderings)
        passes = NetworkPasses(
            masks, variables: variables, regressionRows: regressionRows, options: options,
            rowsMax: max(Self.validationBatchRows, options.batchRows))
        let plan = passes.plan
        var weights = generator(.weights)
        let start = InitialParameters.draw(
            plan: plan, coverage: passes.coverage, places: VariablePlaces(variables, ordering: masks[0].ordering),
            residualMeans: passes.residualMeans, activation: options.activation, table: train, using: &weights)
        passes.parameters.set(start)
        best = FloatBuffer(start)
        stepped = FloatBuffer(start)
        adam = Adam(
            start: start, mask: passes.coverage, penalties: Self.penalties(plan, options, rowCount: train.rowCount))
        batchCount = options.batchCount(rowCount: train.rowCount)
        passCountMax = options.passCountMax(rowCount: train.rowCount)
        stepCountMax = options.stepCountMax(rowCount: train.rowCount)
        schedule =
            switch options.decay {
            case .plateau:
                LearningSchedule(
                    rate: options.learningRate, patience: options.patienceEpochs, reductionCount: options.reductionCount
                )
            case .cosine:
                LearningSchedule(rate: options.learningRate, epochs: passCountMax, steps: stepCountMax)
            }
        shuffles = generator(.shuffles)
        dropout = options.dropout > 0 ? Dropout(share: options.dropout, generator: generator(.dropout)) : nil
        corruption = Corruption(
            noise: options.inputNoise(rowCount: train.rowCount), dropout: options.inputDropout,
            strays: options.strayShare,
            generator: PhiloxGenerator(seed: options.seed, stream: Self.corruptionStreams + UInt64(index)))
    }

    /// Trains until nothing gets better or `isStopped`, which is asked before each step; the best weights are kept, the
    /// initial ones included.
    func run(isStopped: () -> Bool, report: (Epoch) -> Void) -> Result {
        _ = schedule.take(averageValidationNats(), epoch: 0)
        var order = Array(0..<train.rowCount)
        var history: [Epoch] = []
        var phases: [Phase] = []
        var phase = Phase(rate: schedule.rate, fallSteps: schedule.fallSteps, stepCount: 0)
        var phaseStart = 0
        for epoch in 1...passCountMax {
            order.shuffle(using: &shuffles)
            let trainNats = pass(over: order, upTo: stepCountMax, isStopped: isStopped)
            if trainNats?.isFinite == true && !schedule.looks(afterEpoch: epoch) { continue }
            let nats = trainNats?.isFinite == false ? .infinity : averageValidationNats()
            let verdict = schedule.take(nats, epoch: epoch)
            if schedule.bestEpoch == epoch {
                best.set(from: adam.average)
                phase.stepCount = stepsDone - phaseStart
            }
            guard let trainNats else { break }
            let isLast = verdict == .end || epoch == passCountMax
            let look = Epoch(
                number: epoch, trainNats: trainNats, validation: .init(nats: nats, bestNats: schedule.bestNats),
                isLast: isLast, epochsLeft: min(schedule.epochsLeft, passCountMax - epoch))
            history.append(look)
            report(look)
            if isLast { break }
            if verdict == .reduce {
                phases.append(phase)
                passes.parameters.set(from: best)
                adam.restart(from: best, stepCount: phases.stepCount)
                phase = Phase(rate: schedule.rate, fallSteps: schedule.fallSteps, stepCount: 0)
                phaseStart = stepsDone
            }
        }
        return Result(
            masks: passes.masks, network: passes.network(from: best.elements),
            epochs: schedule.bestEpoch, phases: phases + [phase], history: history,
            bestValidationNats: schedule.bestNats,
            isComplete: history.last?.isLast == true)
    }

    /// Trains by the `phases` of another training, of which this one needs no validation rows, or until `isStopped`, which
    /// is asked before each step. Where a loss is not finite it ends with the weights of the pass before.
    func run(by phases: [Phase], isStopped: () -> Bool, report: (Epoch) -> Void) -> Result {
        var order = Array(0..<train.rowCount)
        var epoch = 0
        var end = 0
        let stepCount = phases.stepCount
        func result(isComplete: Bool) -> Result {
            Result(
                masks: passes.masks, network: passes.network(from: best.elements), epochs: epoch, phases: phases,
                history: [], bestValidationNats: .infinity, isComplete: isComplete)
        }
        for phase in phases where phase.stepCount > 0 {
            schedule.begin(rate: phase.rate, fallSteps: phase.fallSteps)
            passes.parameters.set(from: best)
            adam.restart(from: best, stepCount: end)
            end += phase.stepCount
            while stepsDone < end {
                order.shuffle(using: &shuffles)
                let trainNats = pass(over: order, upTo: end, isStopped: isStopped)
                guard let trainNats, trainNats.isFinite else { return result(isComplete: trainNats != nil) }
                best.set(from: adam.average)
                epoch += 1
                guard schedule.looks(afterEpoch: epoch) || stepsDone == stepCount else { continue }
                report(
                    Epoch(
                        number: epoch, trainNats: trainNats, validation: nil, isLast: stepsDone == stepCount,
                        epochsLeft: (stepCount - stepsDone + batchCount - 1) / batchCount))
            }
        }
        return result(isComplete: true)
    }

    /// One gradient step a batch over the rows in `order`, until there have been `stepLimit` in all; mean nats a row.
    ///
    /// Ends early with infinity where they are not finite, with nil where `isStopped`.
    private func pass(over order: [Int], upTo stepLimit: Int, isStopped: () -> Bool) -> Double? {
        var nats = 0.0
        var countedRows = 0
        for batch in 0..<min(batchCount, stepLimit - stepsDone) {
            if isStopped() { return nil }
            let rows = order[order.count * batch / batchCount..<order.count * (batch + 1) / batchCount]
            let masked = passes.select(stepsDone % passes.masks.count)
            masked.load(rows, of: train.values, corruption: &corruption)
            masked.forward(dropout: &dropout)
            let trimmedCount = stepsDone >= trimStart ? trimmedCount(of: rows.count) : 0
            nats += masked.loss(trimmedCount: trimmedCount, trimmedValueCount: trimmedValueCount(of: rows.count))
            countedRows += rows.count - trimmedCount
            guard nats.isFinite else { return .infinity }
            passes.backward()
            let norm = options.gradientNormMax
            let scale = norm > 0 ? adam.clippingScale(of: passes.gradient, to: norm) : 1
            adam.step(passes.parameters, gradient: passes.gradient, scale: scale, learningRate: schedule.rate)
            schedule.advance()
            stepsDone += 1
        }
        return nats / Double(countedRows) + trainVolume
    }

    /// Validation nats of the average of the weights; the weights stay.
    private func averageValidationNats() -> Double {
        stepped.set(from: passes.parameters)
        passes.parameters.set(from: adam.average)
        defer { passes.parameters.set(from: stepped) }
        return validationNats()
    }

    /// Mean negative log-likelihood of the validation rows under this network alone, each row under one of its masks, always
    /// the same one; rows that fit worst, and remote numbers, are left out as from the gradient: the best weights are not those
    /// that happen to be nearest to a few of them.
    private func validationNats() -> Double {
        var nats = 0.0
        var countedRows = 0
        for mask in passes.masks.indices {
            let order = Array(stride(from: mask, to: validation.rowCount, by: passes.masks.count))
            let masked = passes.select(mask)
            for start in stride(from: 0, to: order.count, by: Self.validationBatchRows) {
                let rows = order[start..<min(start + Self.validationBatchRows, order.count)]
                masked.load(rows, of: validation.values)
                masked.forward()
                let trimmedCount = trimmedCount(of: rows.count)
                nats += masked.loss(trimmedCount: trimmedCount, trimmedValueCount: trimmedValueCount(of: rows.count))
                countedRows += rows.count - trimmedCount
            }
        }
        return nats / Double(countedRows) + validationVolume
    }

    /// A random ordering a mask; degrees spread evenly over the hidden units, and, where masks share their weights, over
    /// other units under each of them (Germain et al. 2015, section 4.3). Layers that are added keep equal degrees.
    private static func masks(
        _ variables: [Variable], _ train: EncodedTable, _ options: TrainingOptions,
        using generator: inout PhiloxGenerator
    ) -> [NetworkPasses.Mask] {
        let spread = Degrees.spread(widths: options.hiddenWidths, variableCount: variables.count)
        return (0..<options.maskCount).map { _ in
            let ordering = Ordering.random(count: variables.count, using: &generator).heapedFirst(variables, train)
            var degrees = spread
            for layer in degrees.indices where options.maskCount > 1 {
                let isAdded = options.isResidual && layer > 0 && spread[layer].count == spread[layer - 1].count
                degrees[layer] = isAdded ? degrees[layer - 1] : spread[layer].shuffled(using: &generator)
            }
            return NetworkPasses.Mask(ordering: ordering, hiddenDegrees: degrees)
        }
    }

    /// The step from which rows are left out. Few of them from nearly the start, so that they are never learned; many when
    /// it is known which: those that fit worst at first are those that nothing has been learned of yet.
    private var trimStart: Int {
        let steps = min(options.steps(rowCount: train.rowCount), stepCountMax)
        return Int(Float(steps) * options.trimmedShare / 2)
    }

    private func trimmedCount(of rowCount: Int) -> Int {
        Int(Float(rowCount) * options.trimmedShare)
    }

    private func trimmedValueCount(of rowCount: Int) -> Int {
        Int(Float(rowCount) * options.trimmedValueShare)
    }

    /// A mean over n rows is uncertain by 1 / √n: the fewer rows there are, the more L1 takes away of what fits by chance. To
    /// weights that several masks share each row is as many cases, one an ordering.
    private static func penalties(
        _ plan: ParameterPlan, _ options: TrainingOptions, rowCount: Int
    ) -> [(range: Range<Int>, penalty: Adam.Penalty)] {
        let scale = (1000 / (Float(rowCount) * Float(options.maskCount))).squareRoot()
        let weights = Adam.Penalty(decay: options.weightDecay, l1: options.l1 * scale)
        let direct = Adam.Penalty(decay: options.weightDecay, l1: options.directL1 * scale)
        return plan.layers.map { ($0.weight, weights) } + plan.biases.map { ($0, Adam.Penalty()) }
            + (plan.direct.map { [($0.weight, direct)] } ?? [])
    }
}

extension [MemberTraining.Phase] {
    /// Gradient steps in all.
    fileprivate var stepCount: Int { reduce(0) { $0 + $1.stepCount } }
}
