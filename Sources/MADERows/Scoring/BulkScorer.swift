internal import CRows
public import MADE

/// Scores a text of any length that comes in pieces, in memory that does not grow with it: a line out for every row in, in
/// order. A row that is faulty gives a line that says why. One thread at a time.
public final class BulkScorer {
    /// How the text is read.
    public struct Input: Sendable {
        /// How its rows are written.
        public var format: LineFormat
        /// Of CSV.
        public var header: LineHeader
        /// What of it is read.
        public var options: ReadingOptions
        /// Names of columns whose cells are copied to the front of each line of the answer.
        public var kept: [String]

        /// Rows of `format`.
        public init(
            _ format: LineFormat, header: LineHeader = .present, options: ReadingOptions = ReadingOptions(),
            kept: [String] = []
        ) {
            self.format = format
            self.header = header
            self.options = options
            self.kept = kept
        }
    }

    /// Rows that go through the model together.
    private static let chunkRowsMax = 1024
    /// Rows and particles that go through it together where values are missing.
    private static let chunkParticlesMax = 16384
    /// The candidates of a cell that a row's explanation scores, roughly: each for half of the row.
    private static let candidateCount = 16

    /// Rows read so far, and how many of them were faulty.
    public private(set) var rowCount = 0
    /// See `rowCount`.
    public private(set) var faultCount = 0
    /// Rows that were anomalies.
    package private(set) var anomalyCount = 0
    /// Why rows with values that are not known are not judged; nil where they are.
    public private(set) var unjudgedNote: String?

    private let model: CompiledModel
    /// Told of rows [n × D], encoded, that were scored, and of their log-likelihoods [n].
    private let note: ((UnsafeBufferPointer<Float>, UnsafeBufferPointer<Double>) -> Void)?
    private let schema: RowSchema
    private let stream: RowStream
    private let keptCount: Int
    private let rows = RowBuffer()
    private let missing: MissingValues
    private let scorer: RowScorer
    private let masked: MaskedCalibration
    /// How many columns are named a row, and by whom; nil: none.
    private let explaining: (count: Int, explainer: CellExplainer)?
    /// Rows that a row weighs.
    private let rowWeight: Int
    /// What the next chunk may hold: fewer where the last one had rows that are not plain.
    private var chunkRows = chunkRowsMax
    private var output: any ScoreOutput
    private var hasBegun = false

    /// Reads `input` and writes lines of `output`.
    ///
    /// - Throws: where memory is short.
    public convenience init(
        model: CompiledModel, schema: RowSchema, input: Input, output: LineFormat, judgement: Judgement,
        details: ScoreDetails = ScoreDetails(), missing: MissingValues = MissingValues()
    ) throws(StreamError) {
        let explainer = CellExplainer(model, schema)
        try self.init(
            model: model, schema: schema, input: input,
            output: ScoreLines(
                output, judgement: judgement, kept: input.kept, details: details, explainer: explainer),
            judgement: judgement, details: details, explainer: explainer, missing: missing)
    }

    package init(
        model: CompiledModel, schema: RowSchema, input: Input, output: any ScoreOutput, judgement: Judgement,
        details: ScoreDetails = ScoreDetails(), explainer: CellExplainer? = nil, masked: MaskedCalibration? = nil,
        missing: MissingValues = MissingValues(),
        note: ((UnsafeBufferPointer<Float>, UnsafeBufferPointer<Double>) -> Void)? = nil
    ) throws(StreamError) {
        // Explanations quote cells as they came.
        let quoted = details.explain == nil ? [] : schema.columns.map(\.name)
        let stream = RowStream(
            input.format, header: input.header, schema: schema, options: input.options, kept: input.kept + quoted)
        guard let stream else { throw .memory }
        self.model = model
        self.note = note
        scorer = RowScorer(
            model, judgement: judgement, missing: missing, givesSurprisals: details.explain != nil)
        self.masked = masked ?? MaskedCalibration(model)
        explaining = details.explain.map { ($0, explainer ?? CellExplainer(model, schema)) }
        rowWeight = details.explain == nil ? 1 : 1 + Self.candidateCount / 2 * model.variableCount
        self.schema = schema
        self.stream = stream
        keptCount = input.kept.count
        self.missing = missing
        self.output = output
    }

    /// Bytes of memory that one holds beside its answer, roughly.
    package static func restingBytes(variableCount: Int) -> Int {
        chunkRowsMax * variableCount * (MemoryLayout<Float>.stride + MemoryLayout<Double>.stride)
    }

    /// Bytes of the answer that `score` has not given and `finish` will, roughly.
    package var heldByteCount: Int { output.heldByteCount }

    /// What is left of the answer after the last bytes were scored: of rows that are judged together all of it.
    public func finish() -> [[UInt8]] { output.finish() }

    /// Reads the next bytes and gives the lines of the rows that ended in them; `isLast`: nothing comes after them.
    ///
    /// - Throws: where the header is wrong, at the bytes that end it; there is nothing to be read after that.
    public func score(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, using workspace: CompiledModel.Workspace
    ) throws(StreamError) -> [UInt8] {
        try score(bytes, isLast: isLast, weightMax: .max, using: workspace).lines
    }

