import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// The optimiser, its schedule, and trainings by the phases of another.
@Suite struct OptimisationTests {
    @Test func adamTakesThePapersSteps() {
        let parameters = FloatBuffer([1, -2, 0.5])
        let gradient = FloatBuffer(count: 3)
        var adam = Adam(start: parameters.elements, mask: [1, 1, 0], penalties: [(0..<3, Adam.Penalty())])
        var expected = [1.0, -2, 0.5]
        var path: [[Double]] = []
        var mean = [0.0, 0, 0]
        var variance = [0.0, 0, 0]
        for step in 1...20 {
            let slopes = [0.3 * Double(step), -1e-4, 5]
            gradient.set(slopes.map(Float.init))
            adam.step(parameters, gradient: gradient, learningRate: 0.01)
            for index in 0..<2 {
                mean[index] = 0.9 * mean[index] + 0.1 * slopes[index]
                variance[index] = 0.999 * variance[index] + 0.001 * slopes[index] * slopes[index]
                let meanHat = mean[index] / (1 - pow(0.9, Double(step)))
                let varianceHat = variance[index] / (1 - pow(0.999, Double(step)))
                expected[index] -= 0.01 * meanHat / (varianceHat.squareRoot() + 1e-8)
            }
            for (value, reference) in zip(parameters.elements, expected) {
                #expect(abs(Double(value) - reference) < 1e-5)
            }
            path.append(expected)
            // Shamir and Zhang's recursion, written out: the t-th point weighs t (t + 1) ⋯ (t + η - 1).
            let weights = (1...step).map { point in (1..<8).reduce(1.0) { $0 * Double(point + $1) } * Double(point) }
            for (index, value) in adam.average.elements.enumerated() {
                let sum = zip(weights, path).reduce(0) { $0 + $1.0 * $1.1[index] }
                #expect(abs(Double(value) - sum / weights.reduce(0, +)) < 1e-5)
            }
        }
    }

    @Test func penaltiesShrinkTowardsZeroAndNotBeyond() {
        let parameters = FloatBuffer([1, -1, 0.001, 1, 1])
        let penalties = [
            (0..<3, Adam.Penalty(decay: 0, l1: 0.1)), (3..<4, Adam.Penalty(decay: 0.1, l1: 0)), (4..<5, Adam.Penalty()),
        ]
        var adam = Adam(start: parameters.elements, mask: [1, 1, 1, 1, 1], penalties: penalties)
        adam.step(parameters, gradient: FloatBuffer(count: 5), learningRate: 0.1)
        #expect(parameters.elements == [0.99, -0.99, 0, 0.99, 1])
    }

    @Test func theRateFallsOnPlateausThenTrainingEnds() {
        var schedule = LearningSchedule(rate: 1, patience: 2, reductionCount: 1)
        let nats = [5, 4, 3, 3.1, 3.2, 2.9, 2.8, 2.9, 2.8]
        let verdicts = nats.enumerated().map { schedule.take($1, epoch: $0) }
        #expect(verdicts == [.goOn, .goOn, .goOn, .goOn, .reduce, .goOn, .goOn, .goOn, .end])
        #expect(abs(schedule.rate - 0.2) < 1e-6)
        #expect(schedule.bestNats == 2.8 && schedule.bestEpoch == 6)
    }

    @Test func gainsTooSmallToWaitForAreStillKept() {
        var schedule = LearningSchedule(rate: 1, patience: 3, reductionCount: 0)
        let verdicts = [3, 2.99999, 2.99998, 2.99997].enumerated().map { schedule.take($1, epoch: $0) }
        #expect(verdicts == [.goOn, .goOn, .goOn, .end])
        #expect(schedule.bestEpoch == 3)
    }

    @Test func aLossThatIsNotFiniteReducesTheRateAtOnce() {
        var schedule = LearningSchedule(rate: 1, patience: 30, reductionCount: 1)
        #expect(schedule.take(3, epoch: 0) == .goOn)
        #expect(schedule.take(.nan, epoch: 1) == .reduce)
        #expect(schedule.take(.infinity, epoch: 2) == .end)
        #expect(schedule.bestNats == 3 && schedule.bestEpoch == 0)
    }

