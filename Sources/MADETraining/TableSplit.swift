internal import MADE
internal import MADERows

/// The tables of one fit: disjoint rows for the gradient, for the stopping point and for calibration.
struct TableSplit {
    let train: Table
    let validation: Table
    /// Rows that the fit does not see; nil for none.
    let calibration: Table?
    /// Fits to one part of the rows less each, which that part calibrates, where the table is too small to keep rows from
    /// the fit that is served: its p-values then come from rows that have been scored by a fit of the same kind that has not
    /// seen them, all rows of the table one by one. They have no validation rows: how long they are trained is taken from the
    /// fit that is served.
    let folds: [TableSplit]

    /// Most rows that a share takes: p-values and means gain little from more, the gradient does.
    static let heldOutRowsMax = 10_000
    /// A calibration share of fewer rows than these is not held out.
    static let calibrationRowsMin = 200

    private init(train: Table, validation: Table, calibration: Table?) {
        self.train = train
        self.validation = validation
        self.calibration = calibration
        folds = []
    }

    /// Draws the rows of `table` that are held out; calibration rows do not depend on whether `validation` is given.
    ///
    /// - Throws: `TrainingError.tooFewRows` where a part would have no row.
    init(_ table: Table, validation: Table?, calibration: Table?, options: TrainingOptions) throws(TrainingError) {
        var generator = PhiloxGenerator(seed: options.seed, stream: 0)
        let order = (0..<table.rowCount).shuffled(using: &generator)
        let isCalibrated = calibration == nil && options.calibrationShare > 0
        let shareCount = isCalibrated ? Self.heldOutCount(of: table.rowCount, share: options.calibrationShare) : 0
        let isCrossFitted = isCalibrated && options.foldCount > 0 && shareCount < Self.calibrationRowsMin
        let calibrationCount = isCrossFitted ? 0 : shareCount
        let leastCount =
            isCrossFitted
            ? (validation == nil ? 3 : 2)
            : calibrationCount + Self.validationCount(table.rowCount, validation, options) + 1
        guard table.rowCount >= leastCount else {
            throw .tooFewRows(path: table.path, found: table.rowCount, needed: leastCount)
        }
        let fit = Self.fit(order[calibrationCount...], of: table, rowCount: table.rowCount, validation, options)
        train = fit.train
        self.validation = fit.validation
        self.calibration = calibration ?? (calibrationCount > 0 ? table.rows(order[..<calibrationCount].sorted()) : nil)
        let foldCount = isCrossFitted ? min(options.foldCount, table.rowCount) : 0
        folds = (0..<foldCount).map { fold in
            let parts = order.indices.map { $0 % foldCount == fold }
            let others = order.indices.filter { !parts[$0] }.map { order[$0] }
            return TableSplit(
                train: table.rows(others.sorted()), validation: table.rows([]),
                calibration: table.rows(order.indices.filter { parts[$0] }.map { order[$0] }.sorted()))
        }
    }

    /// Gradient and validation rows among those at `indices`, the validation share being one of `rowCount`.
    private static func fit(
        _ indices: ArraySlice<Int>, of table: Table, rowCount: Int, _ validation: Table?, _ options: TrainingOptions
    ) -> (train: Table, validation: Table) {
        let count = validationCount(rowCount, validation, options)
        return (
            table.rows(indices.dropFirst(count).sorted()), validation ?? table.rows(indices.prefix(count).sorted())
        )
    }

    private static func validationCount(_ rowCount: Int, _ validation: Table?, _ options: TrainingOptions) -> Int {
        validation == nil ? heldOutCount(of: rowCount, share: options.validationShare) : 0
    }

    private static func heldOutCount(of rowCount: Int, share: Double) -> Int {
        share == 0 ? 0 : min(max(Int(Double(rowCount) * share), 1), heldOutRowsMax)
    }
}
