public import MADE

/// One setting that a search has tried.
public struct Trial: Sendable, Equatable, Codable {
    /// From 1; the first tries the options as they were given.
    public let number: Int
    /// What the setting adds to the command that was given.
    public let settings: [String]
    /// Validation nats of the first network, as its training ended.
    public let firstNats: Double
    /// Mean of all networks' validation nats; nil where the trial was abandoned.
    public let memberNats: Double?
    /// Mean nats a validation row of the ensemble, by which trials are compared; nil where the trial was abandoned because
    /// its first network was further behind the best trial's than averaging had gained for that one.
    public let nats: Double?
    /// Of all threads together.
    public let seconds: Double

    /// What averaging the networks has gained, nats a row.
    var gain: Double { max(0, (memberNats ?? 0) - (nats ?? 0)) }
}

/// What a search tells while it runs.
public enum SearchEvent: Sendable {
    /// A search that was interrupted goes on behind so many trials.
    case resumed(trialCount: Int)
    /// One of the networks of some trials, by their numbers, has made a pass.
    case progress(TrainingProgress, trials: ClosedRange<Int>)
    /// A trial has ended; of all so far, `best` is best.
    case ended(Trial, best: Trial)
    /// The winner is trained again, as it would be without a search.
    case finalTraining(Trial)
}

/// How a search ended.
public enum SearchEnding: String, Sendable {
    /// All settings were tried.
    case complete
    /// The time ran out.
    case outOfTime = "out_of_time"
    /// Before its end; the state file is kept.
    case interrupted
}

/// What a search found.
public struct SearchOutcome: Sendable {
    /// Why there are no more trials.
    public let ending: SearchEnding
    /// All trials that ended, by number.
    public let trials: [Trial]
    /// The trial of the fewest validation nats, the earlier of equals; nil where none ended.
    public let best: Trial?
    /// The best trial's model, or what there was of the first trial's where none ended. Nil where a search that went on was
    /// interrupted before anything better was found.
    public let model: DensityModel?
}
