/// When the learning rate falls and when training ends: by the validation nats after each epoch.
struct LearningSchedule {
    /// What to do after an epoch.
    enum Verdict: Equatable {
        case goOn
        /// Return to the best weights, and go on with a smaller rate.
        case reduce
        case end
    }

    private(set) var rate: Float
    private(set) var bestNats = Double.infinity
    private(set) var bestEpoch = 0
    private var epochsSinceGain = 0
    private var reductionsLeft: Int
    private let patience: Int
    /// The nats from which the next gain is measured.
    private var mark = Double.infinity

    private static let reduction: Float = 0.2
    /// Gains below this share of the nats are kept, but give no new patience.
    private static let smallestGain = 1e-4

    init(rate: Float, patience: Int, reductionCount: Int) {
        self.rate = rate
        self.patience = patience
        reductionsLeft = reductionCount
    }

    /// Epochs until `end` if nothing gets better any more.
    var epochsLeft: Int { patience * (reductionsLeft + 1) - epochsSinceGain }

    /// Takes the validation nats after `epoch`; what is not finite counts as a plateau reached.
    mutating func take(_ nats: Double, epoch: Int) -> Verdict {
        if nats < bestNats {
            bestNats = nats
            bestEpoch = epoch
        }
        if nats.isFinite && (mark == .infinity || nats < mark - Self.smallestGain * abs(mark)) {
            mark = nats
            epochsSinceGain = 0
            return .goOn
        }
        epochsSinceGain = nats.isFinite ? epochsSinceGain + 1 : patience
        guard epochsSinceGain >= patience else { return .goOn }
        guard reductionsLeft > 0 else { return .end }
        reductionsLeft -= 1
        epochsSinceGain = 0
        rate *= Self.reduction
        return .reduce
    }
}
