internal import CRowScanner
public import MADE

/// Scores a text of any length that comes in pieces, in memory that does not grow with it: a line out for every line in,
/// in order. A row that is faulty gives a line that says why. One thread at a time.
public final class BulkScorer {
    /// Rows that go through the model together.
    private static let chunkRowsMax = 1024
    /// Rows and particles that go through it together where values are missing.
    private static let chunkParticlesMax = 16384

    /// Lines read so far, a header aside, and how many of them were faulty.
    public private(set) var rowCount = 0
    /// See `rowCount`.
    public private(set) var faultCount = 0
    /// Rows that were anomalies.
    private(set) var anomalyCount = 0

    private let model: CompiledModel
    /// What it is as it is served; nil outside a service.
    private let served: LoadedModel?
    /// Rows below it are anomalies.
    private let anomalyBound: Double
    private let stream: RowStream
    private let rows = RowBuffer()
    private let missing: MissingValues
    private var logLikelihoods = [Double](repeating: 0, count: chunkRowsMax)
    private var standardErrors = [Double](repeating: 0, count: chunkRowsMax)
    /// What the next chunk may hold: fewer where the last one had missing values.
    private var chunkRows = chunkRowsMax
    private var output: any ScoreOutput
    private var hasBegun = false

    /// Reads `input` and writes `output`; CSV lines end in `lineEnd`. Rows with a p-value of at most `alpha` are anomalies.
    ///
    /// - Throws: where memory is short.
    public convenience init(
        model: CompiledModel, input: LineFormat, output: LineFormat, alpha: Double?,
        missing: MissingValues = MissingValues(), lineEnd: StaticString
    ) throws(BulkError) {
        guard let schema = RowSchema(model.card.variables) else { throw BulkError(503, "memory is short") }
        let lines = ScoreLines(output, calibration: model.card.calibration, alpha: alpha, lineEnd: lineEnd)
        try self.init(
            model: model, schema: schema, input: BulkInput(format: input), output: lines, alpha: alpha,
            missing: missing)
    }

    init(
        model: CompiledModel, schema: RowSchema, input: BulkInput, output: any ScoreOutput, alpha: Double?,
        missing: MissingValues = MissingValues(), served: LoadedModel? = nil
    ) throws(BulkError) {
        guard let stream = RowStream(input, schema: schema) else { throw BulkError(503, "memory is short") }
        self.model = model
        self.served = served
        anomalyBound = alpha.flatMap { model.card.calibration?.anomalyBound($0) } ?? -.infinity
        self.stream = stream
        self.missing = missing
        self.output = output
    }

    /// Bytes of the answer that `score` has not given and `finish` will, roughly.
    var heldByteCount: Int { output.heldByteCount }

    /// What is left of the answer after the last bytes were scored.
    func finish() -> [[UInt8]] { output.finish() }

    /// Reads the next bytes and gives the lines of the rows that ended in them; `isLast`: nothing comes after them.
    ///
    /// - Throws: where the header is wrong, at the bytes that end it; there is nothing to be read after that.
    public func score(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, using workspace: CompiledModel.Workspace
    ) throws(BulkError) -> [UInt8] {
        try score(bytes, isLast: isLast, weightMax: .max, using: workspace).lines
    }

    /// What was scored of some bytes.
    struct Part {
        var lines: [UInt8]
        /// How many of the bytes were read.
        var byteCount: Int
        /// Nothing of them is left to be scored.
        var isComplete: Bool
    }

    /// The same of no more bytes than weigh `weightMax` rows, or a little more: a row with missing values weighs as many as
    /// it has particles.
    func score(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, weightMax: Int, using workspace: CompiledModel.Workspace
    ) throws(BulkError) -> Part {
        var byteCount = 0
        var weight = 0
        while true {
            rows.count = 0
            let rowsMax = chunkRows
            let read = stream.read(
                UnsafeRawBufferPointer(rebasing: bytes[byteCount...]), isLast: isLast, rowsMax: rowsMax, into: rows)
            if let error = BulkError(read, variables: model.card.variables) { throw error }
            if !hasBegun, read.header != MADE_HEADER_GUESSED {
                output.begin(hasHeader: read.header == MADE_HEADER_PRESENT)
                hasBegun = true
            }
            byteCount += read.byte_count
            score(read, using: workspace)
            weight += read.row_count + read.missing_row_count * missing.particles
            chunkRows =
                read.missing_row_count == 0
                ? Self.chunkRowsMax : min(max(Self.chunkParticlesMax / missing.particles, 1), Self.chunkRowsMax)
            // Fewer rows than it might have read: there are no more in these bytes.
            let isComplete = read.row_count < rowsMax
            if isComplete || weight >= weightMax {
                return Part(lines: output.take(), byteCount: byteCount, isComplete: isComplete)
            }
        }
    }

    private func score(_ read: made_stream_read, using workspace: CompiledModel.Workspace) {
        let goodCount = read.row_count - read.error_count
        let hasMissing = read.missing_row_count > 0
        logLikelihoods.withUnsafeMutableBufferPointer { results in
            standardErrors.withUnsafeMutableBufferPointer { errors in
                var results = UnsafeMutableBufferPointer(rebasing: results[..<goodCount]).mutableSpan
                var errors = UnsafeMutableBufferPointer(rebasing: errors[..<goodCount]).mutableSpan
                if hasMissing {
                    model.score(
                        rows.values.span, missing: missing, into: &results, standardErrors: &errors, using: workspace)
                } else {
                    model.score(rows.values.span, into: &results, using: workspace)
                }
            }
            anomalyCount += results[..<goodCount].count { $0 < anomalyBound }
            served?.note(
                rows.values, UnsafeBufferPointer(rebasing: results[..<goodCount]), haveMissing: hasMissing)
        }
        var faults = UnsafeBufferPointer(start: read.errors, count: read.error_count)[...]
        var next = 0
        for row in 0..<read.row_count {
            if var fault = faults.first, fault.row == row {
                faults.removeFirst()
                fault.row += rowCount
                output.write(fault: Self.detail(of: fault, variables: model.card.variables), row: rowCount + row)
            } else {
                let values = rows.values[next * model.variableCount..<(next + 1) * model.variableCount]
                let isEstimate = hasMissing && values.contains(where: \.isNaN)
                output.write(
                    logLikelihood: logLikelihoods[next], standardError: isEstimate ? standardErrors[next] : nil)
                next += 1
            }
        }
        rowCount += read.row_count
        faultCount += read.error_count
    }

    private static func detail(of fault: made_row_error, variables: [Variable]) -> String {
        Problem(fault, shape: BodyScanner.Shape(member: "rows", rowsMax: 0, valuesMax: 0), variables: variables).detail
    }
}
