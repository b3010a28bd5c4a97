internal import MADE
internal import MADERows

/// One run of a search, trial by trial.
///
/// Trials come in waves, whose size does not depend on the number of threads: first the first network of each is trained,
/// then the others of those that are not left behind by the best trial of the waves before.
final class SearchRun {
    /// What a model is called.
    struct Naming {
        let name: String
        let imageWidth: Int?
    }

    private static let waveSize = 4

    private let tables: TrainingTables
    private let split: TableSplit
    private let settings: [TrainingOptions]
    private let naming: Naming
    private let stateFile: OutputTarget
    private let stop: StopFlag
    private let report: @Sendable (SearchEvent) -> Void
    private let secondsSpentBefore: Double
    private let start = ContinuousClock.now
    private let deadline: ContinuousClock.Instant?
    private var state: SearchState
    /// The best trial's model, where this run has trained it.
    private var bestModel: (number: Int, model: DensityModel)?
    /// What there is of the first trial, where it was stopped.
    private var unfinished: DensityModel?

    init(
        tables: TrainingTables, split: TableSplit, settings: [TrainingOptions], naming: Naming, state: SearchState,
        stateFile: OutputTarget, secondsMax: Double?, stop: StopFlag, report: @escaping @Sendable (SearchEvent) -> Void
    ) {
        self.tables = tables
        self.split = split
        self.settings = settings
        self.naming = naming
        self.state = state
        self.stateFile = stateFile
        self.stop = stop
        self.report = report
        secondsSpentBefore = state.secondsSpent
        let spent = state.secondsSpent
        deadline = secondsMax.map { [start] in start + .seconds(max(0, $0 - spent)) }
    }

    /// `keep` takes each best model so far.
    func run(keep: (DensityModel) throws -> Void) throws -> SearchOutcome {
        if !state.trials.isEmpty { report(.resumed(trialCount: state.trials.count)) }
        var first = 0
        // The first trial is begun whatever the time: there has to be something in the end.
        while first < settings.count && (first == 0 || !isOver()) {
            let wave = first..<min(first == 0 ? 1 : first + Self.waveSize, settings.count)
            let bestBefore = state.best()?.number
            try run(wave)
            if let best = state.best(), best.number != bestBefore, best.number == bestModel?.number {
                if let model = bestModel?.model { try keep(model) }
            }
            first = wave.upperBound
        }
        if stop.isRaised { return outcome(.interrupted, model: bestModel?.model ?? unfinished) }
        let isComplete = settings.indices.allSatisfy { state.trial($0 + 1) != nil }
        let model = finalModel()
        if stop.isRaised { return outcome(.interrupted, model: bestModel?.model) }
        stateFile.remove()
        return outcome(isComplete ? .complete : .outOfTime, model: model)
    }

    private func outcome(_ ending: SearchEnding, model: DensityModel?) -> SearchOutcome {
        SearchOutcome(ending: ending, trials: state.trials, best: state.best(), model: model)
    }

    /// The winner's model as a training without a search gives it; what there is of the first trial where none ended.
    private func finalModel() -> DensityModel? {
        guard let best = state.best() else { return unfinished }
        if split.folds.isEmpty, let bestModel, bestModel.number == best.number { return bestModel.model }
        report(.finalTraining(best))
        let options = settings[best.number - 1]
        let fits = Trainer.fits(split, schema: tables.schema, options: options)
        let pool = pool(trials: best.number...best.number, isStopped: { [stop] in stop.isRaised })
        let outcomes = pool.train(fits[0], folds: Array(fits.dropFirst()))
        return Trainer.model(
            of: fits, outcomes, name: naming.name, imageWidth: naming.imageWidth, test: tables.test)
    }

    private var isOver: @Sendable () -> Bool {
        { [stop, deadline] in stop.isRaised || deadline.map { ContinuousClock.now >= $0 } ?? false }
    }

    private func pool(trials: ClosedRange<Int>, isStopped: @escaping @Sendable () -> Bool) -> MemberPool {
        MemberPool(threadCount: settings[0].threadCount, isStopped: isStopped) { [report] progress in
            report(.progress(progress, trials: trials))
        }
    }

