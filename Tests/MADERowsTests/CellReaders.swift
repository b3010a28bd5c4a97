import CRows
import Foundation
import MADE
import Testing

@testable import MADERows

/// What a reader makes of a cell.
enum Reading: Equatable, CustomStringConvertible {
    case value(Double)
    /// Rounded as a network takes it.
    case rounded(Float)
    case fault

    var description: String {
        switch self {
        case .value(let value): "\(value)"
        case .rounded(let value): "about \(value)"
        case .fault: "a fault"
        }
    }
}

/// All ways in which cells get in.
enum CellReader: CaseIterable {
    case given, csv, quotedCSV, semicolons, ndjsonArrays, ndjsonObjects, bodyArrays, bodyObjects, bodySingle, bodyColumn
    case tableReader, tableReaderNDJSON, validation, validationNDJSON, bulk, bulkNDJSON, infer, rows

    /// The file under `Sources/MADERows` that reads cells so.
    var file: String {
        switch self {
        case .given: "Schema/RowSchema.swift"
        case .csv, .quotedCSV, .semicolons, .ndjsonArrays, .ndjsonObjects: "Reading/RowStream.swift"
        case .bodyArrays, .bodyObjects, .bodySingle, .bodyColumn: "Reading/BodyScanner.swift"
        case .tableReader, .tableReaderNDJSON: "Tables/TableReader.swift"
        case .validation, .validationNDJSON: "Tables/Table.swift"
        case .bulk, .bulkNDJSON: "Scoring/BulkScorer.swift"
        case .infer: "Inference/SchemaInference.swift"
        case .rows: "Model/TableModel+SentRows.swift"
        }
    }

    private var isJSON: Bool {
        switch self {
        case .given, .csv, .quotedCSV, .semicolons, .tableReader, .validation, .bulk, .infer: false
        default: true
        }
    }

    /// Whether a value that the column never had is a fault.
    var refusesUnseen: Bool { self == .given || self == .infer }

    /// The cases that it can be given.
    var cases: [CellCase] {
        let cases = CellFixture.all.filter { isJSON ? $0.json != nil : $0.csv != nil }
        switch self {
        // In quotes an empty cell is another.
        case .given: return cases.filter { $0.csv != "" }
        // An array of one value is that value.
        case .bodyColumn: return cases.filter { $0.json?.hasPrefix("[") != true || $0.json == "[]" }
        // Training knows no empty label.
        case .infer: return cases.filter { $0.meaning != .label("") }
        // Of such numbers not every one is a double.
        case .rows: return cases.filter { Self.cell($0) != nil && abs(Self.cell($0)?.number ?? 0) < 9e15 }
        default: return cases
        }
    }

    /// What it makes of each of `cases`.
    func readings(of cases: [CellCase]) throws -> [Reading] {
        let schema = try CellFixture.schema.rowSchema(path: "")
        switch self {
        case .given: return try cases.map { try given($0, schema) }
        case .csv: return try stream(cases, .csv, lines(cases), schema)
        case .quotedCSV: return try stream(cases, .csv, lines(cases, form: Self.quoted), schema)
        case .semicolons: return try stream(cases, .csv, lines(cases, separator: ";", form: Self.bare), schema)
        case .ndjsonArrays: return try stream(cases, .ndjson, cases.map(Self.array), schema)
        case .ndjsonObjects: return try stream(cases, .ndjson, cases.map(Self.object), schema)
        case .bodyArrays: return try body(cases, "[\(cases.map(Self.array).joined(separator: ","))]", schema)
        case .bodyObjects: return try body(cases, "[\(cases.map(Self.object).joined(separator: ","))]", schema)
        case .bodySingle:
            return try cases.flatMap { try body([$0], Self.object($0), schema, form: MADE_ROWS_SINGLE) }
        case .bodyColumn: return try column(cases, schema)
        case .tableReader: return try table(cases, lines(cases), schema)
        case .tableReaderNDJSON: return try table(cases, cases.map(Self.object), schema)
        case .validation: return try cases.map { try validation($0, lines([$0])) }
        case .validationNDJSON: return try cases.map { try validation($0, [Self.object($0)]) }
        case .bulk: return try bulk(cases, .csv, lines(cases), schema)
        case .bulkNDJSON: return try bulk(cases, .ndjson, cases.map(Self.array), schema)
        case .infer: return try cases.map(infer)
        case .rows: return try rows(cases, schema)
        }
    }

    static func index(_ test: CellCase) throws -> Int {
        try #require(CellFixture.schema.names.firstIndex(of: test.column))
    }

    private static func quoted(_ cell: String) -> String {
        cell.isEmpty || cell.hasPrefix("\"") ? cell : "\"\(cell)\""
    }

