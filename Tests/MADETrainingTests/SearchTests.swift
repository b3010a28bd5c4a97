import Foundation
import MADE
import MADERows
import Synchronization
import Testing

@testable import MADETraining

/// Whole searches of small tables.
@Suite final class SearchTests {
    private let source = MarkovTable(count: 8, lag: 2, flips: 0.1)
    private let statePath = FileManager.default.temporaryDirectory.path + "/made-search-\(UUID().uuidString).json"

    deinit { try? FileManager.default.removeItem(atPath: statePath) }

    private var options: TrainingOptions {
        var options = TrainingOptions()
        options.hiddenWidths = [12]
        options.memberCount = 3
        options.epochsMax = 4
        options.l1 = 0
        options.foldCount = 2
        options.threadCount = 2
        return options
    }

    private func run(
        _ tables: TrainingTables, _ options: TrainingOptions? = nil, fixed: Set<SearchedOption> = [],
        count: Int = 10, seconds: Double? = nil, program: String = "/proc/self/exe", stop: StopFlag = StopFlag(),
        report: @escaping @Sendable (SearchEvent) -> Void = { _ in }, keep: (DensityModel) throws -> Void = { _ in }
    ) throws -> SearchOutcome {
        try SettingSearch(options ?? self.options, fixed: fixed, trialCount: count, secondsMax: seconds)
            .run(
                tables, name: "m", stateFile: OutputTarget(path: statePath, kind: .searchState), program: program,
                stop: stop, keep: keep, report: report)
    }

    /// What a trial has found, without what it took.
    private func findings(_ outcome: SearchOutcome) -> [String] {
        outcome.trials.map { "\($0.number) \($0.settings) \($0.firstNats) \($0.memberNats ?? -1) \($0.nats ?? -1)" }
    }

    private func expectSame(_ one: DensityModel?, _ other: DensityModel?, _ comment: Comment? = nil) throws {
        let (one, other) = (try #require(one), try #require(other))
        #expect(one.networks == other.networks, comment)
        #expect(one.members == other.members && one.calibration == other.calibration, comment)
        #expect(one.training == other.training, comment)
    }

    @Test(arguments: [1200, 300]) func theWinnerIsWhatAPlainTrainingGivesAndNoTrialIsBetter(rowCount: Int) throws {
        let tables = TrainingTables(train: source.rows(rowCount, seed: 1), test: source.rows(50, seed: 2))
        var kept: [DensityModel] = []
        let outcome = try run(tables, keep: { kept.append($0) })
        #expect(outcome.ending == .complete && outcome.trials.map(\.number) == Array(1...10))
        let best = try #require(outcome.best)
        #expect(outcome.trials.allSatisfy { ($0.nats ?? .infinity) >= best.nats ?? 0 })
        #expect(best.number > 1 && outcome.trials[0].settings.isEmpty, "four epochs at the default rate are too few")
        let space = SearchSpace(base: options, fixed: [], schema: tables.schema, rowCount: rowCount)
        let settings = space.settings(count: 10)[best.number - 1]
        #expect(settings.words(besides: options) == best.settings)
        try expectSame(outcome.model, Trainer(settings).train(tables, name: "m"))
        #expect(outcome.model?.training?.calibrationFolds == (rowCount == 300 ? 2 : nil))
        // With the rows' own trimming, which is none here, a trial is judged by the model's validation nats.
        #expect(abs((outcome.model?.training?.validationNats ?? 0) - (best.nats ?? -1)) < 1e-12)
        #expect(kept.last?.networks == outcome.model?.networks)
        #expect(kept.allSatisfy { ($0.calibration == nil) == (rowCount == 300) })
        #expect(!FileManager.default.fileExists(atPath: statePath))
    }

    @Test func trialsDoNotDependOnTheNumberOfThreads() throws {
        let tables = TrainingTables(train: source.rows(1000, seed: 3))
        let outcomes = try [1, 3].map { threads in
            var options = options
            options.threadCount = threads
            return try run(tables, options)
        }
        #expect(findings(outcomes[0]) == findings(outcomes[1]))
        try expectSame(outcomes[0].model, outcomes[1].model)
    }

    @Test func onlyTrialsLeftBehindByTheWavesBeforeAreAbandoned() throws {
        let outcome = try run(TrainingTables(train: source.rows(1000, seed: 3)), count: 25)
        #expect(outcome.trials.count { $0.nats == nil } > 3)
        for trial in outcome.trials.dropFirst() {
            let waveStart = (trial.number - 2) / 4 * 4 + 1
            let rival = try #require(
                outcome.trials.prefix(waveStart).filter { $0.nats != nil }
                    .min { ($0.nats ?? 0, $0.number) < ($1.nats ?? 0, $1.number) })
            let bound = rival.firstNats + (rival.memberNats ?? 0) - (rival.nats ?? 0)
            #expect((trial.nats == nil) == (trial.firstNats > bound), "trial \(trial.number)")
        }
    }

