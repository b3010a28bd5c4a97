internal import MADE
public import MADERows

extension TableModel {
    /// Learns a model from a CSV or NDJSON file, gzip and zstd too; `-` is standard input. The same table, options and seed give the
    /// model of `made train`, bit by bit, on one kind of CPU.
    ///
    /// It trains on all processors, in seconds for hundreds of rows, in minutes for tens of thousands.
    ///
    /// - Parameters:
    ///   - name: what the model is called where it is served.
    ///   - columns: what columns hold, where that is not to be inferred.
    ///   - change: changes the options that are recommended for the table.
    ///   - stop: ends the training early, with the best weights so far, where it is raised.
    ///   - progress: called after each pass over the rows, from the threads that train, one call at a time.
    /// - Throws: `TableError` where the file is no table, `TrainingError` where its rows are too few, an option is out of range or
    ///   memory would not do, `TableModelError.memory`.
    public static func train(
        contentsOf path: String, name: String = "table", columns: SchemaOptions = SchemaOptions(),
        stop: StopFlag = StopFlag(), options change: (inout TrainingOptions) -> Void = { _ in },
        progress: @Sendable @escaping (TrainingProgress) -> Void = { _ in }
    ) throws -> TableModel {
        try train(Table.infer(path, options: columns), name, stop, change, progress)
    }

    /// The same of rows in memory: arrays, or cells by name.
    public static func train(
        _ rows: [TableRow], name: String = "table", columns: SchemaOptions = SchemaOptions(),
        stop: StopFlag = StopFlag(), options change: (inout TrainingOptions) -> Void = { _ in },
        progress: @Sendable @escaping (TrainingProgress) -> Void = { _ in }
    ) throws -> TableModel {
        try train(Table.infer(rows, options: columns), name, stop, change, progress)
    }

    private static func train(
        _ inferred: InferredTable, _ name: String, _ stop: StopFlag, _ change: (inout TrainingOptions) -> Void,
        _ progress: @Sendable @escaping (TrainingProgress) -> Void
    ) throws -> TableModel {
        var options = TrainingOptions.recommended(for: inferred.schema, rowCount: inferred.table.rowCount)
        options.threadCount = SystemProcessors.count
        change(&options)
        let tables = TrainingTables(train: inferred.table, schema: inferred.schema)
        return try TableModel(Trainer(options).train(tables, name: name, stop: stop, progress: progress))
    }
}