    /// Without the quotes that only a comma asked for.
    private static func bare(_ cell: String) -> String {
        guard cell.hasPrefix("\""), cell.contains(",") else { return cell }
        return String(cell.dropFirst().dropLast())
    }

    /// The header, and a line a case, in which all other cells are empty.
    private func lines(
        _ cases: [CellCase], separator: String = ",", form: (String) -> String = { $0 }
    ) -> [String] {
        let names = CellFixture.schema.names
        return [names.joined(separator: separator)]
            + cases.map { test in
                names.map { $0 == test.column ? form(test.csv ?? "") : "" }.joined(separator: separator)
            }
    }

    private static func array(_ test: CellCase) -> String {
        let cells = CellFixture.schema.names.map { $0 == test.column ? test.json ?? "" : "null" }
        return "[\(cells.joined(separator: ","))]"
    }

    /// The JSON value as a cell; nil of arrays and objects.
    private static func cell(_ test: CellCase) -> TableCell? {
        let value = try? JSONSerialization.jsonObject(
            with: Data((test.json ?? "").utf8), options: [.fragmentsAllowed])
        return switch (test.json, value) {
        case ("true", _): .truth(true)
        case ("false", _): .truth(false)
        case (_, let text as String): .text(text)
        case (let json?, _ as Double): Double(json).map(TableCell.number)
        case (_, is NSNull): .missing
        default: nil
        }
    }

    private static func object(_ test: CellCase) -> String { "{\"\(test.column)\": \(test.json ?? "")}" }
}

extension CellReader {
    /// Each case's reading, where `good` has the values of the rows that are no faults.
    private func readings(
        _ cases: [CellCase], faulty: Set<Int>, good: (_ row: Int, _ column: Int) -> Reading
    ) throws -> [Reading] {
        var next = 0
        return try cases.enumerated().map { row, test in
            if faulty.contains(row) { return .fault }
            defer { next += 1 }
            return good(next, try Self.index(test))
        }
    }

    private func given(_ test: CellCase, _ schema: RowSchema) throws -> Reading {
        var values = GivenValues(of: schema)
        let index = try Self.index(test)
        do throws(GivenValues.Failure) {
            try values.read("\(test.column)=\(test.text ?? "")")
            return .rounded(values.values[index])
        } catch {
            return error.description.hasSuffix("is missing") ? .value(.nan) : .fault
        }
    }

    private func stream(
        _ cases: [CellCase], _ format: LineFormat, _ lines: [String], _ schema: RowSchema
    ) throws -> [Reading] {
        let stream = try #require(RowStream(format, header: .present, schema: schema, keepsNumbers: true))
        let rows = RowBuffer(keepsNumbers: true)
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        return try bytes.withUnsafeBytes { bytes in
            let found = stream.read(bytes, isLast: true, rowsMax: .max, into: rows)
            try #require(found.status == MADE_STREAM_OK && found.row_count == cases.count)
            let faulty = Set((0..<found.error_count).compactMap { found.errors?[$0].row })
            return try readings(cases, faulty: faulty) { .value(rows.numbers[$0 * schema.variables.count + $1]) }
        }
    }

