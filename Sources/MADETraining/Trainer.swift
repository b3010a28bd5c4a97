public import MADE
public import MADERows

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
    private let memoryBytesMax: Int

    /// - Throws: `TrainingError.option`.
    public init(_ options: TrainingOptions) throws(TrainingError) {
        try self.init(options, memoryBytesMax: SystemMemory.byteCount)
    }

    init(_ options: TrainingOptions, memoryBytesMax: Int) throws(TrainingError) {
        try options.check()
        self.options = options
        self.memoryBytesMax = memoryBytesMax
    }

    /// The calibrated model of `tables`.
    ///
    /// The same tables and options give the same bits, whatever the number of threads. Raising `stop` ends the training
    /// with the best weights so far; members that were not begun are left out, then.
    ///
    /// - Parameters:
    ///   - imageWidth: pixels a line, where a row is a picture.
    ///   - progress: called after each epoch of a member, from the threads that train, one call at a time.
    /// - Throws: `TrainingError` where the rows are too few, the networks too large for the memory or the image width does
    ///   not fit.
    public func train(
        _ tables: TrainingTables, name: String, imageWidth: Int? = nil, stop: StopFlag = StopFlag(),
        progress: @Sendable @escaping (TrainingProgress) -> Void = { _ in }
    ) throws(TrainingError) -> DensityModel {
        let split = try Self.split(tables, imageWidth: imageWidth, options: options)
        let fits = Self.fits(split, schema: tables.schema, options: options)
        let threadCount = try TrainingMemory.threadCount(of: fits, options, bytesMax: memoryBytesMax)
        let pool = MemberPool(threadCount: threadCount, isStopped: { stop.isRaised }, progress: progress)
        let outcomes = pool.train(fits[0], folds: Array(fits.dropFirst()))
        return Self.model(of: fits, outcomes, name: name, imageWidth: imageWidth, test: tables.test)
    }

    /// The rows of a training of `tables`.
    static func split(
        _ tables: TrainingTables, imageWidth: Int?, options: TrainingOptions
    ) throws(TrainingError) -> TableSplit {
        if let imageWidth, imageWidth < 1 || tables.train.columns.count % imageWidth != 0 {
            throw .imageWidth(imageWidth, variableCount: tables.train.columns.count)
        }
        guard options.maskCount == 1 || tables.train.columns.count > 1 else {
            throw .option(
                name: OptionName.maskCount.rawValue, range: "1 for a table of one column, which has one ordering")
        }
        if let column = options.groupColumn {
            _ = try tables.schema.groupVariable(column)
            guard tables.calibration != nil || options.calibrationShare > 0 else {
                throw .option(
                    name: OptionName.calibrationShare.rawValue,
                    range: "above 0 with groups, whose calibrations are made of it")
            }
        }
        return try TableSplit(
            tables.train, validation: tables.validation, calibration: tables.calibration, options: options)
    }

    /// The fit that is served, then those of the folds.
    static func fits(_ split: TableSplit, schema: TableSchema, options: TrainingOptions) -> [EnsembleFit] {
        // What a fold's rows are like is compared with what the served fit makes of new rows: both take numbers alike.
        let served = EnsembleFit(split, schema: schema, options: options)
        return [served] + split.folds.map { EnsembleFit($0, schema: schema, options: options, like: served) }
    }

    /// The calibrated model of the `outcomes` of all members of `fits`; those not begun are left out.
    static func model(
        of fits: [EnsembleFit], _ outcomes: [MemberPool.Outcome?], name: String, imageWidth: Int?, test: Table?
    ) -> DensityModel {
        let memberCount = fits[0].options.memberCount
        let results = fits.indices.map { fit in
            outcomes[fit * memberCount..<(fit + 1) * memberCount].compactMap { $0?.result }
        }
        let served = FittedEnsemble(fits[0], results[0], name: name, imageWidth: imageWidth)
        let calibration =
            fits.count == 1
            ? served.heldOutCalibration
            : foldedCalibration(served, fits[0], folds: Array(zip(fits, results).dropFirst()))
        return served.calibrated(calibration, foldCount: fits.count - 1, test: test)
    }

    /// From each fold's rows as scored by the fit that has not seen them; nil where a fold's fit was interrupted.
    private static func foldedCalibration(
        _ served: FittedEnsemble, _ fit: EnsembleFit,
        folds: [(fit: EnsembleFit, results: [MemberTraining.Result])]
    ) -> Calibration? {
        var tally = CalibrationTally(
            fit.variables, rowCount: folds.reduce(0) { $0 + ($1.fit.calibration?.rowCount ?? 0) }, groups: fit.groups)
        var surprisals: [[Float]] = []
        for (fit, results) in folds {
            guard results.count == fit.options.memberCount, results.allSatisfy(\.isComplete),
                let rows = fit.calibration
            else { return nil }
            surprisals.append(Evaluation(fit.model(results, name: "")).add(rows, to: &tally))
        }
        return tally.calibration?.keeping(
            CalibrationRows(served, fit, folds: Array(zip(folds.compactMap(\.fit.calibrationTable), surprisals))),
            variables: fit.variables)
    }
}