    @Test func calibrationAndTestRowsHaveNoPartInTheChoice() throws {
        let train = source.rows(1500, seed: 4)
        var generator = PhiloxGenerator(seed: 1, stream: 0)
        var spoilt = train.values
        // The first fifth of the shuffled rows is kept for calibration.
        for row in (0..<1500).shuffled(using: &generator).prefix(300) {
            for column in spoilt.indices { spoilt[column][row] = 1 - spoilt[column][row] }
        }
        let plain = try run(TrainingTables(train: train, test: source.rows(90, seed: 5)))
        let other = try run(
            TrainingTables(train: Table(columns: train.columns, values: spoilt), test: source.rows(80, seed: 6)))
        #expect(findings(plain) == findings(other))
        #expect(plain.model?.calibration != other.model?.calibration)
    }

    @Test(arguments: [1200, 300]) func anInterruptedSearchGoesOnToTheSameEnd(rowCount: Int) throws {
        let tables = TrainingTables(train: source.rows(rowCount, seed: 7))
        let whole = try run(tables)
        for looks in [1, 9, 17, 30, 60] {
            let stop = StopFlag()
            let left = Atomic<Int>(looks)
            let first = try run(tables, stop: stop) { event in
                guard case .progress = event else { return }
                if left.subtract(1, ordering: .relaxed).newValue == 0 { stop.raise() }
            }
            #expect(first.ending == .interrupted && FileManager.default.fileExists(atPath: statePath))
            if first.best == nil { #expect(first.model != nil, "what there is of the first trial's") }
            let outcome = try run(tables)
            #expect(outcome.ending == .complete && findings(outcome) == findings(whole), "\(looks) looks")
            try expectSame(outcome.model, whole.model, "\(looks) looks")
        }
    }

    @Test func aSearchMayBeInterruptedBehindEachTrial() throws {
        let tables = TrainingTables(train: source.rows(1200, seed: 7))
        let whole = try run(tables)
        var endings: [SearchEnding] = []
        var outcome: SearchOutcome
        repeat {
            let stop = StopFlag()
            outcome = try run(tables, stop: stop) { event in if case .ended = event { stop.raise() } }
            endings.append(outcome.ending)
        } while outcome.ending == .interrupted && endings.count < 20
        #expect(endings.count > 3 && outcome.ending == .complete)
        #expect(findings(outcome) == findings(whole))
        try expectSame(outcome.model, whole.model)
    }

    @Test func aSearchWhoseTimeIsUpHasTheBestThereIs() throws {
        let tables = TrainingTables(train: source.rows(1000, seed: 8))
        let outcome = try run(tables, seconds: 1e-9)
        #expect(outcome.ending == .outOfTime && outcome.best == nil && outcome.trials.isEmpty)
        #expect(abs((outcome.model?.training?.validationNats ?? 0) - 8 * log(2)) < 0.1, "the marginals")
        #expect(!FileManager.default.fileExists(atPath: statePath))
        // Time that was spent before an interruption counts.
        let stop = StopFlag()
        _ = try run(tables, stop: stop) { event in if case .ended = event { stop.raise() } }
        let resumed = try run(tables, seconds: 1e-9)
        #expect(resumed.ending == .outOfTime && resumed.trials.map(\.number) == [1])
        try expectSame(resumed.model, Trainer(options).train(tables, name: "m"))
    }

    @Test func rowsWithMissingCellsJudgeTheEnsembleAsOthersDo() throws {
        var table = source.rows(600, seed: 9)
        let cells = (0..<table.rowCount).flatMap(table.row)
        table = Table(columns: table.columns, rows: cells.enumerated().map { $0 % 11 == 0 ? .nan : $1 })
        let outcome = try run(TrainingTables(train: table), count: 5)
        // An ensemble is better than its networks are on average.
        for trial in outcome.trials where trial.nats != nil {
            #expect((trial.nats ?? 0) < (trial.memberNats ?? 0), "trial \(trial.number)")
        }
    }

    @Test func theStateOfAnotherSearchIsRefused() throws {
        let tables = TrainingTables(train: source.rows(1000, seed: 10), validation: source.rows(100, seed: 11))
        let stop = StopFlag()
        let begun = try run(tables, fixed: [.dropout], stop: stop) { event in
            if case .ended = event { stop.raise() }
        }
        #expect(begun.ending == .interrupted)
        let state = try Data(contentsOf: URL(filePath: statePath))

        var changed = tables
        changed.train = tables.train.changed(row: 9, column: 5) { 1 - $0 }
        var shorter = tables
        shorter.validation = source.rows(99, seed: 11)
        var other = options
        other.learningRate = 0.01
        let attempts: [(String, () throws -> SearchOutcome)] = [
            ("the train table has other values", { try self.run(changed, fixed: [.dropout]) }),
            ("the validation table was 100 × 8, is 99 × 8", { try self.run(shorter, fixed: [.dropout]) }),
            ("--learning-rate was 0.002, is 0.01", { try self.run(tables, other, fixed: [.dropout]) }),
            ("--dropout was given; --l1 was not given", { try self.run(tables, fixed: [.l1]) }),
            ("another build", { try self.run(tables, fixed: [.dropout], program: #filePath) }),
        ]
        for (reason, attempt) in attempts {
            let error = #expect(throws: SearchStateError.self) { try attempt() }
            let text = error?.description ?? ""
            #expect(text.contains(reason) && text.hasPrefix(statePath) && text.contains("remove it"), "\(text)")
            #expect(try Data(contentsOf: URL(filePath: statePath)) == state, "it is left as it was")
        }
        try Data(state.dropLast(9)).write(to: URL(filePath: statePath))
        let error = #expect(throws: SearchStateError.self) { try run(tables, fixed: [.dropout]) }
        #expect(error?.problem == .notAState)
        try state.write(to: URL(filePath: statePath))
        let more = try run(tables, fixed: [.dropout], count: 12)
        #expect(more.ending == .complete && more.trials.count == 12, "other numbers of settings are the same search")
    }

    @Test func nonsenseIsRefused() throws {
        let tables = TrainingTables(train: source.rows(1000, seed: 12))
        for (count, seconds) in [(0, nil), (1001, nil), (5, 0), (5, .nan), (5, -1)] as [(Int, Double?)] {
            #expect(throws: TrainingError.self) { try run(tables, count: count, seconds: seconds) }
        }
        #expect(throws: TrainingError.nothingToSearch) {
            try run(tables, fixed: Set(SearchedOption.allCases), count: 2)
        }
    }

    @Test func aFileThatIsNoStateStaysAsItIs() throws {
        try Data("a,b\n1,0\n".utf8).write(to: URL(filePath: statePath))
        let error = #expect(throws: OutputError.self) {
            try run(TrainingTables(train: source.rows(1000, seed: 12)))
        }
        #expect(error?.problem == .otherKind("the state of a search"))
        #expect(try Data(contentsOf: URL(filePath: statePath)) == Data("a,b\n1,0\n".utf8))
    }
}