    /// The scan of `{"rows": VALUE}`.
    private func scan(
        _ cases: [CellCase], _ value: String, _ schema: RowSchema, form: made_rows_form, column: Int = 0, width: Int
    ) throws -> [Reading] {
        let scanner = try #require(BodyScanner())
        let shape = BodyScanner.Shape(member: "rows", form: form, column: column, rowsMax: .max, valuesMax: .max)
        let rows = RowBuffer(keepsNumbers: true)
        let text = Array("{\"rows\": \(value)}".utf8)
        let padded = text + [UInt8](repeating: 0x20, count: Int(MADE_SCAN_PADDING))
        return try padded.withUnsafeBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[..<text.count])
            let found = scanner.scan(body, as: shape, schema: schema, into: rows)
            try #require(found.status == MADE_SCAN_OK && found.row_count == cases.count)
            let faulty = Set((0..<found.error_count).compactMap { found.errors?[$0].row })
            return try readings(cases, faulty: faulty) { .value(rows.numbers[$0 * width + (width == 1 ? 0 : $1)]) }
        }
    }

    private func body(
        _ cases: [CellCase], _ value: String, _ schema: RowSchema, form: made_rows_form = MADE_ROWS_ARRAY
    ) throws -> [Reading] {
        try scan(cases, value, schema, form: form, width: schema.variables.count)
    }

    /// The values of one variable at a time; cases of one column stand side by side.
    private func column(_ cases: [CellCase], _ schema: RowSchema) throws -> [Reading] {
        try CellFixture.schema.names.enumerated().flatMap { index, name in
            let own = cases.filter { $0.column == name }
            let value = "[\(own.compactMap(\.json).joined(separator: ","))]"
            return try scan(own, value, schema, form: MADE_ROWS_COLUMN, column: index, width: 1)
        }
    }

    private func table(_ cases: [CellCase], _ lines: [String], _ schema: RowSchema) throws -> [Reading] {
        try withTemporaryFile(Array(lines.joined(separator: "\n").utf8)) { path in
            let reader = try TableReader(path: path, schema: schema)
            try #require(try reader.read(rowsMax: .max) == cases.count)
            return try readings(cases, faulty: Set(reader.faultyRows)) {
                .value(reader.numbers[$0 * schema.variables.count + $1])
            }
        }
    }

    private func validation(_ test: CellCase, _ lines: [String]) throws -> Reading {
        let index = try Self.index(test)
        return try withTemporaryFile(Array(lines.joined(separator: "\n").utf8)) { path in
            do throws(TableError) {
                return .value(try Table.read(path, as: CellFixture.schema).values[index][0])
            } catch {
                return .fault
            }
        }
    }

    private func bulk(
        _ cases: [CellCase], _ format: LineFormat, _ lines: [String], _ schema: RowSchema
    ) throws -> [Reading] {
        let model = CompiledModel(DensityModel(of: schema.variables))
        var rows: [Float] = []
        let output = FaultyRows()
        let scorer = try BulkScorer(
            model: model, schema: schema,
            input: BulkScorer.Input(format, options: ReadingOptions(missingIsUnknown: true)), output: output,
            judgement: Judgement(nil, alpha: 0.01), note: { values, _ in rows += values })
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        _ = try bytes.withUnsafeBytes { try scorer.score($0, isLast: true, using: model.makeWorkspace()) }
        try #require(scorer.rowCount == cases.count)
        return try readings(cases, faulty: output.rows) { .rounded(rows[$0 * schema.variables.count + $1]) }
    }

    /// Rows in memory, each alone, as a faulty one stops the others.
    private func rows(_ cases: [CellCase], _ schema: RowSchema) throws -> [Reading] {
        var trained = DensityModel(of: schema.variables)
        trained.schema = schema.table
        let model = try TableModel(trained)
        let columns = SentColumns(model.columns, model.schema)
        return try cases.map { test in
            let row = TableRow([test.column: Self.cell(test) ?? .missing])
            let index = try Self.index(test)
            do throws(TableModelError) {
                let read = try model.read([row], columns, ReadingOptions(missingIsUnknown: true)) { "\($0)" }
                return .rounded(read[0].values[index])
            } catch {
                return .fault
            }
        }
    }

    /// A table of one row whose column is chosen to be what it is, which its own schema must read alike.
    private func infer(_ test: CellCase) throws -> Reading {
        let index = try Self.index(test)
        let column = CellFixture.schema.columns[index]
        var options = SchemaOptions()
        options.choices = [test.column: .exactly(column.kind, CellFixture.schema.table.columns[index])]
        return try withTemporaryFile(Array("\(test.column),filler\n\(test.csv ?? ""),1\n".utf8)) { path in
            do throws(TableError) {
                let found = try Table.infer(path, options: options)
                let value = found.table.values[0][0]
                let again = try Table.read(path, as: found.schema).values[0][0]
                #expect(again == value || again.isNaN && value.isNaN, "\(test)")
                if case .categorical(let known) = column.kind,
                    case .categorical(let all) = found.schema.columns[0].kind,
                    !value.isNaN
                {
                    // Where there is a class of rare labels, others join it.
                    let label = all.label(of: Int(value))
                    if !(known.labels + known.rareLabels).contains(label) { return .fault }
                    #expect(Set(all.rareLabels).isSubset(of: known.rareLabels), "\(test)")
                }
                return .value(value)
            } catch {
                return .fault
            }
        }
    }
}

/// Takes note of the rows that could not be scored.
private final class FaultyRows: ScoreOutput {
    private(set) var rows: Set<Int> = []
    let heldByteCount = 0

    func begin(hasHeader: Bool) {}
    func write(_ row: ScoredRow, kept: KeptCells) {}
    func write(fault detail: String, row: Int, kept: KeptCells) { rows.insert(row) }
    func take() -> [UInt8] { [] }
    func finish() -> [[UInt8]] { [] }
}

extension DensityModel {
    /// One without weights.
    init(of variables: [Variable]) {
        let layout = UnitLayout(variables)
        let layer = MaskedNetwork.Layer(
            weight: Matrix(rows: layout.outputUnitCount, columns: layout.inputUnitCount) { _, _ in 0 },
            bias: [Float](repeating: 0, count: layout.outputUnitCount))
        self.init(
            name: "m", variables: variables, activation: .relu, networks: [MaskedNetwork(layers: [layer])],
            members: [Member(network: 0, ordering: .natural(count: variables.count), hiddenDegrees: [])])
    }
}
