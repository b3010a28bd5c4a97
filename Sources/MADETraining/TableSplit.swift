internal import MADE

/// The tables of one training: disjoint rows for the gradient, for the stopping point and for calibration.
struct TableSplit {
    let train: Table
    let validation: Table
    /// Nil for no calibration.
    let calibration: Table?

    /// Most rows that a share takes: p-values and means gain little from more, the gradient does.
    static let heldOutRowsMax = 10_000

    /// Draws the rows of `table` that are held out; calibration rows do not depend on whether `validation` is given.
    ///
    /// - Throws: `TrainingError.tooFewRows` where a part would have no row.
    init(_ table: Table, validation: Table?, calibration: Table?, options: TrainingOptions) throws(TrainingError) {
        var generator = PhiloxGenerator(seed: options.seed, stream: 0)
        let order = (0..<table.rowCount).shuffled(using: &generator)
        let calibrationCount =
            calibration == nil ? Self.heldOutCount(of: table.rowCount, share: options.calibrationShare) : 0
        let validationCount =
            validation == nil ? Self.heldOutCount(of: table.rowCount, share: options.validationShare) : 0
        guard calibrationCount + validationCount < table.rowCount else {
            throw .tooFewRows(
                path: table.path, found: table.rowCount, needed: calibrationCount + validationCount + 1)
        }
        let heldOut = calibrationCount + validationCount
        train = table.rows(order[heldOut...].sorted())
        self.validation = validation ?? table.rows(order[calibrationCount..<heldOut].sorted())
        self.calibration = calibration ?? (calibrationCount > 0 ? table.rows(order[..<calibrationCount].sorted()) : nil)
    }

    private static func heldOutCount(of rowCount: Int, share: Double) -> Int {
        share == 0 ? 0 : min(max(Int(Double(rowCount) * share), 1), heldOutRowsMax)
    }
}
