import Foundation
import MADE
import MADERows
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
        options.foldCount = 2
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
            let logProbability = source.logProbability(row)
            let logLikelihood = oracle.logLikelihood(of: row)
            divergence += exp(logProbability) * (logProbability - logLikelihood)
            total += exp(logLikelihood)
        }
        #expect(abs(total - 1) < 1e-9)
        #expect(divergence < 0.02, "Kullback-Leibler divergence of the model from the source, nats")
        let summary = try #require(model.training)
        let testNats = (0..<500).reduce(0) { sum, row in
            sum - oracle.logLikelihood(of: test.row(row)) / 500
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
        let nats = try epochs.map { try #require($0.validationNats) }
        let best = try #require(zip(epochs, nats).min { $0.1 < $1.1 })
        let summary = try #require(model.training)
        #expect(epochs.count == 100)
        #expect(nats[99] > best.1 + 0.1)
        #expect(summary.epochs == best.0.epoch)
        #expect(abs(summary.validationNats - best.1) < 1e-4)
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
        #expect(model.calibration == nil, "no fold was fitted")
        let large = try Trainer(options).train(
            TrainingTables(train: source.rows(1100, seed: 10)), name: "markov", stop: stop)
        #expect(large.calibration?.logLikelihoods.count == 220, "these rows are kept from the fit whatever its length")
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
            calibration.pValue(of: oracle.logLikelihood(of: fresh.row(row))) <= 0.1
        }
        // At most 100 expected; the calibration's own error adds to a standard deviation of 9.5.
        #expect(low < 160)
    }

    @Test func smallTablesAreCalibratedByAllTheirRows() throws {
        let options = options { $0.foldCount = 5 }
        let train = source.rows(300, seed: 15)
        let seen = Mutex<[TrainingProgress]>([])
        let model = try Trainer(options).train(TrainingTables(train: train), name: "markov") { progress in
            seen.withLock { $0.append(progress) }
        }
        let summary = try #require(model.training)
        #expect(summary.trainRows + summary.validationRows == 300)
        #expect(summary.calibrationRows == 300 && summary.calibrationFolds == 5)
        let calibration = try #require(model.calibration)
        let oracle = Oracle(model)
        func logLikelihoods(_ table: Table) -> [Double] {
            (0..<table.rowCount).map { oracle.logLikelihood(of: table.row($0)) }
        }
        // Nothing of the served model's own scores of its rows.
        #expect(calibration.logLikelihoods != logLikelihoods(train).sorted())
        #expect(
            seen.withLock { $0 }.filter(\.isLast).map { $0.validationNats == nil }.count(where: \.self) == 10,
            "the two networks of each fold have no validation rows")
        let low = logLikelihoods(source.rows(1000, seed: 16)).count { calibration.pValue(of: $0) <= 0.1 }
        #expect((50..<160).contains(low))
    }

    @Test func learnsLabelsNumbersAndMissingCellsToNearTheirEntropy() throws {
        // A label uniform in 3, a number normal around 3 places, a flag that says whether it is above 0; some cells missing.
        var generator = PhiloxGenerator(seed: 17)
        func table(_ rowCount: Int, missingShare: Float) -> Table {
            var values: [Double] = []
            for _ in 0..<rowCount {
                let label = Int.random(in: 0..<3, using: &generator)
                let normal = (0..<12).reduce(Float(-6)) { sum, _ in sum + generator.uniform() }
                let number = [-30, 5, 40][label] + 5 * normal
                let row = [Float(label), number, number > 0 ? 1 : 0]
                values += row.map { generator.uniform() < missingShare ? .nan : Double($0) }
            }
            return Table(columns: ["label", "number", "flag"], rows: values)
        }
        let schema = TableSchema(columns: [
            .init(name: "label", kind: .categorical(Categories(labels: ["x", "y", "z"]))),
            .init(name: "number", kind: .real(step: nil)), .init(name: "flag", kind: .binary),
        ])
        var options = TrainingOptions.recommended(for: schema)
        options.hiddenWidths = [32, 32]
        options.memberCount = 2
        options.stepCount = 600
        options.scaleFloor = 0.05
        options.inputNoise = 0
        let model = try Trainer(options).train(
            TrainingTables(
                train: table(2000, missingShare: 0.1), schema: schema, test: table(1000, missingShare: 0)),
            name: "mixed")
        let nats = try #require(model.training?.testNats)
        guard case .real(let encoding) = model.variables[1].kind else {
            Issue.record("no number")
            return
        }
        // log 3 for the label, log (5 √(2πe)) for the number less its scale's; the flag is then certain. And that none of the
        // three is missing.
        let entropy = log(3) + log(5 * (2 * Double.pi * M_E).squareRoot() / encoding.scale) - 3 * log(0.9)
        #expect(nats > entropy - 0.1 && nats < entropy + 0.15, "\(nats) nats, entropy \(entropy)")
        #expect(model.isResidual)
        let summary = try #require(model.training)
        // A share of 400 rows was kept; those that lack values are rows, too.
        #expect(summary.calibrationRows == 400)
        let curve = try #require(summary.curve)
        #expect(curve.epochs.count > 10 && curve.epochs.count <= 100)
        #expect(curve.validationNats[0] > curve.validationNats[curve.epochs.count - 1] + 0.5)
    }

    @Test func curvesAverageMembersOfDifferentLengths() {
        func epoch(_ number: Int, _ nats: Double) -> MemberTraining.Epoch {
            MemberTraining.Epoch(
                number: number, trainNats: nats, validation: .init(nats: nats + 1, bestNats: nats), isLast: false,
                epochsLeft: 0)
        }
        let curve = TrainingCurve([
            [epoch(1, 5), epoch(2, 3)], [epoch(1, 7), epoch(2, 5), epoch(3, .infinity), epoch(4, 1)], [],
        ])
        #expect(curve.epochs == [1, 2, 4])
        #expect(curve.trainNats == [6, 4, 2] && curve.validationNats == [7, 5, 3])
        let long = TrainingCurve([(1...1001).map { epoch($0, 1) }])
        #expect(long.epochs.count == 100 && long.epochs.last == 1001)
        #expect(TrainingCurve([]).epochs.isEmpty)
    }

    @Test func wrongOptionsAreNamed() {
        let changes: [(String, (inout TrainingOptions) -> Void)] = [
            ("hiddenWidths", { $0.hiddenWidths = [0] }),
            ("hiddenWidths", { $0.hiddenWidths = [Int](repeating: 1, count: 17) }),
            ("memberCount", { $0.memberCount = 0 }), ("epochsMax", { $0.epochsMax = 0 }),
            ("batchRows", { $0.batchRows = 0 }),
            ("learningRate", { $0.learningRate = .nan }), ("learningRate", { $0.learningRate = 0 }),
            ("patienceEpochs", { $0.patienceEpochs = 0 }), ("dropout", { $0.dropout = 1 }),
            ("l1", { $0.l1 = .infinity }),
            ("weightDecay", { $0.weightDecay = 1e4 }), ("validationShare", { $0.validationShare = 0 }),
            ("calibrationShare", { $0.calibrationShare = -0.1 }), ("validationShare", { $0.calibrationShare = 0.95 }),
            ("stepCount", { $0.stepCount = 0 }), ("componentCount", { $0.componentCount = 65 }),
            ("scaleFloor", { $0.scaleFloor = 0 }), ("inputNoise", { $0.inputNoise = -1 }),
            ("inputDropout", { $0.inputDropout = 1 }), ("gradientNormMax", { $0.gradientNormMax = -1 }),
            ("trimmedShare", { $0.trimmedShare = 0.6 }),
            ("trimmedValueShare", { $0.trimmedValueShare = 0.6 }), ("strayShare", { $0.strayShare = -0.1 }),
            ("foldCount", { $0.foldCount = 1 }),
            ("threadCount", { $0.threadCount = 0 }),
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
