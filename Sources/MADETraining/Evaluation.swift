internal import MADE
internal import MADERows

/// Log-likelihoods of a table's rows as they are served, to the bit: calibration compares with nothing else.
struct Evaluation {
    private let model: CompiledModel
    private let workspace: CompiledModel.Workspace

    init(_ model: DensityModel) {
        self.model = CompiledModel(model)
        workspace = self.model.makeWorkspace()
    }

    /// Mean negative log-likelihood of the rows, nats a row, but for `trimmedShare` of them, those that fit worst; nil where
    /// there is no row.
    func meanNats(of table: EncodedTable, trimmedShare: Float = 0) -> Double? {
        guard table.rowCount > 0 else { return nil }
        var logLikelihoods = score(table.values[...]).logLikelihoods
        let trimmedCount = Int(Float(logLikelihoods.count) * trimmedShare)
        if trimmedCount > 0 { logLikelihoods = Array(logLikelihoods.sorted().dropFirst(trimmedCount)) }
        return -logLikelihoods.reduce(0, +) / Double(logLikelihoods.count)
    }

    /// Adds what a table of rows that the model was not fitted to says of normal rows: as they come, those with missing values
    /// too, as new rows will. Returns the surprisals of their values [rows × D].
    @discardableResult func add(_ table: EncodedTable, to tally: inout CalibrationTally) -> [Float] {
        var surprisals: [Float] = []
        for first in stride(from: 0, to: table.rowCount, by: 1024) {
            let rows = first..<min(first + 1024, table.rowCount)
            let cells = table.values[rows.lowerBound * table.columnCount..<rows.upperBound * table.columnCount]
            let scores = score(cells)
            surprisals += scores.surprisals
            let chosen = tally.add(
                cells.span, logLikelihoods: scores.logLikelihoods, surprisals: scores.surprisals)
            let gains = RowCrew(model).map(chosen.count) { [model] index, workspace in
                let row = cells.dropFirst(chosen[index] * table.columnCount).prefix(table.columnCount)
                return model.gains(of: Array(row), using: workspace).map { Float($0.gain) }
            }
            tally.add(gains: gains.flatMap(\.self))
        }
        return surprisals
    }

    /// The surprisals of encoded rows [n × D], nats; 0 of a value that is not known.
    func surprisals(of rows: [Float]) -> [Float] { score(rows[...]).surprisals }

    private func score(_ rows: ArraySlice<Float>) -> (logLikelihoods: [Double], surprisals: [Float]) {
        var results = [Double](repeating: 0, count: rows.count / model.variableCount)
        var explained = results
        var errors = results
        var surprisals = [Float](repeating: 0, count: rows.count)
        var resultSpan = results.mutableSpan
        var explainedSpan = explained.mutableSpan
        var errorSpan = errors.mutableSpan
        var surprisalSpan = surprisals.mutableSpan
        model.explain(
            rows.span, missing: MissingValues(), logLikelihoods: &resultSpan, surprisals: &surprisalSpan,
            explained: &explainedSpan, standardErrors: &errorSpan, using: workspace)
        return (results, surprisals)
    }
}

/// Adds up the scores of calibration rows, which may come from several models.
struct CalibrationTally {
    private let variables: [Variable]
    private let volumes: LogVolumes
    private let unseen: UnseenRarity
    private let rowCount: Int
    private var logLikelihoods: [Double] = []
    private var surprisals: SurprisalTally
    private var cells: CellCalibrationTally
    private var gains: [Float] = []
    private let groups: (variable: Int, names: [String])?
    /// Of each row, where there are groups.
    private var rowClasses: [Int32] = []

    /// For `rowCount` rows of `variables` in all; `groups`: the variable whose values have calibrations of their own.
    init(_ variables: [Variable], rowCount: Int, groups: (variable: Int, names: [String])? = nil) {
        self.groups = groups
        self.variables = variables
        self.rowCount = rowCount
        volumes = LogVolumes(variables)
        unseen = UnseenRarity(variables)
        surprisals = SurprisalTally(variableCount: variables.count)
        cells = CellCalibrationTally(variableCount: variables.count)
    }

    /// Adds n encoded `rows` [n × D], their log-likelihoods and surprisals [n × D], nats. Returns which of the rows, spread evenly over all,
    /// have their gains added.
    mutating func add(_ rows: Span<Float>, logLikelihoods: [Double], surprisals: [Float]) -> [Int] {
        let first = self.logLikelihoods.count
        self.logLikelihoods += logLikelihoods
        self.surprisals.add(surprisals.span)
        if let groups {
            let variable = variables[groups.variable]
            rowClasses += logLikelihoods.indices.map { row in
                GroupCalibration.classIndex(of: rows[row * variables.count + groups.variable], variable)
            }
        }
        var (encoded, encodedSurprisals) = (logLikelihoods, surprisals)
        volumes.add(of: rows, toLogLikelihoods: &encoded, surprisals: &encodedSurprisals)
        cells.add(
            logLikelihoods: encoded, surprisals: encodedSurprisals.span,
            unseen: unseen.nats(of: rows, count: encoded.count))
        let chosenCount = GainCalibration.rowCount(of: rowCount, variables: variables)
        return logLikelihoods.indices.filter { index in
            (first + index + 1) * chosenCount / rowCount > (first + index) * chosenCount / rowCount
        }
    }

    /// Adds the gains of whole rows [n × D], nats.
    mutating func add(gains: [Float]) { self.gains += gains }

    /// Nil before the first row.
    var calibration: Calibration? {
        guard !logLikelihoods.isEmpty else { return nil }
        let cells = cells.withRowScores
        return Calibration(
            logLikelihoods: logLikelihoods, surprisals: surprisals.summary, cells: cells?.calibration,
            gains: gains.isEmpty ? nil : GainCalibration(gains, variableCount: variables.count),
            groups: groups.map { groups in
                GroupCalibration(
                    variable: groups.variable, names: groups.names, rowClasses: rowClasses,
                    logLikelihoods: logLikelihoods,
                    otherScores: cells.map { [$0.cellScores, $0.combinedScores] } ?? [])
            }, variables: variables)
    }
}
