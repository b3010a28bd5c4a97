public import MADE

/// A model of a table's rows: scores them, says which cells are wrong, puts them right, fills in what is missing, and draws new
/// ones.
///
/// ```swift
/// let model = try TableModel(contentsOf: "diamonds.safetensors")
/// for row in try model.score(contentsOf: "prices.csv", explaining: 1).rows where row.isAnomaly == true {
///     print(row.index, row.explanation[0].column, row.explanation[0].expected ?? "")
/// }
/// ```
///
/// The first step for who uses the libraries: scratch memory, encoded values and batches are its own affair. It gives the
/// numbers of `made score`, `made sample`, `made repair` and `made impute`, to the bit. Any number of threads may call any of
/// its methods at once; nothing of it changes, and every call has scratch memory of its own. Rows are scored on the thread that
/// calls, repaired and filled in on all processors. The results of a whole file are held in memory; `BulkScorer` is for files
/// of any length.
public final class TableModel: Sendable {
    /// As it was trained.
    public let trained: DensityModel
    /// As it serves.
    public let compiled: CompiledModel
    /// What cells are read by.
    public let schema: RowSchema
    let explainer: CellExplainer
    let text: RowText
    private let masked: MaskedCalibration

    /// Of a model that was trained or read before.
    ///
    /// - Throws: `TableModelError.memory`.
    public convenience init(_ trained: DensityModel) throws(TableModelError) {
        try self.init(trained, CompiledModel(trained))
    }

    /// Reads a checkpoint, as `made train` and `write(to:)` leave it, and proves that it is autoregressive.
    ///
    /// - Parameter activation: for PyTorch state dicts, which do not hold it; it is an error for checkpoints.
    /// - Throws: `CheckpointError`.
    public convenience init(contentsOf path: String, activation: Activation? = nil) throws(CheckpointError) {
        let file = try CheckpointFile(path)
        let model = try file.model(activation: activation)
        let (compiled, _) = try file.compiled(model)
        do { try self.init(model, compiled) } catch {
            throw CheckpointError(path, .unreadable(error.description))
        }
    }

    private init(_ trained: DensityModel, _ compiled: CompiledModel) throws(TableModelError) {
        guard let schema = RowSchema(compiled.card) else { throw .memory }
        self.trained = trained
        self.compiled = compiled
        self.schema = schema
        explainer = CellExplainer(compiled, schema)
        text = RowText(compiled.card)
        masked = MaskedCalibration(compiled)
    }

    /// Writes a checkpoint to a new file at `path`, or over another checkpoint there; whole, or not at all.
    ///
    /// - Throws: `OutputError`.
    public func write(to path: String) throws(OutputError) { try Checkpoint.write(trained, to: path) }

    /// The columns that are read, in the order of rows that are arrays.
    public var columns: [String] { schema.columns.map(\.name) }

    /// How rows are judged.
    ///
    /// - Throws: `TableModelError.argument`.
    func judgement(_ alpha: Double, _ statistic: RowStatistic?) throws(TableModelError) -> Judgement {
        let calibration = compiled.card.calibration
        guard alpha > 0, alpha <= 1 else {
            throw .argument(name: "alpha", reason: "\(alpha) is no share of normal rows; it must lie between 0 and 1")
        }
        if let statistic, !(calibration?.statistics ?? [.likelihood]).contains(statistic) {
            throw .argument(
                name: "statistic",
                reason:
                    "the model was not calibrated for \(statistic.rawValue); train it anew, or leave it to the model")
        }
        return Judgement(calibration, alpha: alpha, statistic: statistic)
    }
}

extension TableModel {
    /// How usual each of `rows` is.
    ///
    /// - Parameters:
    ///   - alpha: the share of normal rows that may be called anomalies. Where no p-value of the model is as small, no row is
    ///     judged.
    ///   - statistic: what p-values rank by; nil: what the model was calibrated for.
    ///   - columnCount: how many columns are named a row, those by which it would gain most if they were right; more than there are:
    ///     all. It takes many times as long as the scores alone.
    ///   - reading: what is read of the rows, and how.
    /// - Returns: as many as there are rows, in their order.
    /// - Throws: `TableModelError.row` of the first row that cannot be read, `.argument`, `.memory`.
    public func score(
        _ rows: [TableRow], alpha: Double = Judgement.defaultAlpha, statistic: RowStatistic? = nil,
        explaining columnCount: Int = 0, reading: ReadingOptions = ReadingOptions()
    ) throws(TableModelError) -> [RowScore] {
        let source: TextSource
        do { source = try TextSource(TableRow.lines(rows), name: "rows") } catch { throw .memory }
        let judgement = try judgement(alpha, statistic)
        let scored = try score(source, .ndjson, judgement, explaining: columnCount, reading, name: "rows")
        if let fault = scored.faults.first { throw .row(fault) }
        return scored.rows
    }

    /// The same of a CSV or NDJSON file, gzip and zstd too; `-` is standard input. Parameters as of `score(_:)`.
    ///
    /// - Throws: `TableModelError.table` where the file as a whole cannot be read, `.argument`, `.memory`. Rows that cannot be
    ///   read are told in the result.
    public func score(
        contentsOf path: String, alpha: Double = Judgement.defaultAlpha, statistic: RowStatistic? = nil,
        explaining columnCount: Int = 0, reading: ReadingOptions = ReadingOptions()
    ) throws(TableModelError) -> TableScores {
        let source: TextSource
        do { source = try TextSource(path: path, fillsPieces: true) } catch { throw .table(TableError(error)) }
        let format = LineFormat(guessedFrom: source.rest) ?? .csv
        return try score(
            source, format, try judgement(alpha, statistic), explaining: columnCount, reading, name: path)
    }

    /// The `columnCount` columns of each row by which it would gain most if they were right, largest gain first.
    ///
    /// - Throws: as `score(_:)`.
    public func explain(
        _ rows: [TableRow], columnCount: Int = 3, reading: ReadingOptions = ReadingOptions()
    ) throws(TableModelError) -> [[ColumnExplanation]] {
        try score(rows, explaining: columnCount, reading: reading).map(\.explanation)
    }

    private func score(
        _ source: TextSource, _ format: LineFormat, _ judgement: Judgement, explaining columnCount: Int,
        _ reading: ReadingOptions, name: String
    ) throws(TableModelError) -> TableScores {
        let collector = ScoreCollector(explainer, judgement)
        let input = BulkScorer.Input(format, header: schema.table.hasHeader ? .present : .guessed, options: reading)
        do {
            let scorer = try BulkScorer(
                model: compiled, schema: schema, input: input, output: collector, judgement: judgement,
                details: ScoreDetails(explain: columnCount > 0 ? columnCount : nil), explainer: explainer,
                masked: masked)
            let workspace = compiled.makeWorkspace()
            var isLast = false
            while !isLast {
                if source.rest.isEmpty { isLast = try !source.refill() }
                _ = try scorer.score(source.rest, isLast: isLast, using: workspace)
                source.drop(source.rest.count)
            }
        } catch let error as TextSourceError {
            throw .table(TableError(error))
        } catch let error as StreamError where error.kind != .memory {
            throw .table(TableError(path: name, problem: .stream(error)))
        } catch {
            throw .memory
        }
        return TableScores(rows: collector.scores, faults: collector.faults)
    }
}
