import MADETraining

/// What a search tells on standard error: a line a trial, and between them the progress where that is a terminal.
struct SearchLines: Sendable {
    let trialCount: Int
    let progress: ProgressLine

    func show(_ event: SearchEvent) {
        switch event {
        case .resumed(let count): progress.note("going on behind \(count) trial\(count == 1 ? "" : "s")")
        case .progress(let passed, let trials):
            let last = trials.count == 1 ? "" : "–\(trials.upperBound)"
            progress.rewrite(passed, of: "trial \(trials.lowerBound)\(last)")
        case .ended(let trial, let best): progress.note(line(trial, best: best))
        case .finalTraining(let trial): progress.note("training the winner, trial \(trial.number)")
        }
    }

    private func line(_ trial: Trial, best: Trial) -> String {
        let settings = trial.settings.isEmpty ? "as given" : trial.settings.joined(separator: " ")
        let result =
            trial.nats.map { "valid \(ProgressLine.decimal($0, 4))" }
            ?? "first network \(ProgressLine.decimal(trial.firstNats, 4)), abandoned"
        let bestNats = ProgressLine.decimal(best.nats ?? .nan, 4)
        let seconds = ProgressLine.decimal(trial.seconds, 1)
        return "trial \(trial.number)/\(trialCount)  \(settings)  \(result)  \(seconds) s  best \(bestNats) "
            + "(trial \(best.number))"
    }
}
