internal import MADE
internal import MADERows

/// One ensemble to train: the rows, what their columns become, and how its members are trained.
struct EnsembleFit: Sendable {
    /// Rows for the gradient, for the stopping point, and for calibration where the fit has some of its own.
    let train: EncodedTable
    let validation: EncodedTable
    let calibration: EncodedTable?
    /// The same rows as the table has them.
    let calibrationTable: Table?
    let options: TrainingOptions
    /// The variable whose values are the groups with calibrations of their own, and what these are called.
    let groups: (variable: Int, names: [String])?
    /// Of each variable what the others leave of it, where that is little; nil where the networks have no residual means.
    private let deviations: [Float?]?
    private let regressionRows: RegressionRows?
    private let encoder: TableEncoder
    private let schema: TableSchema

    /// Numbers are transformed `like` those of another fit, where one is given.
    init(_ split: TableSplit, schema: TableSchema, options: TrainingOptions, like other: EnsembleFit? = nil) {
        let encoder = TableEncoder(schema, rows: split.train, options: options, like: other?.encoder)
        train = encoder.encode(split.train)
        regressionRows =
            options.hasResidualMeans
            ? RegressionRows(
                encoder.variables, train, deviationMin: options.residualDeviationMin(rowCount: train.rowCount)) : nil
        deviations = regressionRows?.deviations
        self.encoder = options.scaleFloor == nil ? deviations.map(encoder.sharpened) ?? encoder : encoder
        validation = encoder.encode(split.validation)
        calibration = split.calibration.map(encoder.encode)
        calibrationTable = split.calibration
        self.schema = schema
        self.options = options
        let variables = encoder.variables
        groups = options.groupColumn.flatMap { column in
            guard let variable = try? schema.groupVariable(column) else { return nil }
            return GroupCalibration.names(of: variables[variable], schema.table).map { (variable, $0) }
        }
    }

    var variables: [Variable] { encoder.variables }

    /// With a tenth of a deviation left, 99 % of the variance follow.
    private static let nearDeviationMax: Float = 0.1

    /// The names of real variables of whose variance 99 % follow from the others.
    var nearDeterministic: [String] {
        zip(variables, deviations ?? []).filter { $1 ?? .infinity <= Self.nearDeviationMax }.map(\.0.name)
    }

    /// Other rows of the table, as this fit takes them.
    func encode(_ table: Table) -> EncodedTable { encoder.encode(table) }

    /// The training of network `index`, counted from 0.
    func training(of index: Int) -> MemberTraining {
        MemberTraining(
            index: index, variables: variables, train: train, validation: validation, regressionRows: regressionRows,
            options: options)
    }

    /// The ensemble of the networks that `results` are of, not calibrated.
    func model(_ results: [MemberTraining.Result], name: String, imageWidth: Int? = nil) -> DensityModel {
        DensityModel(
            name: name, variables: variables, activation: options.activation, isResidual: options.isResidual,
            networks: results.map(\.network),
            members: results.enumerated().flatMap { index, result in
                result.masks.map { Member(network: index, ordering: $0.ordering, hiddenDegrees: $0.hiddenDegrees) }
            },
            imageWidth: imageWidth, schema: schema.table)
    }
}

/// A trained ensemble with what its rows say of it.
struct FittedEnsemble {
    let model: DensityModel
    let evaluation: Evaluation
    private let fit: EnsembleFit
    private let results: [MemberTraining.Result]

    /// Precondition: at least one result.
    init(_ fit: EnsembleFit, _ results: [MemberTraining.Result], name: String, imageWidth: Int?) {
        self.fit = fit
        self.results = results
        model = fit.model(results, name: name, imageWidth: imageWidth)
        evaluation = Evaluation(model)
    }

    /// Mean of the networks' own validation nats, by which they were stopped: rows with missing cells count by what is
    /// known of them, those that fit worst are left out as from the gradient.
    var memberNats: Double {
        results.reduce(0) { $0 + $1.bestValidationNats } / Double(results.count)
    }

    /// The model with `calibration` and the summary of its training; `folds` are those that gave the calibration.
    func calibrated(_ calibration: Calibration?, foldCount: Int, test: Table?) -> DensityModel {
        var model = model
        model.calibration = calibration
        model.training = TrainingSummary(
            trainRows: fit.train.rowCount, validationRows: fit.validation.rowCount,
            calibrationRows: calibration?.logLikelihoods.count ?? 0,
            calibrationFolds: foldCount == 0 || calibration == nil ? nil : foldCount,
            nearDeterministic: fit.nearDeterministic,
            epochs: results.reduce(0) { $0 + $1.epochs } / results.count,
            trainNats: evaluation.meanNats(of: fit.train) ?? memberNats,
            validationNats: evaluation.meanNats(of: fit.validation) ?? memberNats,
            testNats: test.flatMap { evaluation.meanNats(of: fit.encode($0)) }, seed: fit.options.seed,
            curve: TrainingCurve(results.map(\.history)))
        return model
    }

    /// From the rows that were kept from the fit; nil where there are none.
    var heldOutCalibration: Calibration? {
        var tally = CalibrationTally(
            fit.variables, rowCount: fit.calibration?.rowCount ?? 0, groups: fit.groups)
        if let rows = fit.calibration { evaluation.add(rows, to: &tally) }
        return tally.calibration?.keeping(CalibrationRows(self, fit), variables: fit.variables)
    }
}
