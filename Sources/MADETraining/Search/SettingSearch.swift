public import MADE
internal import MADERows

/// Tries settings on the validation rows, and keeps the best.
///
/// Trials are judged by the ensemble's validation nats, less the share of rows that training trims; where cells are
/// missing, by the mean of the networks' own, which count what is known. Calibration and test rows are in no trial's sight.
/// A table that is cross-fitted is searched on the one split of its served model, and only the winner is fitted in folds.
///
/// The same tables, options and number of trials give the same trials and the same winner, whatever the number of threads
/// and however often it was interrupted, unless the time runs out: then the winner is the best of those that ended.
public struct SettingSearch: Sendable {
    /// More would take years.
    public static let trialCountMax = 1000

    let options: TrainingOptions
    let fixed: Set<SearchedOption>
    let trialCount: Int
    let secondsMax: Double?

    /// A search around `options`, of which those in `fixed` stay as they are.
    ///
    /// - Parameters:
    ///   - trialCount: settings to try, `options` themselves among them.
    ///   - secondsMax: time for all trials, runs that were interrupted included; nil: as long as they take.
    /// - Throws: `TrainingError.option`.
    public init(
        _ options: TrainingOptions, fixed: Set<SearchedOption>, trialCount: Int, secondsMax: Double? = nil
    ) throws(TrainingError) {
        try options.check()
        guard (1...Self.trialCountMax).contains(trialCount) else {
            throw .option(name: OptionName.trialCount.rawValue, range: "1…\(Self.trialCountMax)")
        }
        if let secondsMax, !(secondsMax > 0 && secondsMax.isFinite) {
            throw .option(name: OptionName.secondsMax.rawValue, range: "above 0")
        }
        self.options = options
        self.fixed = fixed
        self.trialCount = trialCount
        self.secondsMax = secondsMax
    }

    /// Searches, or goes on with the search whose state is in a file.
    ///
    /// The model it ends with is what a training with the winner's settings gives, to the bit.
    ///
    /// - Parameters:
    ///   - stateFile: where the state is kept until the search has ended, a `.searchState`.
    ///   - program: the executable file: a state of another one is refused.
    ///   - stop: ends the search early.
    ///   - keep: called with the model of each trial that is the best so far, calibrated where the table has rows to spare.
    /// - Throws: `TrainingError`, `SearchStateError`, `OutputError`, and what `keep` throws.
    public func run(
        _ tables: TrainingTables, name: String, imageWidth: Int? = nil, stateFile: OutputTarget, program: String,
        stop: StopFlag = StopFlag(), keep: (DensityModel) throws -> Void,
        report: @escaping @Sendable (SearchEvent) -> Void = { _ in }
    ) throws -> SearchOutcome {
        let split = try Trainer.split(tables, imageWidth: imageWidth, options: options)
        let space = SearchSpace(
            base: options, fixed: fixed, schema: tables.schema, rowCount: split.train.rowCount)
        var settings = space.settings(count: trialCount)
        guard settings.count > 1 || trialCount == 1 else { throw TrainingError.nothingToSearch }
        let subject = SearchState.Subject(
            tables, options: options, fixed: fixed, program: Fingerprint.ofFile(program) ?? "unknown")
        settings[0].threadCount = try TrainingMemory.threadCount(
            of: Trainer.fits(split, schema: tables.schema, options: options), options,
            bytesMax: SystemMemory.byteCount)
        return try SearchRun(
            tables: tables, split: split, settings: settings, naming: .init(name: name, imageWidth: imageWidth),
            state: try SearchState.read(stateFile.path, for: subject) ?? SearchState(subject), stateFile: stateFile,
            secondsMax: secondsMax, stop: stop, report: report
        ).run(keep: keep)
    }
}
