import ArgumentParser
internal import Glibc
import MADE
import MADERows

/// `made score`: one line out for every row in, in constant memory.
struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score the rows of a CSV or NDJSON file.",
        discussion: """
            Prints log_likelihood and, for a calibrated model, p_value, anomaly and score, the statistic that p-values rank \
            by, a line for every row; the same numbers as POST /score, to the bit. A row that cannot be scored gets empty cells and the reason in the last column, \
            error. Cells are read as the table was that the model was trained on: what was missing there is missing here, \
            columns that were left out are passed over. A missing value \
            counts for what it is, or is integrated out by draws. Rows of any number \
            pass through in constant memory, but with --fdr, for which all rows are judged together: their lines are held \
            in memory until the last row is read.
            """)

    @OptionGroup var source: ModelArguments

    @Argument(
        help: """
            A CSV file whose header names the model's variables in any order, or a file with a JSON row a line; gzip and \
            zstd too. - is standard input.
            """)
    var data: String = "-"

    @OptionGroup(title: "Judging")
    var judging: JudgingArguments

    @Option(
        help: """
            Call rows discoveries so that in the mean at most this share of them is wrong (Benjamini and Hochberg), and \
            print q_value and discovery.
            """)
    var fdr: Double?

    @Option(
        help: """
            How many columns to name a row, those by which it would gain most if they were right, in a column explanation. \
            It takes many times as long as the scores alone.
            """)
    var explain: Int?

    @OptionGroup(title: "Rows")
    var rows: RowArguments

    @Option(help: "Columns of the file, separated by commas, to copy to the front of each line.")
    var keep = NameList()

    @Option(help: "Draws that stand for the missing values of a row, 1 to 65536.")
    var particles = MissingValues().particles

    @Option(help: "Seed of those draws.")
    var seed = MissingValues().seed

    @Option(help: "Format of the rows: ndjson or csv. Default: ndjson where the first character is [ or {, else csv.")
    var format: LineFormat?

    @Option(
        help: """
            Format of what is printed: ndjson, csv, or binary, which is quicker for a program to read (docs/score.md has its \
            layout). Default: that of the rows.
            """)
    var outputFormat: ScoreFormatArgument?

    @OptionGroup var remarks: RemarkArguments

    func validate() throws {
        guard (1...65536).contains(particles) else {
            throw ValidationError("particles must lie in 1…65536")
        }
        if let fdr, !(fdr > 0 && fdr < 1) { throw ValidationError("fdr must lie between 0 and 1") }
        if let explain, explain < 1 { throw ValidationError("explain must be 1 or more") }
        if outputFormat == .binary, explain != nil || fdr != nil || !keep.names.isEmpty {
            throw ValidationError(
                "--output-format binary has no place for --explain, --fdr and --keep; choose csv or ndjson")
        }
    }

    func run() throws {
        let (model, _) = try source.load()
        let judgement = try judging.judgement(model.card)
        if let note = judgement.note { Output.note(note) }
        guard let schema = RowSchema(model.card) else { throw ValidationError("memory is short") }
        if let explain, explain > schema.columns.count {
            throw ValidationError("explain \(explain): the model has \(schema.columns.count) columns")
        }
        if fdr != nil, judgement.calibration == nil {
            throw ValidationError(
                "--fdr needs p-values, and the model has no calibration; models of made train have one")
        }
        let text = try TextSource(path: data, command: "made score MODEL -")
        let workspace = model.makeWorkspace()
        var output = Output()
        var scorer: BulkScorer?
        var isLast = false
        while !isLast {
            if text.rest.isEmpty { isLast = try !text.refill() }
            // Blank lines before the first row say nothing of its format.
            let guess = format ?? LineFormat(guessedFrom: text.rest)
            if scorer == nil, guess != nil || isLast {
                scorer = try self.scorer(model, schema, guess ?? .csv, judgement)
            }
            guard let scorer else {
                text.drop(text.rest.count)
                continue
            }
            do {
                try output.write(scorer.score(text.rest, isLast: isLast, using: workspace))
            } catch let error as StreamError {
                throw TableError(path: data, problem: .stream(error))
            }
            text.drop(text.rest.count)
        }
        for piece in scorer?.finish() ?? [] { try output.write(piece) }
        try output.flush()
        for remark in text.remarks { Output.note(remark.description) }
        if let note = scorer?.unjudgedNote { Output.note(note) }
        if let scorer, scorer.faultCount > 0 {
            Output.note("\(scorer.faultCount) of \(scorer.rowCount) rows could not be scored")
        }
    }

    private func scorer(
        _ model: CompiledModel, _ schema: RowSchema, _ format: LineFormat, _ judgement: Judgement
    ) throws -> BulkScorer {
        let header: LineHeader = schema.table.hasHeader ? .present : .guessed
        let input = BulkScorer.Input(format, header: header, options: rows.options, kept: keep.names)
        let missing = MissingValues(particles: particles, seed: seed)
        if outputFormat == .binary {
            return try BulkScorer(
                model: model, schema: schema, input: input,
                output: ScoreBlocks(isCalibrated: judgement.calibration != nil), judgement: judgement,
                missing: missing)
        }
        return try BulkScorer(
            model: model, schema: schema, input: input, output: outputFormat?.lines ?? format, judgement: judgement,
            details: ScoreDetails(explain: explain, falseDiscoveryRate: fdr), missing: missing)
    }
}

/// How scores are printed.
enum ScoreFormatArgument: String, ExpressibleByArgument, CaseIterable {
    case csv, ndjson, binary

    /// Nil of what is no lines.
    var lines: LineFormat? { LineFormat(rawValue: rawValue) }
}

/// How rows are read that a verb is given.
struct RowArguments: ParsableArguments {
    @Flag(help: "Pass over columns that the model's table has not got, instead of refusing them.")
    var ignoreUnknown = false

    @Option(
        help: """
            What becomes of a label, or a number in a column of 0 and 1, that training never saw: score, by the little \
            probability that is kept for such, or refuse.
            """)
    var unseen = UnseenArgument.score

    @Option(
        help: """
            What a missing value means: outcome, it counts for what it is, as likely as it was in training; or unknown, it \
            is integrated out.
            """)
    var missingMeans = MissingArgument.outcome

    var options: ReadingOptions {
        ReadingOptions(
            refusesUnseen: unseen == .refuse, ignoresUnknown: ignoreUnknown,
            missingIsUnknown: missingMeans == .unknown)
    }
}

/// What a missing value means.
enum MissingArgument: String, ExpressibleByArgument, CaseIterable {
    case outcome, unknown
}

/// What becomes of a value that training never saw.
enum UnseenArgument: String, ExpressibleByArgument, CaseIterable {
    case score, refuse
}
