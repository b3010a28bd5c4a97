internal import Dispatch
public import MADE
internal import Synchronization

/// The tables of one training.
public struct TrainingTables: Sendable {
    /// What is learned, and what validation and calibration rows are taken from where they have no table of their own.
    public var train: Table
    /// What the columns of all tables hold.
    public var schema: TableSchema
    /// Rows that choose the stopping point.
    public var validation: Table?
    /// Rows that give the calibration.
    public var calibration: Table?
    /// Rows that are only measured.
    public var test: Table?

    /// All tables have the columns of `train`, in its order; without a `schema` they are binary.
    public init(
        train: Table, schema: TableSchema? = nil, validation: Table? = nil, calibration: Table? = nil,
        test: Table? = nil
    ) {
        self.train = train
        self.schema = schema ?? TableSchema(binary: train.columns)
        self.validation = validation
        self.calibration = calibration
        self.test = test
    }
}

/// Trains an ensemble of masked networks on a table.
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
        if let imageWidth, imageWidth < 1 || tables.train.columns.count % imageWidth != 0 {
            throw .imageWidth(imageWidth, variableCount: tables.train.columns.count)
        }
        let fits = ([split] + split.folds).map { split in
            Fit(
                split: split,
                variables: VariableEncoding.variables(tables.schema, rows: split.train, options: options))
        }
        let results = trainMembers(of: fits, stop: stop, progress: progress)
        var model = model(fits[0], results[0], name: name, imageWidth: imageWidth)
        let evaluation = Evaluation(model)
        let calibration = calibration(of: fits, results, served: evaluation)
        // What the members were trained by, where no row is complete.
        let maskedNats = results[0].reduce(0) { $0 + ($1.course.last?.bestValidationNats ?? 0) }
        let incompleteNats = maskedNats / Double(results[0].count)
        model.calibration = calibration
        model.training = TrainingSummary(
            trainRows: split.train.rowCount, validationRows: split.validation.rowCount,
            calibrationRows: calibration?.logLikelihoods.count ?? 0,
            calibrationFolds: split.folds.isEmpty || calibration == nil ? nil : split.folds.count,
            epochs: results[0].reduce(0) { $0 + $1.epochs } / results[0].count,
            trainNats: evaluation.meanNats(of: split.train) ?? incompleteNats,
            validationNats: evaluation.meanNats(of: split.validation) ?? incompleteNats,
            testNats: tables.test.flatMap { evaluation.meanNats(of: $0) }, seed: options.seed,
            curve: TrainingCurve(results[0].map(\.course)))
        return model
    }

    /// One ensemble to train.
    private struct Fit {
        let split: TableSplit
        let variables: [Variable]
    }

    private func model(
        _ fit: Fit, _ results: [MemberTraining.Result], name: String, imageWidth: Int? = nil
    ) -> DensityModel {
        DensityModel(
            name: name, variables: fit.variables, activation: options.activation, isResidual: options.isResidual,
            networks: results.map(\.network),
            members: results.enumerated().map { index, result in
                Member(network: index, ordering: result.ordering, hiddenDegrees: result.hiddenDegrees)
            },
            imageWidth: imageWidth)
    }

    /// From the rows kept from the served model's fit; of a table in folds, from each one's rows as scored by the fit that
    /// has not seen them. Nil where there are no such rows, or a fold's fit was interrupted.
    private func calibration(
        of fits: [Fit], _ results: [[MemberTraining.Result]], served: Evaluation
    ) -> Calibration? {
        var tally = CalibrationTally(variableCount: fits[0].variables.count)
        if let rows = fits[0].split.calibration { served.add(rows, to: &tally) }
        for (fit, results) in zip(fits, results).dropFirst() {
            guard results.count == options.memberCount, results.allSatisfy(\.isComplete) else { return nil }
            if let rows = fit.split.calibration { Evaluation(model(fit, results, name: "")).add(rows, to: &tally) }
        }
        return tally.calibration
    }

    /// The members of each fit in order, each trained by one thread from start to end; the first fit's come first.
    private func trainMembers(
        of fits: [Fit], stop: StopFlag, progress: @Sendable (TrainingProgress) -> Void
    ) -> [[MemberTraining.Result]] {
        let options = options
        let count = fits.count * options.memberCount
        let next = Atomic<Int>(0)
        let results = Mutex<[MemberTraining.Result?]>(Array(repeating: nil, count: count))
        let tally = Mutex(ProgressTally(memberCount: count, rowCount: fits[0].split.train.rowCount))
        DispatchQueue.concurrentPerform(iterations: min(options.threadCount, count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count, index == 0 || !stop.isRaised else { return }
                let fit = fits[index / options.memberCount]
                let training = MemberTraining(
                    index: index % options.memberCount, variables: fit.variables, train: fit.split.train,
                    validation: fit.split.validation, options: options)
                let result = training.run(isStopped: { stop.isRaised }) { epoch in
                    tally.withLock { progress($0.take(epoch, member: index)) }
                }
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { results in
            fits.indices.map { fit in
                results[fit * options.memberCount..<(fit + 1) * options.memberCount].compactMap(\.self)
            }
        }
    }
}
