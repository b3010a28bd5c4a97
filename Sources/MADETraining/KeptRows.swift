internal import MADE
internal import MADERows

extension CalibrationRows {
    /// Calibration rows of the fit that is served, or of the `folds` that stand in for it, in random order: some of the first
    /// are as good as some of all. Nil where none are kept.
    ///
    /// The served fit has seen the rows of the folds. What that makes of their values' surprisals is what the fold's own fit,
    /// which has not, gives them above it: `surprisals` [rows × D].
    init?(
        _ served: FittedEnsemble, _ fit: EnsembleFit,
        folds: [(table: Table, surprisals: [Float])] = []
    ) {
        let width = fit.variables.count
        var generator = PhiloxGenerator(seed: fit.options.seed, stream: 0x6B657074)
        let counts = folds.isEmpty ? [fit.calibration?.rowCount ?? 0] : folds.map(\.table.rowCount)
        let all = counts.enumerated().flatMap { part, count in (0..<count).map { (part: part, row: $0) } }
        let chosen = all.shuffled(using: &generator).prefix(fit.options.keptRowCount)
        guard !chosen.isEmpty else { return nil }
        func gather(_ tables: [[Float]]) -> [Float] {
            chosen.flatMap { tables[$0.part][$0.row * width..<($0.row + 1) * width] }
        }
        guard !folds.isEmpty else {
            self.init(gather([fit.calibration?.values ?? []]), variableCount: width)
            return
        }
        let tables = folds.map { fit.encode($0.table).values }
        let offsets = zip(folds, tables).map { fold, table in
            zip(fold.surprisals, served.evaluation.surprisals(of: table)).map { $0 - $1 }
        }
        self.init(gather(tables), surprisalOffsets: gather(offsets), variableCount: width)
    }
}