    @Test func aRateThatDivergesKeepsTheBestWeights() {
        let source = MarkovTable(count: 6, lag: 1, flips: 0.1)
        let train = source.rows(200, seed: 1)
        var options = TrainingOptions()
        options.hiddenWidths = [64, 64]
        options.epochsMax = 10
        // Adam's first steps are as large as the rate: sums of such weights leave the range of floats at once.
        options.learningRate = 3e37
        options.l1 = 0
        options.directL1 = 0
        var nats: [Double] = []
        let result = MemberTraining(
            index: 0, variables: train.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) },
            train: train.encoded, validation: source.rows(100, seed: 2).encoded, options: options
        ).run(isStopped: { false }) { nats.append($0.validation?.nats ?? .nan) }
        #expect(nats.first == .infinity, "\(nats)")
        #expect(result.epochs == 0)
        #expect(result.network.layers.allSatisfy { $0.weight.elements.allSatisfy { abs($0) < 10 } })
    }

    @Test func stepsOfAnEpochThatWasNotEndedCountToo() {
        let source = MarkovTable(count: 6, lag: 1, flips: 0.1)
        let train = source.rows(500, seed: 1)
        var options = TrainingOptions()
        options.hiddenWidths = [16]
        options.batchRows = 10
        options.learningRate = 0.01
        var steps = 0
        let result = MemberTraining(
            index: 0, variables: train.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) },
            train: train.encoded, validation: source.rows(100, seed: 2).encoded, options: options
        ).run(isStopped: {
            steps += 1
            return steps > 20
        }) { _ in Issue.record("no epoch ended") }
        #expect(steps == 21)
        #expect(result.epochs == 1)
    }

    @Test func epochsAndStepsBothBoundEveryTraining() {
        func passes(_ decay: LearningDecay, epochs: Int?, steps: Int?, rows: Int = 1000) -> Int {
            var options = TrainingOptions()
            options.decay = decay
            options.epochsMax = epochs
            options.stepCount = steps
            return options.passCountMax(rowCount: rows)
        }
        // Ten steps a pass.
        for decay in LearningDecay.allCases {
            #expect(passes(decay, epochs: 7, steps: 41) == 5)
            #expect(passes(decay, epochs: 5, steps: 51) == 5)
            #expect(passes(decay, epochs: 3, steps: 51) == 3)
            #expect(passes(decay, epochs: nil, steps: 41) == 5)
            #expect(passes(decay, epochs: 1, steps: 1) == 1)
        }
        #expect(passes(.plateau, epochs: nil, steps: nil) == 1000)
        #expect(passes(.plateau, epochs: 5000, steps: nil) == 5000)
        // 1500 steps, or 60 passes where those are more; on one batch a row that is more than a plateau's most.
        #expect(passes(.cosine, epochs: nil, steps: nil) == 150)
        #expect(passes(.cosine, epochs: nil, steps: nil, rows: 100_000) == 60)
        #expect(passes(.cosine, epochs: nil, steps: nil, rows: 90) == 1500)
        #expect(passes(.cosine, epochs: 20, steps: nil) == 20)
    }

    @Test func aCosineEndsWhereItLearnsTheTrainingRowsByHeart() {
        /// Where the training ended, and which weights were best.
        func run(_ nats: (_ epoch: Int) -> Double) -> [Int] {
            var schedule = LearningSchedule(rate: 0.01, epochs: 100, steps: 1000)
            for epoch in 1...100 where schedule.looks(afterEpoch: epoch) {
                guard schedule.take(nats(epoch), epoch: epoch) == .end else { continue }
                #expect(schedule.epochsLeft == 0)
                return [epoch, schedule.bestEpoch]
            }
            return []
        }
        // Each of the first 15 epochs is looked at, then every other one.
        #expect(run { 10 + 0.099 * abs(Double($0) - 5) } == [13, 5])
        #expect(run { 10 + 0.099 * abs(Double($0) - 20) } == [36, 20])
        #expect(run { 10 + 0.2 * abs(Double($0) - 90) } == [100, 90])
        // It need not get worse, and the units of the nats mean nothing.
        for (scale, shift) in [(1.0, 0.0), (1000, -5000), (0.001, 30)] {
            #expect(run { shift + scale * Double(max(20 - $0, 0)) } == [36, 20])
            // 19 nats are learned by then: gains of 0.04 in the eight looks, and of 0.0368.
            func falling(by slope: Double) -> [Int] {
                run { shift + scale * ($0 < 20 ? Double(20 - $0) : slope * Double(20 - $0)) }
            }
            #expect(falling(by: 0.0025) == [100, 100])
            #expect(falling(by: 0.0023) == [36, 36])
        }
        #expect(run { $0 < 30 ? 10 - 0.1 * Double($0) : .nan } == [30, 28])
    }

    @Test func aCosineThatEpochsCutShortEndsAtRateZeroAllTheSame() {
        let table = Table(columns: ["a", "b"], rows: (0..<400).map { Double($0 % 3 % 2) })
        var options = TrainingOptions()
        options.hiddenWidths = [4]
        options.decay = .cosine
        options.batchRows = 20
        func weights(_ change: (inout TrainingOptions) -> Void) -> [MaskedNetwork] {
            var options = options
            change(&options)
            let training = MemberTraining(
                index: 0, variables: table.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) },
                train: table.encoded, validation: table.encoded, options: options)
            return [training.run(isStopped: { false }, report: { _ in }).network]
        }
        #expect(weights { $0.epochsMax = 6 } == weights { $0.stepCount = 60 })
        #expect(weights { $0.epochsMax = 6 } != weights { $0.epochsMax = 7 })
        options.decay = .plateau
        #expect(weights { $0.epochsMax = 6 } == weights { $0.stepCount = 60 })
    }

    @Test(arguments: LearningDecay.allCases) func stepsEndWithinAPass(_ decay: LearningDecay) {
        let table = Table(columns: ["a", "b"], rows: (0..<400).map { Double($0 % 3 % 2) })
        var options = TrainingOptions()
        options.hiddenWidths = [4]
        options.decay = decay
        options.batchRows = 20
        // Ten steps a pass.
        for (steps, passes) in [(1, 1), (10, 1), (13, 2), (25, 3)] {
            options.stepCount = steps
            var stepsTaken = 0
            var looks: [Int] = []
            let training = MemberTraining(
                index: 0, variables: table.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) },
                train: table.encoded, validation: table.encoded, options: options)
            let result = training.run(
                isStopped: {
                    stepsTaken += 1
                    return false
                }, report: { looks.append($0.number) })
            #expect(stepsTaken == steps)
            #expect(looks == Array(1...passes) && result.isComplete)
        }
    }

    /// A training that overfits where its rows are few.
    private func training(rowCount: Int = 110, _ change: (inout TrainingOptions) -> Void) -> MemberTraining {
        let source = MarkovTable(count: 6, lag: 1, flips: 0.2)
        var options = TrainingOptions()
        options.hiddenWidths = [32]
        options.learningRate = 0.02
        options.batchRows = 20
        options.l1 = 0
        options.directL1 = 0
        options.dropout = 0.1
        change(&options)
        let train = source.rows(rowCount, seed: 1)
        return MemberTraining(
            index: 0, variables: train.columns.map { Variable(name: $0, kind: .binary(.plusMinusOne)) },
            train: train.encoded, validation: source.rows(300, seed: 2).encoded, options: options)
    }

    @Test(arguments: LearningDecay.allCases) func aTrainingByThePhasesOfAnotherEndsWithTheSameWeights(
        _ decay: LearningDecay
    ) throws {
        // Until weights are taken back the shuffles are the same, too.
        func training() -> MemberTraining {
            self.training {
                $0.decay = decay
                $0.stepCount = 60
            }
        }
        let found = training().run(isStopped: { false }, report: { _ in })
        let fallSteps = decay == .cosine ? 60 : nil
        #expect(found.phases == [.init(rate: 0.02, fallSteps: fallSteps, stepCount: 6 * found.epochs)])
        #expect(found.epochs > 1 && found.epochs < found.history.count, "it overfits")
        var steps = 0
        var last: MemberTraining.Epoch?
        let followed = training().run(
            by: found.phases,
            isStopped: {
                steps += 1
                return false
            }, report: { last = $0 })
        #expect(followed.network == found.network)
        #expect(steps == 6 * found.epochs && followed.epochs == found.epochs && followed.isComplete)
        let epoch = try #require(last)
        #expect(epoch.isLast && epoch.number == found.epochs && epoch.validation == nil && epoch.epochsLeft == 0)
        let stopped = training().run(by: found.phases, isStopped: { true }, report: { _ in })
        #expect(!stopped.isComplete && stopped.epochs == 0)
    }

    @Test func thereIsAPhaseForEachRateWithoutTheStepsThatWereTakenBack() {
        func run(reductions: Int) -> MemberTraining.Result {
            training(rowCount: 2000) {
                $0.learningRate = 0.5
                $0.patienceEpochs = 2
                $0.reductionCount = reductions
            }.run(isStopped: { false }, report: { _ in })
        }
        let (first, both) = (run(reductions: 0), run(reductions: 1))
        #expect(both.phases.count == 2 && both.phases[0] == first.phases[0])
        #expect(abs(both.phases[1].rate - 0.1) < 1e-6)
        // The first phase was left two passes after the last gain, of a hundred steps each.
        let start = first.history.count
        #expect(both.phases[1].stepCount == max(0, both.epochs - start) * 100)
        #expect(both.phases[1].stepCount > 0)
    }

    @Test func aTrainingThatDivergesByThePhasesOfAnotherKeepsTheWeightsBefore() {
        let phases = [MemberTraining.Phase(rate: 3e37, fallSteps: nil, stepCount: 12)]
        let result = training { $0.dropout = 0 }.run(by: phases, isStopped: { false }, report: { _ in })
        #expect(result.isComplete && result.epochs == 0)
        #expect(result.network.layers.allSatisfy { $0.weight.elements.allSatisfy { abs($0) < 10 } })
    }

    @Test func aCosineFallsFromTheRateToNothing() {
        var schedule = LearningSchedule(rate: 2, epochs: 3, steps: 12)
        var rates: [Float] = []
        for _ in 0..<12 {
            rates.append(schedule.rate)
            schedule.advance()
        }
        for (step, rate) in rates.enumerated() {
            #expect(abs(Double(rate) - (1 + cos(Double.pi * Double(step) / 12))) < 1e-6)
        }
        #expect(schedule.rate < 1e-6)
        #expect([1, 2, 3].map { schedule.take(3 - Double($0), epoch: $0) } == [.goOn, .goOn, .end])
        #expect(schedule.bestEpoch == 3)
    }

    @Test func longCosinesLookAtTheValidationRowsNowAndThen() {
        let schedule = LearningSchedule(rate: 1, epochs: 1501, steps: 1501)
        let looks = (1...1501).filter { schedule.looks(afterEpoch: $0) }
        #expect(looks.prefix(20) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24])
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 <= 30 } && looks.last == 1501)
        #expect((50...100).contains(looks.count), "\(looks.count)")
        // Nor do they grow rarer where another training has fixed the steps.
        var other = schedule
        other.begin(rate: 1, fallSteps: 1400)
        #expect((1...1501).filter { other.looks(afterEpoch: $0) } == looks)
    }

    @Test func gradientsAreScaledDownToTheBoundAndNeverUp() {
        let adam = Adam(start: [1, 2, 3, 4], mask: [1, 1, 0, 1], penalties: [(0..<4, Adam.Penalty())])
        let gradient = FloatBuffer([2, 1, 100, 2])
        #expect(adam.clippingScale(of: gradient, to: 3.5) == 1)
        #expect(adam.clippingScale(of: gradient, to: 1.5) == 0.5)
    }
}
