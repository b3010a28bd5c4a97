internal import MADE

extension TrainingCurve {
    /// Most points of a curve: more would not be seen.
    private static let pointsMax = 100

    /// The average over members, `histories` having each one's looks in order; what is not finite is passed over.
    init(_ histories: [[MemberTraining.Epoch]]) {
        let histories = histories.map { history in
            history.compactMap { epoch -> (number: Int, trainNats: Double, validationNats: Double)? in
                guard let nats = epoch.validation?.nats, nats.isFinite, epoch.trainNats.isFinite else { return nil }
                return (epoch.number, epoch.trainNats, nats)
            }
        }.filter { !$0.isEmpty }
        let numbers = Set(histories.joined().map(\.number)).sorted()
        let pointCount = min(numbers.count, Self.pointsMax)
        var places = histories.map { _ in 0 }
        var epochs: [Int] = []
        var train: [Float] = []
        var validation: [Float] = []
        for point in 0..<pointCount {
            // The last point is the last number.
            let number = numbers[(point + 1) * numbers.count / pointCount - 1]
            for (index, history) in histories.enumerated() {
                while places[index] + 1 < history.count && history[places[index] + 1].number <= number {
                    places[index] += 1
                }
            }
            let looks = zip(histories, places).map { $0[$1] }
            epochs.append(number)
            train.append(Float(looks.reduce(0) { $0 + $1.trainNats } / Double(looks.count)))
            validation.append(Float(looks.reduce(0) { $0 + $1.validationNats } / Double(looks.count)))
        }
        self.init(epochs: epochs, trainNats: train, validationNats: validation)
    }
}
