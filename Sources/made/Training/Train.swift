import ArgumentParser
import FoundationEssentials
import Glibc
import MADE
import MADERows
import MADETraining

/// `made train`: a table becomes a checkpoint.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a density model from a table.",
        discussion: """
            What each column holds is read off the table, and printed, with what chooses otherwise. Cells of nothing \
            but 0 and 1, or yes and no, make a binary column, numbers a real one, whole ones included: codes need \
            --categorical. Anything else is labels; those of few rows share one class, other. Columns that name rows \
            (identifiers) and columns without a value are left out; of dates the weekday, the month and the time of day \
            are learned. A value is missing where a cell is empty, or, in a file whose columns of numbers show it, NA, \
            NaN, null or the like. The model keeps all of this: every file and request is read by it.

            Trains an ensemble of masked networks, each with a random ordering of the variables of its own (of 10000 \
            rows on, numbers that pile up on round values come before other numbers), until the validation rows no \
            longer get more likely, or for a number of steps where the table has columns of numbers, and keeps the best \
            weights. Rows that neither the gradient nor the stopping point has seen give the calibration that p-values \
            are read from; of a table with fewer than 200 such rows, all rows do, each scored by a model of the same \
            kind that was trained without it. The same table, options and seed give the same file, bit by bit, on one \
            kind of CPU, whatever the number of threads.

            Ctrl-C, or SIGTERM, ends the training early and writes the best so far; a second one writes nothing.
            """)

    @Argument(help: "A CSV or NDJSON file, gzip and zstd too, or - for standard input.")
    var data: String

    @Option(name: .shortAndLong, help: "The checkpoint to write, or to replace.")
    var output: String?

    @OptionGroup var outputs: OutputArguments

    @OptionGroup var results: ResultArguments

    @OptionGroup var remarks: RemarkArguments

    @Option(help: "The model's name. (default: the output's file name)")
    var name: String?

    @Option(help: "A table whose rows choose the stopping point, instead of a share of the data.")
    var validation: String?

    @Option(help: "A table whose rows give the calibration, instead of a share of the data.")
    var calibration: String?

    @Option(help: "A table to measure the model on in the end.")
    var test: String?

    @Option(
        help: """
            Most rows of the table that are learned from: of more, a uniform random sample by --seed, drawn in one pass in \
            constant memory. Rows of the other tables are sampled only where they would not fit in an eighth of the memory. \
            (default: what fits in half of the memory)
            """)
    var rowsMax: Int?

    @OptionGroup(title: "Columns")
    var columns: SchemaArguments

    @OptionGroup(title: "Training")
    var training: TrainingArguments

    @OptionGroup(title: "Search")
    var searching: SearchArguments

    @Option(help: "Pixels a line, where a row is a picture.")
    var imageWidth: Int?

    @Option(
        help: "Members trained side by side. (default: one a CPU, of a container with a limit as many as its share)")
    var threads: Int?

    mutating func validate() throws {
        guard output != nil || columns.printSchema else {
            throw ValidationError("Missing expected argument '--output <output>'")
        }
        if let rowsMax, rowsMax < 1 { throw ValidationError("--rows-max must be 1 or more") }
        // The likelihood of rows that hold what is to be found is not what should grow.
        guard searching.search == nil || !training.contaminated else {
            throw ValidationError("--search chooses by the validation rows, which --contaminated says not to trust")
        }
        do {
            let options = options(for: TableSchema(columns: []), rowCount: 0)
            _ = try Trainer(options)
            _ = try search(around: options)
        } catch {
            throw ValidationError(error.description(naming: \.argument))
        }
    }

    mutating func run() throws {
        let targets = try columns.printSchema ? nil : output.map(targets)
        var columnOptions = try columns.options()
        columnOptions.rowsMax = rowsMax
        columnOptions.seed = options(for: TableSchema(columns: []), rowCount: 0).seed
        let inferred = try Table.infer(data, options: columnOptions, command: "made train -")
        if columns.printSchema {
            try Output.print(SchemaFile.text(of: inferred), terminator: "")
            return
        }
        guard let output, let targets else { return }
        Output.note(SchemaListing(inferred: inferred, isBoundByMemory: rowsMax == nil).text)
        let tables = try readTables(besides: inferred, seed: columnOptions.seed)
        let options = options(for: inferred.schema, rowCount: inferred.table.rowCount)
        let masks = options.maskCount == 1 ? "" : " under \(options.maskCount) masks each"
        Output.note(
            "\(options.memberCount) network\(options.memberCount == 1 ? "" : "s") of hidden \(options.hiddenWidths)\(masks), "
                + "seed \(options.seed)")
        let stop = StopFlag()
        let interrupts = Interrupts { stop.raise() }
        defer { interrupts.cancel() }
        if let search = try search(around: options), let stateFile = targets.searchState {
            try run(search, tables, targets.model, stateFile, stop, isSampled: inferred.isSampled)
            return
        }
        let progress = ProgressLine()
        let model = try Trainer(options).train(
            tables, name: name ?? Self.name(of: output), imageWidth: imageWidth, stop: stop
        ) { progress.show($0) }
        progress.end()
        if stop.isRaised { Output.note("interrupted: keeping the best so far") }
        try Checkpoint.write(model, to: targets.model)
        try TrainingReport(path: output, model: model, search: nil).print(asJSON: results.json)
    }

    private func search(around options: TrainingOptions) throws(TrainingError) -> SettingSearch? {
        guard let count = searching.search else { return nil }
        return try SettingSearch(
            options, fixed: training.fixed, trialCount: count, secondsMax: searching.searchMinutes.map { $0 * 60 })
    }

    private func run(
        _ search: SettingSearch, _ tables: TrainingTables, _ target: OutputTarget, _ stateFile: OutputTarget,
        _ stop: StopFlag, isSampled: Bool
    ) throws {
        let output = target.path
        let lines = SearchLines(trialCount: searching.search ?? 0, progress: ProgressLine())
        let outcome = try search.run(
            tables, name: name ?? Self.name(of: output), imageWidth: imageWidth, stateFile: stateFile,
            program: "/proc/self/exe", stop: stop, keep: { try Checkpoint.write($0, to: target) },
            report: { lines.show($0) })
        lines.progress.end()
        // Where trials have ended, the best of them is written, but for the winner's calibration.
        if let model = outcome.model, outcome.best == nil || outcome.ending != .interrupted {
            try Checkpoint.write(model, to: target)
        }
        if outcome.ending == .interrupted {
            let found = outcome.best.map { "\(output) is the model of trial \($0.number), the best so far" }
            Output.note(
                "interrupted after \(outcome.trials.count) of \(searching.search ?? 0) trials: "
                    + (found ?? "\(output) is what there is of the first trial's model")
                    + "; the same command goes on (\(stateFile.path))")
        }
        // On a machine of another memory other rows would be drawn.
        let added = isSampled && rowsMax == nil ? ["--rows-max", "\(tables.train.rowCount)"] : []
        try TrainingReport(path: output, model: outcome.model, search: (outcome, added)).print(asJSON: results.json)
    }

    /// The files that are written.
    private struct Targets {
        let model: OutputTarget
        let searchState: OutputTarget?
    }

    /// What cannot be written should not be found out after the training.
    private func targets(_ output: String) throws(OutputError) -> Targets {
        let inputs = [data, validation, calibration, test, columns.schema]
        let model = try outputs.target(output, .checkpoint, inputs: inputs)
        // The user has not named this one, and so cannot have meant it with --force.
        let state = output + ".search.json"
        return Targets(
            model: model,
            searchState: searching.search == nil
                ? nil : try OutputTarget(path: state, kind: .searchState, inputs: inputs.compactMap(\.self)))
    }

    private func options(for schema: TableSchema, rowCount: Int) -> TrainingOptions {
        var options = training.options(for: schema, rowCount: rowCount)
        options.threadCount = threads ?? SystemProcessors.count
        return options
    }

    /// All tables, with the columns of the first.
    private func readTables(besides inferred: InferredTable, seed: UInt64) throws -> TrainingTables {
        func other(_ path: String?, _ option: String) throws -> Table? {
            guard let path else { return nil }
            let (table, readRowCount) = try Table.read(
                path, as: inferred.schema, limit: .bytes(SystemMemory.byteCount / 8), seed: seed,
                command: "made train TABLE \(option) -")
            if table.rowCount < readRowCount {
                let sample = "sampled \(table.rowCount) of \(readRowCount) rows"
                Output.note("\(path): \(sample), as many as fit in an eighth of the memory")
            }
            return table
        }
        return TrainingTables(
            train: inferred.table, schema: inferred.schema, validation: try other(validation, "--validation"),
            calibration: try other(calibration, "--calibration"), test: try other(test, "--test"))
    }

    /// A file name without its folders and its last extension.
    private static func name(of output: String) -> String {
        let file = output.split(separator: "/").last.map(String.init) ?? output
        guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return file }
        return String(file[..<dot])
    }
}
