import ArgumentParser
import MADE
import MADERows

/// `made repair`: the table with its anomalies put right.
struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put right the values that make rows of a table anomalies.",
        discussion: """
            Writes the table back, its rows, columns and separator as they are. A row whose p-value is at most alpha gets the \
            fewest changes after which it is not, greedily by gain: the column by which the row's log-likelihood gains most \
            gets the value that it gains most by, and so on. A row that --changes-max changes do not mend stays as it is, and \
            so does one that cannot be read.

            With --fdr it is not rows that are judged but cells: all are tested, and those changed of which in the mean no more \
            than that share is right as it is. The table is held in memory, then.

            The log has a line for each change: row (from 1), variable, from, to, gain (nats), the cell's p-value, the row's \
            p-value before and after, and whether the change was made. It goes to --log, else to standard output where the table does not. --dry-run \
            writes the log alone. A row that is flagged is rare; whether it is wrong is for you to find out.
            """)

    @Argument(
        help: "A CSV or NDJSON file with the model's variables in any order; gzip and zstd too. - is standard input.")
    var table: String

    @OptionGroup var source: ModelOption

    @Option(name: .shortAndLong, help: "The file to write the table to; standard output where it is not given.")
    var output: String?

    @Option(help: "The file to write the log to.")
    var log: String?

    @Flag(help: "Write the log alone, and no table.")
    var dryRun = false

    @OptionGroup(title: "Judging")
    var judging: JudgingArguments

    @Option(
        help: """
            Change the cells that are wrong whatever the p-value of their row, so that in the mean at most this share of the \
            changes is one too many (Benjamini and Hochberg).
            """)
    var fdr: Double?

    @Option(help: "Most columns that are changed in a row.")
    var changesMax = Repairer.Options().changesMax

    @OptionGroup var outputs: OutputArguments

    @OptionGroup var remarks: RemarkArguments

    func validate() throws {
        guard changesMax >= 1 else { throw ValidationError("changes-max must be 1 or more") }
        if let fdr, !(fdr > 0 && fdr < 1) { throw ValidationError("fdr must lie between 0 and 1") }
        if fdr != nil, judging.alpha != nil || judging.statistic != nil {
            throw ValidationError("--fdr judges cells; leave out --alpha and --statistic, which judge rows")
        }
        if dryRun, output != nil { throw ValidationError("--dry-run writes no table; leave out --output") }
    }

    func run() throws {
        let inputs: [String?] = [source.model, table]
        let target = try output.map { try outputs.target($0, .table, inputs: inputs) }
        let logTarget = try log.map { try outputs.target($0, .table, inputs: inputs + [output]) }
        let model = try source.load()
        guard let schema = RowSchema(model.card) else { throw ValidationError("memory is short") }
        let judgement = try judging.judgement(model.card)
        let (reader, lines) = try TableReader.givingBack(
            table, schema: schema, options: ReadingOptions(), command: "made repair - -m MODEL")
        var options = Repairer.Options()
        options.changesMax = changesMax
        guard let repairer = Repairer(model, lines.columns, judgement, format: lines.format, options: options) else {
            throw ValidationError(
                judgement.note
                    ?? "\(source.model) has no calibration, so no row of it is an anomaly; models of made train have one"
            )
        }
        guard fdr == nil || repairer.hasPValues else {
            throw ValidationError(
                "--fdr: the cells of \(source.model) have no p-values, as it was not calibrated for them; train it anew"
            )
        }
        var sheet = RepairSheet(
            lines, table: try TableOutput(target, isWritten: !dryRun),
            log: try TableOutput(logTarget, isWritten: dryRun || log != nil || output != nil))
        try sheet.begin()
        if let fdr {
            try judgeTogether(reader, repairer, RowCrew(model), rate: fdr, into: &sheet)
        } else {
            try judgeRows(reader, repairer, RowCrew(model), into: &sheet)
        }
        let summary = sheet.description(judgesCells: fdr != nil, changesMax: changesMax)
        try sheet.close()
        for remark in reader.remarks { Output.note(remark.description) }
        Output.note(summary)
    }

    private func judgeRows(
        _ reader: TableReader, _ repairer: Repairer, _ crew: RowCrew, into sheet: inout RepairSheet
    ) throws {
        while try reader.read(rowsMax: 1024) > 0 {
            let rows = reader.sentRows
            let repairs = crew.map(rows.count) { index, workspace in
                rows[index].values.isEmpty ? nil : repairer.repair(rows[index], using: workspace)
            }
            try sheet.append(rows, repairs, faults: reader.faults.map(\.description))
        }
    }

    private func judgeTogether(
        _ reader: TableReader, _ repairer: Repairer, _ crew: RowCrew, rate: Double, into sheet: inout RepairSheet
    ) throws {
        var rows: [SentRow] = []
        var faults: [String] = []
        var suspects: [Repairer.Suspects?] = []
        while try reader.read(rowsMax: 1024) > 0 {
            let own = reader.sentRows
            suspects += crew.map(own.count) { index, workspace in
                own[index].values.isEmpty ? nil : repairer.suspects(in: own[index], rate: rate, using: workspace)
            }
            rows += own
            faults += reader.faults.map(\.description)
        }
        let cellCount = repairer.cellCount(of: rows.count { !$0.values.isEmpty })
        let counts = Repairer.discoveryCounts(suspects, cellCount: cellCount, rate: rate)
        let least = repairer.leastDiscoveryCount(cellCount: cellCount, rate: rate) ?? 1
        if least > 1, counts.allSatisfy({ $0 == 0 }) {
            Output.note(
                "no cell is changed: with the model's calibration it takes \(least) or more that are as unusual as can be "
                    + "among these \(cellCount) cells for an fdr of \(rate); a model trained on more rows can tell more"
            )
        }
        try sheet.append(rows, zip(suspects, counts).map { $0?.repair($1) }, faults: faults)
    }
}

