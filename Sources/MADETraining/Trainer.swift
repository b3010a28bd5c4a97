internal import Dispatch
public import MADE
internal import Synchronization

/// The tables of one training.
public struct TrainingTables: Sendable {
    /// What is learned, and what validation and calibration rows are taken from where they have no table of their own.
    public var train: Table
    /// Rows that choose the stopping point.
    public var validation: Table?
    /// Rows that give the calibration.
    public var calibration: Table?
    /// Rows that are only measured.
    public var test: Table?

    /// All tables have the columns of `train`, in its order.
    public init(train: Table, validation: Table? = nil, calibration: Table? = nil, test: Table? = nil) {
        self.train = train
        self.validation = validation
        self.calibration = calibration
        self.test = test
    }
}

/// Trains an ensemble of masked networks on a table of binary columns.
public struct Trainer: Sendable {
    private let options: TrainingOptions

    /// - Throws: `TrainingError.option`.
    public init(_ options: TrainingOptions) throws(TrainingError) {
        try options.check()
        self.options = options
    }

    /// The calibrated model of `tables`.
    ///
    /// The same tables and options give the same bits, whatever the number of threads. Raising `stop` ends the training
    /// with the best weights so far; members that were not begun are left out, then.
    ///
    /// - Parameters:
    ///   - imageWidth: pixels a line, where a row is a picture.
    ///   - progress: called after each epoch of a member, from the threads that train, one call at a time.
    /// - Throws: `TrainingError` where the rows are too few or the image width does not fit.
    public func train(
        _ tables: TrainingTables, name: String, imageWidth: Int? = nil, stop: StopFlag = StopFlag(),
        progress: @Sendable (TrainingProgress) -> Void = { _ in }
    ) throws(TrainingError) -> DensityModel {
        let split = try TableSplit(
            tables.train, validation: tables.validation, calibration: tables.calibration, options: options)
        let variables = tables.train.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) }
        if let imageWidth, imageWidth < 1 || variables.count % imageWidth != 0 {
            throw .imageWidth(imageWidth, variableCount: variables.count)
        }
        let results = trainMembers(variables, split, stop: stop, progress: progress)
        var model = DensityModel(
            name: name, variables: variables, activation: options.activation, networks: results.map(\.network),
            members: results.enumerated().map { index, result in
                Member(network: index, ordering: result.ordering, hiddenDegrees: result.hiddenDegrees)
            },
            imageWidth: imageWidth)
        let evaluation = Evaluation(model)
        model.training = TrainingSummary(
            trainRows: split.train.rowCount, validationRows: split.validation.rowCount,
            calibrationRows: split.calibration?.rowCount ?? 0,
            epochs: results.reduce(0) { $0 + $1.epochs } / results.count,
            trainNats: evaluation.meanNats(of: split.train), validationNats: evaluation.meanNats(of: split.validation),
            testNats: tables.test.map { evaluation.meanNats(of: $0) }, seed: options.seed)
        model.calibration = split.calibration.map { evaluation.calibration(on: $0) }
        return model
    }

    /// The members in order, each trained by one thread from start to end.
    private func trainMembers(
        _ variables: [Variable], _ split: TableSplit, stop: StopFlag,
        progress: @Sendable (TrainingProgress) -> Void
    ) -> [MemberTraining.Result] {
        let options = options
        let next = Atomic<Int>(0)
        let results = Mutex<[MemberTraining.Result?]>(Array(repeating: nil, count: options.memberCount))
        let tally = Mutex(ProgressTally(options: options, rowCount: split.train.rowCount))
        DispatchQueue.concurrentPerform(iterations: min(options.threadCount, options.memberCount)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < options.memberCount, index == 0 || !stop.isRaised else { return }
                let training = MemberTraining(
                    index: index, variables: variables, train: split.train, validation: split.validation,
                    options: options)
                let result = training.run(isStopped: { stop.isRaised }) { epoch in
                    tally.withLock { progress($0.take(epoch, member: index)) }
                }
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
