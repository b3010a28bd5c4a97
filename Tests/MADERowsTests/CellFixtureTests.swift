import Foundation
import MADE
import Testing

@testable import MADERows

/// One meaning of a cell, whoever reads it.
@Suite struct CellFixtureTests {
    /// What `reader` must make of a case.
    private func expected(_ test: CellCase, _ reader: CellReader) throws -> Reading {
        let column = CellFixture.schema.columns[try CellReader.index(test)]
        // What no number is means nothing in a column of numbers that is trained on.
        if reader == .infer, test.meaning == .fault, MissingTexts.known.contains(NumberText.normalised(test.text ?? ""))
        {
            return .value(.nan)
        }
        switch test.meaning {
        case .number(let number): return .value(number)
        case .label(let label):
            guard case .categorical(let categories) = column.kind else { return .fault }
            let index = try #require((categories.labels + categories.rareLabels).firstIndex(of: label))
            return .value(Double(index))
        case .missing: return .value(.nan)
        case .unseen: return reader.refusesUnseen ? .fault : .value(Double(Variable.unseenValue))
        case .fault: return .fault
        }
    }

    private func agree(_ found: Reading, _ expected: Reading) -> Bool {
        guard case .value(let value) = expected else { return found == .fault }
        switch found {
        case .value(let other): return other == value && other.sign == value.sign || other.isNaN && value.isNaN
        case .rounded(let other):
            return other == Float(min(max(value, -1e30), 1e30)) || other.isNaN && value.isNaN
        case .fault: return false
        }
    }

    @Test func thereAreCellsOfEveryColumnAndMeaning() {
        let cells = CellFixture.all
        #expect(cells.count >= 150)
        #expect(Set(cells.map(\.column)) == Set(CellFixture.schema.names))
        #expect(Set(cells.map(\.description)).count == cells.count, "none occurs twice")
    }

    @Test(arguments: CellReader.allCases) func everyReaderReadsACellAlike(_ reader: CellReader) throws {
        let cases = reader.cases
        let readings = try reader.readings(of: cases)
        try #require(readings.count == cases.count)
        for (test, reading) in zip(cases, readings) {
            let expected = try expected(test, reader)
            #expect(agree(reading, expected), "\(reader): \(test) is \(test.meaning), read as \(reading)")
        }
    }

    @Test func numbersOfJSONMayHaveMoreDigitsThanADouble() throws {
        let digits = "0.1000000000000000055511151231257827"
        let test = CellCase(column: "real", csv: nil, json: digits, meaning: .number(0.1))
        // simdjson reads 0 and more than 19 digits as another number.
        withKnownIssue(isIntermittent: true) {
            for reader in [CellReader.ndjsonArrays, .ndjsonObjects, .bodyArrays, .bodySingle, .bodyColumn] {
                let found = try reader.readings(of: [test])
                #expect(found == [.value(0.1)], "\(reader)")
            }
        }
    }

    /// A reader that nobody has listed is not held to the fixture.
    @Test func noFileReadsCellsThatIsNotListed() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/MADERows").resolvingSymlinksInPath()
        let calls = [
            "made_row_schema_read_value(", "made_row_stream_read(", "made_row_scanner_scan(",
            "made_table_scanner_read(", "RowStream(", "BodyScanner(", "TableReader(", "TableScanner(",
        ]
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            let name = file.resolvingSymlinksInPath().path.dropFirst(sources.path.count + 1)
            if calls.contains(where: text.contains) { found.insert(String(name)) }
        }
        // The scanner hands its texts to the inference, and a head reads the names of columns alone.
        let others = ["Tables/TableScanner.swift", "Tables/TableHead.swift"]
        #expect(found == Set(CellReader.allCases.map(\.file) + others))
    }
}