    private func save() throws {
        state.secondsSpent = secondsSpentBefore + (ContinuousClock.now - start) / .seconds(1)
        try state.write(to: stateFile)
    }

    // MARK: - A wave

    /// Runs the trials of `wave`, indices of settings, that have not ended yet, until there is no more time.
    private func run(_ wave: Range<Int>) throws {
        let fits = wave.map { EnsembleFit(split, schema: tables.schema, options: settings[$0]) }
        var results: [[MemberTraining.Result?]] = fits.map { Array(repeating: nil, count: $0.options.memberCount) }
        var seconds = fits.map { _ in 0.0 }
        func train(_ jobs: [(place: Int, member: Int)]) {
            let pool = pool(trials: wave.lowerBound + 1...wave.upperBound, isStopped: isOver)
            let outcomes = pool.train(jobs.map { MemberPool.Job(fit: fits[$0.place], member: $0.member) })
            for (job, outcome) in zip(jobs, outcomes) {
                results[job.place][job.member] = outcome?.result
                seconds[job.place] += outcome?.seconds ?? 0
            }
        }
        func isOpen(_ place: Int) -> Bool { state.trial(wave.lowerBound + place + 1) == nil }

        if let rival = state.best(amongFirst: wave.lowerBound), settings[0].memberCount > 1 {
            let places = fits.indices.filter {
                isOpen($0) && state.partialTrial(wave.lowerBound + $0 + 1) == nil
            }
            train(places.map { ($0, 0) })
            for place in fits.indices {
                guard let result = results[place][0], result.isComplete else { continue }
                state.partialTrials.append(
                    .init(number: wave.lowerBound + place + 1, nats: result.bestValidationNats, seconds: seconds[place])
                )
            }
            abandonTrials(behind: rival, in: wave)
            try save()
            if isOver() { return }
        }
        let open = fits.indices.filter(isOpen)
        train(
            open.flatMap { place in
                results[place].indices.filter { results[place][$0] == nil }.map { (place, $0) }
            })
        for place in open {
            let found = results[place].compactMap(\.self)
            if found.count == results[place].count && found.allSatisfy(\.isComplete) {
                end(wave.lowerBound + place + 1, fits[place], found, seconds: seconds[place])
            } else if wave.lowerBound == 0 && !found.isEmpty {
                unfinished = FittedEnsemble(fits[place], found, naming).served(test: tables.test)
            }
        }
        try save()
    }

    private func abandonTrials(behind rival: Trial, in wave: Range<Int>) {
        for number in wave.map({ $0 + 1 }) {
            guard let partial = state.partialTrial(number), partial.nats > rival.firstNats + rival.gain
            else { continue }
            let trial = Trial(
                number: number, settings: settings[number - 1].words(besides: settings[0]), firstNats: partial.nats,
                memberNats: nil, nats: nil, seconds: partial.seconds)
            state.add(trial)
            report(.ended(trial, best: state.best() ?? rival))
        }
    }

    /// Takes a trial whose networks are all trained.
    private func end(_ number: Int, _ fit: EnsembleFit, _ results: [MemberTraining.Result], seconds: Double) {
        let ensemble = FittedEnsemble(fit, results, naming)
        let nats = ensemble.evaluation.meanNats(of: fit.validation, trimmedShare: fit.options.trimmedShare)
        let trial = Trial(
            number: number, settings: fit.options.words(besides: settings[0]),
            firstNats: results[0].bestValidationNats, memberNats: ensemble.memberNats,
            nats: nats ?? ensemble.memberNats, seconds: seconds)
        state.add(trial)
        let best = state.best() ?? trial
        if best.number == number { bestModel = (number, ensemble.served(test: tables.test)) }
        report(.ended(trial, best: best))
    }
}

extension FittedEnsemble {
    fileprivate init(_ fit: EnsembleFit, _ results: [MemberTraining.Result], _ naming: SearchRun.Naming) {
        self.init(fit, results, name: naming.name, imageWidth: naming.imageWidth)
    }

    /// Calibrated by the rows kept from the fit, where there are some.
    fileprivate func served(test: Table?) -> DensityModel {
        calibrated(heldOutCalibration, foldCount: 0, test: test)
    }
}