    /// What was scored of some bytes.
    package struct Part {
        package var lines: [UInt8]
        /// How many of the bytes were read.
        package var byteCount: Int
        /// Nothing of them is left to be scored.
        package var isComplete: Bool
    }

    /// The same of no more bytes than weigh `weightMax` rows, or a little more: a row with missing values weighs as many as
    /// it has particles.
    package func score(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, weightMax: Int, using workspace: CompiledModel.Workspace
    ) throws(StreamError) -> Part {
        var byteCount = 0
        var weight = 0
        while true {
            rows.count = 0
            let rowsMax = max(chunkRows / rowWeight, 1)
            let read = stream.read(
                UnsafeRawBufferPointer(rebasing: bytes[byteCount...]), isLast: isLast, rowsMax: rowsMax, into: rows)
            if let error = StreamError(read, schema: schema) { throw error }
            if !hasBegun, read.header != MADE_HEADER_GUESSED {
                output.begin(hasHeader: read.header == MADE_HEADER_PRESENT)
                hasBegun = true
            }
            byteCount += read.byte_count
            score(read, using: workspace)
            weight += read.row_count * rowWeight + read.special_row_count * missing.particles
            chunkRows =
                read.special_row_count == 0
                ? Self.chunkRowsMax : min(max(Self.chunkParticlesMax / missing.particles, 1), Self.chunkRowsMax)
            // Fewer rows than it might have read: there are no more in these bytes.
            let isComplete = read.row_count < rowsMax
            if isComplete || weight >= weightMax {
                return Part(lines: output.take(), byteCount: byteCount, isComplete: isComplete)
            }
        }
    }

    private func score(_ read: made_stream_read, using workspace: CompiledModel.Workspace) {
        let isPlain = read.special_row_count == 0
        scorer.score(rows.values.span, isPlain: isPlain, using: workspace)
        scorer.logLikelihoods.withUnsafeBufferPointer { note?(rows.values, $0) }
        write(read, isPlain: isPlain, using: workspace)
        rowCount += read.row_count
        faultCount += read.error_count
    }

    /// The columns of largest gain of a row that is scored, the `index`th of the last ones.
    private func explanation(
        of index: Int, _ kept: KeptCells, using workspace: CompiledModel.Workspace
    ) -> [CellExplanation]? {
        guard let explaining else { return nil }
        let cells = index * model.variableCount..<(index + 1) * model.variableCount
        return explaining.explainer.largest(
            explaining.count, of: Array(rows.values[cells]), cells: kept.dropFirst(keptCount).sentCells,
            surprisals: scorer.surprisals[cells], using: workspace)
    }

    /// The p-value of a row with values that are not known, the `index`th of the last ones, and what it is read from.
    private func maskedPValue(
        of score: Double, _ index: Int, using workspace: CompiledModel.Workspace
    ) -> (value: Double?, isAnomaly: Bool?, group: Int?, rowCount: Int?) {
        let judgement = scorer.judgement
        let cells = index * model.variableCount..<(index + 1) * model.variableCount
        let found = masked.pValue(of: score, rows.values[cells], judgement, missing: missing, using: workspace)
        unjudgedNote = unjudgedNote ?? found.note(judgement.alpha)
        return (found.value, found.isAnomaly(judgement.alpha), found.group, found.rowCount)
    }

    private func write(_ read: made_stream_read, isPlain: Bool, using workspace: CompiledModel.Workspace) {
        var faults = UnsafeBufferPointer(start: read.errors, count: read.error_count)[...]
        let width = model.variableCount
        let (judgement, logLikelihoods, scores) = (scorer.judgement, scorer.logLikelihoods, scorer.scores)
        let groups = scorer.groups
        let pValues = judgement.pValues(of: scores, in: groups)
        var next = 0
        for row in 0..<read.row_count {
            let all = KeptCells(
                read.kept, row: row, count: keptCount + (explaining == nil ? 0 : schema.columns.count))
            let kept = all.prefix(keptCount)
            if var fault = faults.first, fault.row == row {
                faults.removeFirst()
                fault.row += rowCount
                output.write(fault: detail(of: fault), row: rowCount + row, kept: kept)
                continue
            }
            let estimate =
                isPlain
                ? nil
                : RowEstimate(
                    of: rows.values[next * width..<(next + 1) * width], standardError: scorer.standardErrors[next])
            let pValue = pValues.isEmpty ? nil : pValues[next]
            let group = groups.isEmpty ? nil : groups[next]
            var row = ScoredRow(
                logLikelihood: logLikelihoods[next], score: scores[next], pValue: pValue,
                isAnomaly: judgement.isAnomaly(pValue, in: group), group: group, estimate: estimate,
                explanation: explanation(of: next, all, using: workspace))
            if pValue != nil, estimate != nil {
                (row.pValue, row.isAnomaly, row.group, row.calibrationRowCount) =
                    maskedPValue(of: scores[next], next, using: workspace)
            }
            if row.isAnomaly == true { anomalyCount += 1 }
            row.note = unjudgedNote
            output.write(row, kept: kept)
            next += 1
        }
    }

    private func detail(of fault: made_row_error) -> String {
        RowProblem(fault, row: "rows[\(fault.row)]", place: "", columns: schema.columns).detail
    }
}
