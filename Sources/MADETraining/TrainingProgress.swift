internal import Synchronization

/// Where a training stands after one more pass of one member over the training rows.
public struct TrainingProgress: Sendable {
    /// The member that made the pass, from 1; those of cross-fitted models come behind the served model's.
    public var member: Int
    /// How many members are trained in all.
    public var memberCount: Int
    /// Passes this member has made.
    public var epoch: Int
    /// Mean nats a row over the pass, dropout included.
    public var trainNats: Double
    /// Mean nats a row over the validation rows after the pass; nil of cross-fitted models, which have none.
    public var validationNats: Double?
    /// The member's best validation nats so far, likewise.
    public var bestValidationNats: Double?
    /// Whether the member's training ended with this pass.
    public var isLast: Bool
    /// Training rows a second, all members together.
    public var rowsPerSecond: Double
    /// Seconds until the end if no member gets better any more.
    public var secondsLeft: Double
}

/// Asks a training to end early with the best weights it has; may be raised from any thread.
public final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Not raised.
    public init() {}

    /// Ends the training after the step it is in.
    public func raise() {
        flag.store(true, ordering: .relaxed)
    }

    /// Whether the training was asked to end.
    public var isRaised: Bool { flag.load(ordering: .relaxed) }
}
