import Foundation
import MADE
import MADERows
import Oracle
import RawHTTP
import Testing

@testable import DensityService

private struct Predictions: Decodable {
    struct Entry: Decodable { var logLikelihood: Double? }
    var predictions: [Entry]
}

private func json(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.bytes, as: UTF8.self)
}

/// A random table, and a model of random weights that knows it.
private struct KnownTable {
    static let rowsMax = 30
    let seed: UInt64
    let table: RandomTable
    let model: DensityModel
    /// Those that are tried. An empty cell of a lone column is a blank line, which is no row.
    private let rows: [Int]
    var rowCount: Int { rows.count }

    /// Nil where no column of the table can be modelled.
    init?(seed: UInt64, in folder: URL) throws {
        self.seed = seed
        table = RandomTable(seed: seed)
        let file = folder.appendingPathComponent("made-\(UUID().uuidString).csv")
        try Data(table.text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        guard let found = try? Table.infer(file.path, options: table.options) else { return nil }
        let columns = table.columns
        rows = Array(columns[0].indices.filter { columns.count > 1 || !columns[0][$0].isEmpty }.prefix(Self.rowsMax))
        var generator = PhiloxGenerator(seed: seed)
        var model = RandomModel.mixed(
            found.schema.columns.map(\.variable), hiddenWidths: [8], memberCount: 1, using: &generator)
        model.name = "m\(seed)"
        model.schema = found.schema.table
        self.model = model
    }

    private func cells(_ row: Int) -> [String] { table.columns.map { $0[row] } }
    var arrays: [String] { rows.map { "[\(cells($0).map(json).joined(separator: ","))]" } }
    var objects: [String] {
        rows.map { row in
            "{\(zip(table.names, cells(row)).map { "\(json($0)):\(json($1))" }.joined(separator: ","))}"
        }
    }
    /// A tensor of texts a column.
    var tensors: [String] {
        zip(table.names, table.columns).map { name, cells in
            let texts = rows.map { json(cells[$0]) }.joined(separator: ",")
            return #"{"name":\#(json(name)),"datatype":"BYTES","shape":[\#(rowCount)],"data":[\#(texts)]"#
        }
    }

    /// What the offline verbs make of the table: `score` by its scorer, `evaluate` by its reader.
    func offline(_ path: String) throws -> (score: [Double?], evaluate: [Double?]) {
        let compiled = CompiledModel(try Checkpoint.read(path))
        let schema = try #require(RowSchema(compiled.card))
        let judgement = Judgement(nil, alpha: 0.01)
        let scorer = try BulkScorer(
            model: compiled, schema: schema, input: .init(.csv), output: .ndjson, judgement: judgement)
        let workspace = compiled.makeWorkspace()
        let lines = try Array(table.text.utf8).withUnsafeBytes { try scorer.score($0, isLast: true, using: workspace) }
        let scores = try scoreLines(String(decoding: lines, as: UTF8.self)).map(\.logLikelihood)
        let file = path + ".csv"
        try Data(table.text.utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let reader = try TableReader(path: file, schema: schema, options: ReadingOptions(), kept: [])
        var read: [Double?] = []
        while try reader.read(rowsMax: 1024) > 0 {
            var found = [Double](repeating: 0, count: reader.values.count / model.variables.count)
            var errors = found
            var span = found.mutableSpan
            var errorSpan = errors.mutableSpan
            compiled.score(
                reader.values.span, missing: MissingValues(), into: &span, standardErrors: &errorSpan,
                using: workspace)
            read += found.map { $0.isFinite ? $0 : nil }
        }
        return (Array(scores.prefix(rowCount)), Array(read.prefix(rowCount)))
    }
}

/// The log-likelihoods of the table's rows, by every form that HTTP takes.
private func everyForm(_ service: TestService, _ known: KnownTable) throws -> [String: [Double?]] {
    let path = "/models/\(known.model.name)/score"
    let (arrays, objects) = (known.arrays, known.objects)
    var found: [String: [Double?]] = [:]
    for (form, rows) in [("arrays", arrays), ("objects", objects)] {
        let joined = rows.joined(separator: ",")
        found["JSON \(form)"] = try service.post(path, "{\"rows\":[\(joined)]}").decode(NullableScores.self)
            .logLikelihood
        found["NDJSON \(form)"] = try service.send(
            lines: rows.joined(separator: "\n"), "application/x-ndjson", to: path
        ).scoreLines().map(\.logLikelihood)
        found["v1 \(form)"] = try service.post(
            "/v1/models/\(known.model.name):predict", "{\"instances\":[\(joined)]}"
        ).decode(Predictions.self).predictions.map(\.logLikelihood)
    }
    found["CSV"] = try service.send(lines: known.table.text, to: path).scoreLines().prefix(known.rowCount).map(
        \.logLikelihood)
    let tensors = known.tensors.map { (json: $0, bytes: [UInt8]?.none) }
    found["v2"] = try inferredScores(
        infer(service, tensors, model: known.model.name, more: #","outputs":[{"name":"log_likelihood"}]"#)
    ).map { $0.isFinite ? $0 : nil }
    return found
}

private struct NullableScores: Decodable {
    var logLikelihood: [Double?]
}

/// Random tables in every form that rows come in. `MADE_RANDOM_TABLES` says of how many, `MADE_RANDOM_SEED` from which seed.
@Test func aTableHasTheSameScoresFromEveryVerbAndInEveryForm() throws {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["MADE_RANDOM_SEED"].flatMap(UInt64.init) ?? 0
    let count = environment["MADE_RANDOM_TABLES"].flatMap(UInt64.init) ?? 60
    let folder = FileManager.default.temporaryDirectory
    var tableCount = 0
    for start in stride(from: first, to: first + count, by: 50) {
        let tables = try (start..<min(start + 50, first + count)).compactMap { try KnownTable(seed: $0, in: folder) }
        let service = try TestService(tables.map(\.model))
        for known in tables {
            tableCount += 1
            let comment = Comment("seed \(known.seed)\n\(known.table.text.prefix(400))")
            do {
                let (scores, evaluated) = try known.offline(service.path(of: known.model.name))
                #expect(scores.count == known.rowCount, comment)
                #expect(evaluated == scores, "evaluate, \(comment)")
                for (form, found) in try everyForm(service, known) { #expect(found == scores, "\(form), \(comment)") }
                let sample = try service.get("/models/\(known.model.name)/sample?n=9&seed=\(known.seed)&format=csv")
                let lines = try service.send(lines: sample.text, to: "/models/\(known.model.name)/score").scoreLines()
                #expect(lines.count == 9 && lines.allSatisfy { $0.error == nil }, "samples, \(comment)")
            } catch { Issue.record("\(error), \(comment)") }
        }
    }
    #expect(tableCount * 10 > count * 9)
}
