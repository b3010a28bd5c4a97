internal import Glibc
internal import MADE
internal import MADERows
internal import MADETraining
internal import Synchronization

/// Rounds of training: forward, backward and Adam over a few batches, some times over.
enum TrainingRounds {
    /// About as many rows as are trained on each epoch.
    private static let rowCount = 1000
    private static let epochCount = 4

    /// When a member ended an epoch, by the wall and by its thread's processor time.
    private struct Mark {
        let wall = seconds(CLOCK_MONOTONIC)
        let cpu = seconds(CLOCK_THREAD_CPUTIME_ID)
    }

    /// Trains one member a thread, side by side; `cpu` is one thread's.
    ///
    /// Timed from the end of the first epoch to that of the last: all that is set up and evaluated lies outside, but for
    /// one validation row an epoch.
    static func run(variableCount: Int, hiddenWidths: [Int], batchRows: Int, threadCount: Int) throws -> Answer {
        var options = TrainingOptions()
        options.hiddenWidths = hiddenWidths
        options.isDirect = false
        options.memberCount = threadCount
        options.threadCount = threadCount
        options.batchRows = batchRows
        options.epochsMax = epochCount
        options.patienceEpochs = epochCount
        options.calibrationShare = 0
        let rowCount = (rowCount + batchRows - 1) / batchRows * batchRows
        let marks = Mutex([Int: [Mark]]())
        _ = try Trainer(options).train(
            TrainingTables(
                train: table(rowCount: rowCount, variableCount: variableCount, stream: 0),
                validation: table(rowCount: 1, variableCount: variableCount, stream: 1)),
            name: "bench"
        ) { progress in
            // On the thread that trains the member.
            marks.withLock { $0[progress.member, default: []].append(Mark()) }
        }
        let spans = marks.withLock { $0.values.map { (first: $0[0], last: $0[$0.count - 1], count: $0.count - 1) } }
        let wall =
            (spans.map(\.last.wall).max() ?? 0) - (spans.map(\.first.wall).min() ?? 0)
        return Answer(
            units: spans.reduce(0) { $0 + $1.count * rowCount }, wall: wall,
            cpu: spans.reduce(0) { $0 + $1.last.cpu - $1.first.cpu } / Double(spans.count))
    }

    private static func table(rowCount: Int, variableCount: Int, stream: UInt64) -> Table {
        var generator = PhiloxGenerator(seed: 5, stream: stream)
        return Table(
            columns: (0..<variableCount).map { "v\($0)" },
            rows: (0..<rowCount * variableCount).map { _ in Bool.random(using: &generator) ? 1 : 0 })
    }
}