/// The table as it is given back, and the log of its changes.
private struct RepairSheet: ~Copyable {
    private let lines: SentLines
    private let repairLog: RepairLog
    private var table: TableOutput
    private var log: TableOutput
    private var (rowCount, anomalyCount, repairedCount, changeCount, faultCount) = (0, 0, 0, 0, 0)

    init(_ lines: SentLines, table: consuming TableOutput, log: consuming TableOutput) {
        self.lines = lines
        self.table = table
        self.log = log
        repairLog = RepairLog(lines.columns)
    }

    mutating func begin() throws {
        try table.write(lines.header())
        try log.write(repairLog.header)
    }

    /// Rows with what becomes of them; nil of one that could not be read, of which `faults` say why, in order.
    mutating func append(_ rows: [SentRow], _ repairs: [Repairer.Repair?], faults: [String]) throws {
        var faults = faults[...]
        var (bytes, logBytes): ([UInt8], [UInt8]) = ([], [])
        for (row, repair) in zip(rows, repairs) {
            rowCount += 1
            let changes = repair?.isRepaired == true ? repair?.changes ?? [] : []
            if let line = row.line {
                lines.append(unread: line, to: &bytes)
            } else {
                lines.append(lines.columns.row(row, with: changes), to: &bytes)
            }
            if let repair {
                repairLog.append(repair, row: rowCount, to: &logBytes)
                take(repair)
            } else {
                faultCount += 1
                if let fault = faults.popFirst() { repairLog.append(fault: fault, row: rowCount, to: &logBytes) }
            }
        }
        try table.write(bytes)
        try log.write(logBytes)
    }

    private mutating func take(_ repair: Repairer.Repair) {
        guard let isRepaired = repair.isRepaired else { return }
        anomalyCount += 1
        if isRepaired { (repairedCount, changeCount) = (repairedCount + 1, changeCount + repair.changes.count) }
    }

    consuming func close() throws {
        try table.close()
        try log.close()
    }

    func description(judgesCells: Bool, changesMax: Int) -> String {
        let unread = faultCount == 0 ? "" : "; \(faultCount) could not be read"
        let changes = "\(changeCount) change\(changeCount == 1 ? "" : "s")"
        if judgesCells {
            return "\(changes) in \(repairedCount) of \(rowCount) rows\(unread)"
        }
        let leftCount = anomalyCount - repairedCount
        let most = changesMax == 1 ? "1 change is" : "\(changesMax) changes are"
        let why = leftCount == 0 ? "" : ": \(most) not enough (--changes-max)"
        return "\(anomalyCount) of \(rowCount) rows are anomalies: \(repairedCount) repaired by \(changes), "
            + "\(leftCount) left as they are\(why)\(unread)"
    }
}
