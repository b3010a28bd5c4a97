import Foundation
import MADE
import Oracle
import Synchronization
import Testing

@testable import MADETraining

/// Whole trainings of small tables.
@Suite struct TrainerTests {
    private let source = MarkovTable(count: 8, lag: 2, flips: 0.1)

    private func options(seed: UInt64 = 1, _ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.hiddenWidths = [12]
        options.memberCount = 2
        options.epochsMax = 3
        options.learningRate = 0.01
        options.l1 = 0
        options.directL1 = 0
        options.seed = seed
        change(&options)
        return options
    }

    @Test func learnsAKnownDistributionToNearItsEntropy() throws {
        let options = options {
            $0.epochsMax = 30
            $0.patienceEpochs = 5
        }
        let test = source.rows(500, seed: 3)
        let model = try Trainer(options).train(
            TrainingTables(train: source.rows(3000, seed: 2), test: test), name: "markov")
        let oracle = Oracle(model)
        var divergence = 0.0
        var total = 0.0
        for row in source.allRows {
            let logProbability = source.logProbability(row[...])
            let logLikelihood = oracle.logLikelihood(of: row.map(Double.init))
            divergence += exp(logProbability) * (logProbability - logLikelihood)
            total += exp(logLikelihood)
        }
        #expect(abs(total - 1) < 1e-9)
        #expect(divergence < 0.02, "Kullback-Leibler divergence of the model from the source, nats")
        let summary = try #require(model.training)
        let testNats = (0..<500).reduce(0) { sum, row in
            sum - oracle.logLikelihood(of: test.values[row * 8..<row * 8 + 8].map(Double.init)) / 500
        }
        #expect(abs((summary.testNats ?? .nan) - testNats) < 1e-4)
        #expect(abs(summary.validationNats - source.entropy) < 0.3)
    }

    @Test(arguments: Activation.allCases) func everyActivationAndDepthLearns(_ activation: Activation) throws {
        for widths in [[16], [16, 16]] {
            let options = options {
                $0.activation = activation
                $0.hiddenWidths = widths
                $0.isDirect = false
                $0.memberCount = 1
                $0.epochsMax = 12
            }
            let model = try Trainer(options).train(
                TrainingTables(train: source.rows(2000, seed: 4)), name: "markov")
            let nats = try #require(model.training).validationNats
            #expect(nats < 8 * log(2) - 1, "\(activation), hidden \(widths); independent fair coins have 5.55 nats")
        }
    }

    @Test func theModelDoesNotDependOnTheNumberOfThreads() throws {
        let tables = TrainingTables(train: source.rows(600, seed: 5))
        let models = try [1, 2, 3].map { threads in
            let options = options(seed: 7) {
                // Members that need different numbers of epochs do not end in their order.
                $0.memberCount = 6
                $0.epochsMax = 60
                $0.patienceEpochs = 1
                $0.threadCount = threads
                $0.dropout = 0.2
            }
            return try Trainer(options).train(tables, name: "markov")
        }
        for model in models.dropFirst() {
            #expect(model.networks == models[0].networks)
            #expect(model.members == models[0].members)
            #expect(model.calibration == models[0].calibration)
            #expect(model.training == models[0].training)
        }
    }

    @Test func anotherSeedIsAnotherModel() throws {
        let tables = TrainingTables(train: source.rows(600, seed: 5))
        let models = try [1, 2].map { try Trainer(options(seed: $0)).train(tables, name: "markov") }
        #expect(models[0].members != models[1].members)
        #expect(models[0].networks != models[1].networks)
        #expect(models[0].calibration != models[1].calibration)
    }

    @Test func membersHaveOrderingsAndWeightsOfTheirOwnWhateverTheirNumber() throws {
        let tables = TrainingTables(train: source.rows(600, seed: 5))
        let few = try Trainer(options()).train(tables, name: "markov")
        let many = try Trainer(options { $0.memberCount = 4 }).train(tables, name: "markov")
        #expect(Set(many.members.map(\.ordering.variables)).count == 4)
        #expect(Array(many.members.prefix(2)) == few.members)
        #expect(Array(many.networks.prefix(2)) == few.networks)
    }

    @Test func masksHoldInTheTrainedWeights() throws {
        let options = options {
            $0.hiddenWidths = [20, 60]
            $0.l1 = 0.01
            $0.weightDecay = 0.1
        }
        let model = try Trainer(options).train(TrainingTables(train: source.rows(400, seed: 6)), name: "markov")
        var masked = model
        masked.applyMasks()
        #expect(masked.networks == model.networks)
        for (index, member) in model.members.enumerated() {
            let oracle = Oracle(model)
            let jacobian = oracle.jacobian(at: [0, 1, 1, 0, 1, 0, 0, 1], member: index)
            for output in 0..<8 {
                for input in 0..<8 where member.ordering.positions[input] >= member.ordering.positions[output] {
                    #expect(jacobian[output][input] == 0)
                }
            }
        }
    }

