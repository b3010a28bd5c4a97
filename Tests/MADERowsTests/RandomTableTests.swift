import MADE
import Oracle
import Testing

@testable import MADERows

/// Tables drawn at random.
@Suite struct RandomTableTests {
    /// What is read of what was written: numbers have then been floats.
    private func expectSame(_ table: Table, _ other: Table, _ schema: TableSchema, _ comment: Comment) {
        guard table.columns == other.columns, table.rowCount == other.rowCount else {
            Issue.record("\(table.columns) \(table.rowCount), \(other.columns) \(other.rowCount) \(comment)")
            return
        }
        for (index, column) in schema.columns.enumerated() {
            let variable = column.variable
            let differs = zip(table.values[index], other.values[index]).first { one, two in
                let rounded = variable.isReal ? variable.decode(variable.encode(one)) : one
                // Seconds between times of years are floats to some seconds.
                let isNear = column.name.hasSuffix(".elapsed") && abs(rounded - two) <= abs(one) * 0x1p-22
                return !(rounded == two || rounded.isNaN && two.isNaN || isNear)
            }
            if let differs { Issue.record("\(column.name): \(differs) \(comment)") }
        }
    }

    @Test func whatIsWrittenOfATableIsReadAsTheSame() throws {
        var count = 0
        for seed in UInt64(0)..<120 {
            let random = RandomTable(seed: seed)
            guard let found = try? infer(random.text, { $0 = random.options }) else {
                // All columns may be left out.
                continue
            }
            count += 1
            let (csv, json) = found.written
            for (bytes, name) in [(csv, "CSV"), (json, "JSON")] {
                do {
                    let again = try withTemporaryFile(bytes) { try Table.read($0, as: found.schema) }
                    expectSame(found.table, again, found.schema, "\(name), seed \(seed)")
                } catch {
                    Issue.record(
                        "\(error), \(name), seed \(seed)\n\(String(decoding: bytes.prefix(300), as: UTF8.self))")
                }
            }
            // The table itself is read by its schema as it was read to find it.
            do {
                let again = try read(random.text, as: found)
                #expect(again.rows == found.table.rows, "seed \(seed)")
                #expect(try streamed(random.text, as: found) == found.table.rows, "streamed, seed \(seed)")
            } catch {
                Issue.record("\(error), seed \(seed)\n\(random.text.prefix(300))")
            }
        }
        #expect(count > 100)
    }

    @Test func aSchemaSurvivesItsFile() throws {
        for seed in UInt64(1000)..<1120 {
            let random = RandomTable(seed: seed)
            guard let found = try? infer(random.text, { $0 = random.options }) else { continue }
            let text = SchemaFile.text(of: found)
            let file = try withTemporaryFile(Array(text.utf8)) { try SchemaFile(path: $0) }
            var options = SchemaOptions()
            options.choices = file.choices
            options.missingTexts = file.missingTexts
            options.header = .present
            do {
                let again = try infer(random.text) { $0 = options }
                #expect(again.schema.columns == found.schema.columns, "seed \(seed)")
                #expect(again.table.rows == found.table.rows, "seed \(seed)")
                #expect(
                    SchemaFile.text(of: again).replacing(",\"reason\":\"asked\"", with: "") == text.reasonless,
                    "seed \(seed)")
            } catch {
                Issue.record("\(error), seed \(seed)\n\(text)")
            }
        }
    }

    @Test func noBytesCrashAReader() throws {
        let schema = try #require(
            RowSchema(CellFixture.schema.columns.map(\.variable), table: CellFixture.schema.table))
        for seed in UInt64(0)..<300 {
            var generator = PhiloxGenerator(seed: seed)
            var bytes = Array(RandomTable(seed: seed % 60).text.utf8.prefix(3000))
            if seed % 3 == 0 {
                bytes = Array(CellFixture.all.compactMap { $0.json.map { "{\"real\": \($0)}\n" } }.joined().utf8)
            }
            for _ in 0..<1 + generator.next() % 20 {
                let place = Int(generator.next() % UInt64(bytes.count))
                let marks = Array(",;\"\n\r\t|#{}[]:-.e0\\ \u{feff}\u{301}".utf8) + [0, 0x80, 0xff]
                let byte = marks[Int(generator.next() % UInt64(marks.count))]
                switch generator.next() % 4 {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.removeSubrange(place..<min(place + Int(generator.next() % 9), bytes.count))
                default: bytes.insert(contentsOf: bytes.prefix(Int(generator.next() % 40)), at: place)
                }
                if bytes.isEmpty { bytes = [byte] }
            }
            try withTemporaryFile(bytes) { path in
                if let found = try? Table.infer(path) {
                    #expect(found.table.values.allSatisfy { $0.count == found.table.rowCount }, "seed \(seed)")
                    _ = try? Table.read(path, as: found.schema)
                }
                let options = ReadingOptions(ignoresUnknown: true)
                guard let reader = try? TableReader(path: path, schema: schema, options: options, kept: ["c0"]) else {
                    return
                }
                while let count = try? reader.read(rowsMax: 7), count > 0 {
                    let good = count - reader.faults.count
                    #expect(reader.numbers.count == good * schema.variables.count, "seed \(seed)")
                    #expect(reader.keptCells.count == count, "seed \(seed)")
                }
            }
        }
    }
}

extension String {
    /// A file of a schema without why columns are left out: who reads it was asked to leave them out.
    fileprivate var reasonless: String {
        Schema.LeftOut.allCases.reduce(self) { $0.replacing(",\"reason\":\"\($1.rawValue)\"", with: "") }
    }
}

extension InferredTable {
    /// The rows as the program writes them, once as CSV, once as NDJSON.
    var written: (csv: [UInt8], json: [UInt8]) {
        let variables = schema.columns.map(\.variable)
        var model = DensityModel(of: variables)
        model.schema = schema.table
        let text = RowText(CompiledModel(model).card)
        var csv = text.csvHeader + [10]
        var json: [UInt8] = []
        for row in 0..<table.rowCount {
            let encoded = zip(variables, table.row(row)).map { $0.encode($1) }
            text.appendCSV(encoded, to: &csv)
            text.appendJSON(encoded, asObject: row % 2 == 0, to: &json)
            csv.append(10)
            json.append(10)
        }
        return (csv, json)
    }
}
