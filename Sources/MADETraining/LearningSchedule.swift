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
        /// Return to the best weights, and go on with a smaller rate.
        case reduce
        case end
    }

    private enum Kind {
        case plateau(patience: Int, reductionsLeft: Int)
        case cosine(steps: Int, stepsDone: Int, epochs: Int)
    }

    /// The rate at the next step.
    private(set) var rate: Float
    private(set) var bestNats = Double.infinity
    private(set) var bestEpoch = 0
    /// Epochs until `end` if nothing gets better any more.
    private(set) var epochsLeft: Int
    private var rateAtStart: Float
    private var kind: Kind
    private var looksSinceGain = 0
    /// Validation nats of the first look.
    private var firstNats = Double.infinity
    /// The nats from which the next gain is measured.
    private var mark = Double.infinity

    private static let reduction: Float = 0.2
    /// On plateaus, gains below this share of the nats are kept, but give no new patience.
    private static let smallestGain = 1e-4
    /// About how many looks at the validation rows a training of fixed length spreads evenly. At first they are closer, as long
    /// as no more than a `closestLooks`-th of the epochs so far lies between two: what there is to learn may be learned long
    /// before the end.
    private static let evenLooks = 50
    private static let closestLooks = 8
    /// A training of fixed length ends after so many looks in a row that together gain less than `smallestShareOfLearned` of all
    /// that was learned since the first look, a measure which does not depend on the units of the columns: what it learns by
    /// then is the training rows by heart.
    private static let looksWithoutGainMax = 8
    private static let smallestShareOfLearned = 0.002

    /// A rate that falls on plateaus.
    init(rate: Float, patience: Int, reductionCount: Int) {
        self.rate = rate
        rateAtStart = rate
        kind = .plateau(patience: patience, reductionsLeft: reductionCount)
        epochsLeft = patience * (reductionCount + 1)
    }

    /// A rate that falls as a cosine over `steps`, which end in the last of `epochs`.
    init(rate: Float, epochs: Int, steps: Int) {
        self.rate = rate
        rateAtStart = rate
        kind = .cosine(steps: steps, stepsDone: 0, epochs: epochs)
        epochsLeft = epochs
    }

    /// Whether the validation rows are looked at after `epoch`.
    func looks(afterEpoch epoch: Int) -> Bool {
        guard case .cosine(_, _, let epochs) = kind else { return true }
        return epoch == epochs || epoch % max(1, min(epoch / Self.closestLooks, epochs / Self.evenLooks)) == 0
    }

    /// Takes the `rate` from which the next steps go on, and the number of steps in which it falls to 0; nil: not at all.
    mutating func begin(rate: Float, fallSteps: Int?) {
        self.rate = rate
        rateAtStart = rate
        guard let fallSteps, case .cosine(_, _, let epochs) = kind else { return }
        kind = .cosine(steps: fallSteps, stepsDone: 0, epochs: epochs)
    }

    /// Steps in which the rate falls to 0 from here on; nil where it does not.
    var fallSteps: Int? {
        guard case .cosine(let steps, let stepsDone, _) = kind else { return nil }
        return steps - stepsDone
    }

    /// After each step.
    mutating func advance() {
        guard case .cosine(let steps, let stepsDone, let epochs) = kind else { return }
        kind = .cosine(steps: steps, stepsDone: stepsDone + 1, epochs: epochs)
        rate = rateAtStart * 0.5 * (1 + cosf(Float.pi * Float(stepsDone + 1) / Float(steps)))
    }

    /// Takes the validation nats after `epoch`; what is not finite counts as a plateau reached.
    mutating func take(_ nats: Double, epoch: Int) -> Verdict {
        countLooksSinceGain(nats)
        if nats < bestNats {
            bestNats = nats
            bestEpoch = epoch
        }
        switch kind {
        case .cosine(_, _, let epochs):
            let isLearned = !nats.isFinite || looksSinceGain >= Self.looksWithoutGainMax
            epochsLeft = isLearned ? 0 : max(0, epochs - epoch)
            return epochsLeft == 0 ? .end : .goOn
        case .plateau(let patience, let reductionsLeft):
            let verdict = takeOnPlateau(nats, patience: patience, reductionsLeft: reductionsLeft)
            if case .plateau(_, let left) = kind { epochsLeft = patience * (left + 1) - looksSinceGain }
            return verdict
        }
    }

    private mutating func countLooksSinceGain(_ nats: Double) {
        let smallestGain =
            switch kind {
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
        kind = .plateau(patience: patience, reductionsLeft: reductionsLeft - 1)
        looksSinceGain = 0
        rate *= Self.reduction
        return .reduce
    }
}
