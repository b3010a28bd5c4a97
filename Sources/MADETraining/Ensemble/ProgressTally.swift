/// Adds up what the members report, for rate and time left.
struct ProgressTally {
    private let rowCount: Int
    private let start = ContinuousClock.now
    private var epochsDone: [Int]
    private var epochsLeft: [Int?]

    init(memberCount: Int, rowCount: Int) {
        self.rowCount = rowCount
        epochsDone = Array(repeating: 0, count: memberCount)
        epochsLeft = Array(repeating: nil, count: memberCount)
    }

    /// The progress after `epoch` of `member`, counted from 0.
    mutating func take(_ epoch: MemberTraining.Epoch, member: Int) -> TrainingProgress {
        epochsDone[member] = epoch.number
        epochsLeft[member] = epoch.isLast ? 0 : epoch.epochsLeft
        let seconds = max((ContinuousClock.now - start) / .seconds(1), 1e-6)
        let done = epochsDone.reduce(0, +)
        let rate = Double(done) / seconds
        return TrainingProgress(
            member: member + 1, memberCount: epochsDone.count, epoch: epoch.number, trainNats: epoch.trainNats,
            validationNats: epoch.validation?.nats, bestValidationNats: epoch.validation?.bestNats,
            isLast: epoch.isLast, rowsPerSecond: rate * Double(rowCount), secondsLeft: Double(totalLeft) / rate)
    }

    /// Members not begun are taken to need as many epochs as the average of the others.
    private var totalLeft: Int {
        let known = epochsLeft.compactMap(\.self).reduce(0, +)
        let begun = epochsLeft.count { $0 != nil }
        guard begun > 0 else { return 0 }
        let average = (epochsDone.reduce(0, +) + known) / begun
        return known + average * (epochsLeft.count - begun)
    }
}