    @Test func keepsTheWeightsThatWereBestOnTheValidationRows() throws {
        // Few rows and a high rate: training overfits, so the last weights are worse than the best.
        let options = options {
            $0.memberCount = 1
            $0.hiddenWidths = [64]
            $0.epochsMax = 100
            $0.patienceEpochs = 100
            $0.learningRate = 0.05
            $0.calibrationShare = 0
        }
        let seen = Mutex<[TrainingProgress]>([])
        let model = try Trainer(options).train(
            TrainingTables(train: source.rows(60, seed: 8), validation: source.rows(200, seed: 9)), name: "markov"
        ) { progress in seen.withLock { $0.append(progress) } }
        let epochs = seen.withLock { $0 }
        let best = try #require(epochs.min { $0.validationNats < $1.validationNats })
        let summary = try #require(model.training)
        #expect(epochs.count == 100)
        #expect(epochs[99].validationNats > best.validationNats + 0.1)
        #expect(summary.epochs == best.epoch)
        #expect(abs(summary.validationNats - best.validationNats) < 1e-4)
        #expect(model.calibration == nil)
    }

    @Test func aRaisedStopFlagEndsTrainingWithTheBestSoFar() throws {
        let stop = StopFlag()
        let options = options {
            $0.memberCount = 3
            $0.epochsMax = 1000
            $0.patienceEpochs = 1000
        }
        let tables = TrainingTables(train: source.rows(300, seed: 10))
        let model = try Trainer(options).train(tables, name: "markov", stop: stop) { progress in
            if progress.epoch == 4 { stop.raise() }
        }
        #expect(model.members.count == 1)
        #expect(model.calibration?.logLikelihoods.count == 60)
        let same = try Trainer(options).train(tables, name: "markov", stop: stop)
        #expect(same.training?.epochs == 0, "raised before the first step: the marginals")
        #expect(abs((same.training?.validationNats ?? 0) - 8 * log(2)) < 0.1)
    }

    @Test func stopsByItselfWhenNothingGetsBetter() throws {
        let options = options {
            $0.memberCount = 1
            $0.epochsMax = 1000
            $0.patienceEpochs = 2
        }
        let last = Mutex<TrainingProgress?>(nil)
        _ = try Trainer(options).train(TrainingTables(train: source.rows(200, seed: 11)), name: "markov") { progress in
            last.withLock { $0 = progress }
        }
        let final = last.withLock { $0 }
        let progress = try #require(final)
        #expect(progress.isLast && progress.epoch < 200 && progress.secondsLeft == 0)
    }

    @Test func pValuesOfFreshRowsAreUniform() throws {
        let model = try Trainer(options()).train(TrainingTables(train: source.rows(2000, seed: 13)), name: "markov")
        let calibration = try #require(model.calibration)
        // Surprisals add up to −log p, with S members to at most log S less.
        let surprisals = try #require(calibration.surprisals)
        let nats = -calibration.logLikelihoods.reduce(0, +) / 400
        let sum = surprisals.means.reduce(0, +)
        #expect(sum < nats + 1e-4 && sum > nats - log(Double(model.members.count)) - 1e-4)
        #expect(surprisals.standardDeviations.allSatisfy { $0 > 0 })
        #expect(calibration.logLikelihoods.count == 400)
        let oracle = Oracle(model)
        let fresh = source.rows(1000, seed: 14)
        let low = (0..<1000).count { row in
            let values = fresh.values[row * 8..<row * 8 + 8].map(Double.init)
            return calibration.pValue(of: oracle.logLikelihood(of: values)) <= 0.1
        }
        // At most 100 expected; the calibration's own error adds to a standard deviation of 9.5.
        #expect(low < 160)
    }

    @Test func wrongOptionsAreNamed() {
        let changes: [(String, (inout TrainingOptions) -> Void)] = [
            ("hidden", { $0.hiddenWidths = [0] }), ("hidden", { $0.hiddenWidths = [Int](repeating: 1, count: 17) }),
            ("members", { $0.memberCount = 0 }), ("epochs", { $0.epochsMax = 0 }), ("batch", { $0.batchRows = 0 }),
            ("learning-rate", { $0.learningRate = .nan }), ("learning-rate", { $0.learningRate = 0 }),
            ("patience", { $0.patienceEpochs = 0 }), ("dropout", { $0.dropout = 1 }), ("l1", { $0.l1 = .infinity }),
            ("weight-decay", { $0.weightDecay = 1e4 }), ("validation-share", { $0.validationShare = 0 }),
            ("calibration-share", { $0.calibrationShare = -0.1 }), ("validation-share", { $0.calibrationShare = 0.95 }),
            ("threads", { $0.threadCount = 0 }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) { try Trainer(options(change)) }
            guard case .option(name, _) = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func tooFewRowsAreRefused() {
        #expect(throws: TrainingError.tooFewRows(path: "table", found: 2, needed: 3)) {
            try Trainer(options()).train(TrainingTables(train: source.rows(2, seed: 1)), name: "markov")
        }
        #expect(throws: Never.self) {
            try Trainer(options()).train(TrainingTables(train: source.rows(3, seed: 1)), name: "markov")
        }
    }

    @Test func anImageWidthMustDivideTheRow() {
        #expect(throws: TrainingError.imageWidth(3, variableCount: 8)) {
            try Trainer(options()).train(TrainingTables(train: source.rows(9, seed: 1)), name: "m", imageWidth: 3)
        }
    }
}
