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

            The log has a line for each change: row (from 1), variable, from, to, gain (nats), the row's p-value before and \
            after, and whether that mends it. It goes to --log, else to standard output where the table does not. --dry-run \
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

    @Option(help: "Most columns that are changed in a row.")
    var changesMax = Repairer.Options().changesMax

    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        guard changesMax >= 1 else { throw ValidationError("changes-max must be 1 or more") }
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
        var writer = try TableOutput(target, isWritten: !dryRun)
        var logWriter = try TableOutput(logTarget, isWritten: dryRun || log != nil || output != nil)
        let crew = RowCrew(model)
        let repairLog = RepairLog(lines.columns)
        try writer.write(lines.header())
        try logWriter.write(repairLog.header)
        var tally = Tally()
        while true {
            let first = reader.rowCount
            if try reader.read(rowsMax: 1024) == 0 { break }
            let rows = reader.sentRows
            let repairs = crew.map(rows.count) { index, workspace in
                rows[index].values.isEmpty ? nil : repairer.repair(rows[index], using: workspace)
            }
            var faults = reader.faults[...]
            var (bytes, logBytes): ([UInt8], [UInt8]) = ([], [])
            for (index, repair) in repairs.enumerated() {
                let changes = repair?.isRepaired == true ? repair?.changes ?? [] : []
                lines.append(lines.columns.row(rows[index], with: changes), to: &bytes)
                if let repair {
                    repairLog.append(repair, row: first + index + 1, to: &logBytes)
                } else if let fault = faults.popFirst() {
                    repairLog.append(fault: fault.description, row: first + index + 1, to: &logBytes)
                }
                tally.take(repair)
            }
            try writer.write(bytes)
            try logWriter.write(logBytes)
        }
        try writer.close()
        try logWriter.close()
        for remark in reader.remarks { Output.note(remark.description) }
        Output.note(tally.description)
    }

    private struct Tally {
        var (rowCount, anomalyCount, repairedCount, changeCount, faultCount) = (0, 0, 0, 0, 0)

        mutating func take(_ repair: Repairer.Repair?) {
            rowCount += 1
            guard let repair else {
                faultCount += 1
                return
            }
            guard let isRepaired = repair.isRepaired else { return }
            anomalyCount += 1
            if isRepaired { (repairedCount, changeCount) = (repairedCount + 1, changeCount + repair.changes.count) }
        }

        var description: String {
            let unread = faultCount == 0 ? "" : "; \(faultCount) could not be read"
            return "\(anomalyCount) of \(rowCount) rows are anomalies: \(repairedCount) repaired by \(changeCount) "
                + "change\(changeCount == 1 ? "" : "s"), \(anomalyCount - repairedCount) left as they are\(unread)"
        }
    }
}
