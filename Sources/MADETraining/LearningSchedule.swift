internal import Glibc

/// How the learning rate falls.
public enum LearningDecay: String, Sendable, CaseIterable {
    /// To a fifth where the validation nats stop falling; training ends at the last such plateau.
    case plateau
    /// As a half cosine wave down to 0 over a number of steps fixed beforehand (Loshchilov and Hutter 2017, eq. 5, without
    /// restarts).
    case cosine
}

/// The learning rate at each step and the end of training: by the validation nats, or by the number of steps.
struct LearningSchedule {
    /// What to do after an epoch.
    enum Verdict: Equatable {
        case goOn
        /// Return to the best weights, and go on with another rate: a smaller one, or one that falls faster.
        case reduce
        case end
    }

    private enum Course {
        case plateau(patience: Int, reductionsLeft: Int)
        /// `isEnding`: what follows a course that was broken off.
        case cosine(steps: Int, stepsDone: Int, epochs: Int, isEnding: Bool)
    }

    /// The rate at the next step.
    private(set) var rate: Float
    private(set) var bestNats = Double.infinity
    private(set) var bestEpoch = 0
    /// Epochs until `end` if nothing gets better any more.
    private(set) var epochsLeft: Int
    /// Epochs between two looks at the validation rows.
    let stride: Int
    private var rateAtStart: Float
    private var course: Course
    /// The rate after the step that led to the best weights.
    private var rateAtBest: Float
    private var looksSinceGain = 0
    /// Validation nats of the first look.
    private var firstNats = Double.infinity
    /// The nats from which the next gain is measured.
    private var mark = Double.infinity

    private static let reduction: Float = 0.2
    /// On plateaus, gains below this share of the nats are kept, but give no new patience.
    private static let smallestGain = 1e-4
    /// About how often a course of fixed length looks at the validation rows.
    private static let lookCount = 50
    /// A course of fixed length is broken off after so many looks in a row that together gain less than
    /// `smallestShareOfLearned` of all that was learned since the first look, a measure which does not depend on the units of
    /// the columns: what it learns by then is the training rows by heart. It goes on from the best weights, with a rate that
    /// falls to 0 in some share of the passes that led to them.
    private static let looksWithoutGainMax = 8
    private static let smallestShareOfLearned = 0.002
    private static let endingShare: Float = 0.5

    /// A rate that falls on plateaus.
    init(rate: Float, patience: Int, reductionCount: Int) {
        self.rate = rate
        rateAtStart = rate
        rateAtBest = rate
        stride = 1
        course = .plateau(patience: patience, reductionsLeft: reductionCount)
        epochsLeft = patience * (reductionCount + 1)
    }

    /// A rate that falls as a cosine over `steps`, which end in the last of `epochs`.
    init(rate: Float, epochs: Int, steps: Int) {
        self.rate = rate
        rateAtStart = rate
        rateAtBest = rate
        stride = max(1, epochs / Self.lookCount)
        course = .cosine(steps: steps, stepsDone: 0, epochs: epochs, isEnding: false)
        epochsLeft = epochs
    }

    /// Whether the validation rows are looked at after `epoch`.
    func looks(afterEpoch epoch: Int) -> Bool {
        guard case .cosine(_, _, let epochs, let isEnding) = course else { return true }
        return isEnding || epoch % stride == 0 || epoch == epochs
    }

    /// Takes the `rate` from which the next steps go on, and the number of steps in which it falls to 0; nil: not at all.
    mutating func begin(rate: Float, fallSteps: Int?) {
        self.rate = rate
        rateAtStart = rate
        if let fallSteps { course = .cosine(steps: fallSteps, stepsDone: 0, epochs: .max, isEnding: false) }
    }

    /// Steps in which the rate falls to 0 from here on; nil where it does not.
    var fallSteps: Int? {
        guard case .cosine(let steps, let stepsDone, _, _) = course else { return nil }
        return steps - stepsDone
    }

    /// After each step.
    mutating func advance() {
        guard case .cosine(let steps, let stepsDone, let epochs, let isEnding) = course else { return }
        course = .cosine(steps: steps, stepsDone: stepsDone + 1, epochs: epochs, isEnding: isEnding)
        rate = rateAtStart * 0.5 * (1 + cosf(Float.pi * Float(stepsDone + 1) / Float(steps)))
    }

    /// Takes the validation nats after `epoch`; what is not finite counts as a plateau reached.
    mutating func take(_ nats: Double, epoch: Int) -> Verdict {
        countLooksSinceGain(nats)
        if nats < bestNats {
            bestNats = nats
            bestEpoch = epoch
            rateAtBest = rate
        }
        switch course {
        case .cosine(_, let stepsDone, let epochs, let isEnding):
            epochsLeft = nats.isFinite ? max(0, epochs - epoch) : 0
            guard epochsLeft > 0, !isEnding, looksSinceGain >= Self.looksWithoutGainMax else {
                return epochsLeft == 0 ? .end : .goOn
            }
            return breakOff(at: epoch, epochSteps: stepsDone / epoch)
        case .plateau(let patience, let reductionsLeft):
            let verdict = takeOnPlateau(nats, patience: patience, reductionsLeft: reductionsLeft)
            if case .plateau(_, let left) = course { epochsLeft = patience * (left + 1) - looksSinceGain }
            return verdict
        }
    }

    /// Begins the last part of a course that has learned the training rows by heart.
    private mutating func breakOff(at epoch: Int, epochSteps: Int) -> Verdict {
        epochsLeft = min(epochsLeft, Int((Float(bestEpoch) * Self.endingShare).rounded(.up)))
        guard epochsLeft > 0 else { return .end }
        rate = rateAtBest
        rateAtStart = rate
        course = .cosine(
            steps: epochsLeft * epochSteps, stepsDone: 0, epochs: epoch + epochsLeft, isEnding: true)
        return .reduce
    }

    private mutating func countLooksSinceGain(_ nats: Double) {
        let smallestGain =
            switch course {
            case .plateau: Self.smallestGain * abs(mark)
            case .cosine: Self.smallestShareOfLearned * (firstNats - bestNats)
            }
        guard nats.isFinite && (mark == .infinity || nats < mark - smallestGain) else {
            looksSinceGain += 1
            return
        }
        if mark == .infinity { firstNats = nats }
        mark = nats
        looksSinceGain = 0
    }

    private mutating func takeOnPlateau(_ nats: Double, patience: Int, reductionsLeft: Int) -> Verdict {
        guard !nats.isFinite || looksSinceGain >= patience else { return .goOn }
        guard reductionsLeft > 0 else { return .end }
        course = .plateau(patience: patience, reductionsLeft: reductionsLeft - 1)
        looksSinceGain = 0
        rate *= Self.reduction
        return .reduce
    }
}
