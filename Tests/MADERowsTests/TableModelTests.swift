import Dispatch
import Foundation
import MADE
import Synchronization
import Testing

@testable import MADERows

/// The model that newcomers meet, held against the parts that it is made of.
@Suite struct TableModelTests {
    private static let diamonds =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/config/models/diamonds.safetensors"
    private static let usual: TableRow = [
        "carat": 0.51, "cut": "Very Good", "color": "E", "clarity": "VS1", "depth": 61.8, "table": 54.7, "price": 1970,
        "x": 5.12, "y": 5.15, "z": 3.18,
    ]
    private static let wrong = usual.with("z", 31.8)
    /// As high as the depth says, a percentage of the mean of x and y.
    private static let repaired = usual.with("z", 3.17)
    private let model: TableModel

    init() throws { model = try TableModel(contentsOf: Self.diamonds) }

    private func csv(_ rows: [TableRow]) -> [UInt8] {
        let lines =
            [model.columns.joined(separator: ",")]
            + rows.map { row in
                model.columns.map { row[$0]?.description ?? "" }.joined(separator: ",")
            }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    @Test func fileRowAndArrayHaveTheScoresOfTheParts() throws {
        let rows = try model.sample(300, seed: 3) + [Self.wrong]
        try withTemporaryFile(csv(rows)) { path in
            let reader = try TableReader(path: path, schema: model.schema)
            #expect(try reader.read(rowsMax: 1000) == rows.count)
            let judgement = Judgement(model.compiled.card.calibration, alpha: 0.01)
            let scorer = RowScorer(model.compiled, judgement: judgement)
            scorer.score(reader.values.span, using: model.compiled.makeWorkspace())
            let scores = try model.score(contentsOf: path)
            #expect(scores.faults.isEmpty)
            #expect(scores.rows.map(\.index) == Array(rows.indices))
            #expect(scores.rows.map(\.logLikelihood) == scorer.logLikelihoods)
            #expect(scores.rows.map(\.score) == scorer.scores)
            #expect(scores.rows.map(\.pValue) == scorer.scores.map { judgement.pValue(of: $0) })
            #expect(scores.rows[300].isAnomaly == true && scores.rows[300].logLikelihood < -50)
            #expect(try model.score(rows) == scores.rows)
            let arrays = rows.map { row in TableRow(model.columns.map { row[$0] ?? .missing }) }
            #expect(try model.score(arrays) == scores.rows)
            #expect(try rows.map { try model.score([$0])[0].logLikelihood } == scorer.logLikelihoods)
            #expect(try model.score([]) == [])
        }
    }

    @Test func theWrongColumnIsNamedWithWhatIsRight() throws {
        let found = try model.explain([Self.usual, Self.wrong], columnCount: 2)
        #expect(found.map(\.count) == [2, 2])
        let first = found[1][0]
        #expect(first.column == "z" && first.part == nil && !first.isUnseen)
        #expect(first.value == 31.8 && first.expected == 3.17)
        #expect(first.range == .numbers(3.17...3.18))
        let gains = model.explainer.gains(
            of: try model.read([Self.wrong], SentColumns(model.columns, model.schema), ReadingOptions()) { "\($0)" }[0]
                .values, using: model.compiled.makeWorkspace())
        #expect(first.gain == gains.gains[9] && first.pValue == gains.pValues[9])
        let all = try model.explain([Self.usual], columnCount: 99)[0]
        #expect(Set(all.map(\.column)) == Set(model.columns))
        let cut = try #require(all.first { $0.column == "cut" })
        guard case .values(let likely)? = cut.range else { throw RowFault(index: 0, description: "no labels: \(cut)") }
        #expect(cut.value == "Very Good" && likely.contains { $0.value == "Very Good" })
        #expect(likely.reduce(0) { $0 + $1.probability } >= 0.9 && likely.allSatisfy { $0.probability > 0 })
    }

    @Test func valuesThatAreNotKnownAreIntegratedOut() throws {
        let row = Self.usual.with("price", nil)
        let score = try model.score([row], explaining: 1, reading: ReadingOptions(missingIsUnknown: true))[0]
        #expect(score.standardError >= 0 && score.pValue.map { $0 > 0.01 } == true)
        #expect(score.explanation[0].gain == nil && score.explanation[0].expected == nil)
    }

    @Test func anAnomalyIsRepaired() throws {
        let wrong = TableRow([("id", 7)] + zip(Self.wrong.names ?? [], Self.wrong.cells).map { ($0, $1) })
        #expect(try model.repair([wrong])[0].row["id"] == 7, "what the model does not know stays")
        let repairs = try model.repair([Self.usual, Self.wrong], alpha: 0.001)
        #expect(repairs[0].isRepaired == nil && repairs[0].changes.isEmpty)
        #expect(repairs[1].index == 1 && repairs[1].isRepaired == true)
        #expect(repairs[1].changes.map(\.column) == ["z"])
        #expect(repairs[1].changes[0].from == 31.8 && repairs[1].changes[0].to == 3.17)
        #expect(repairs[1].pValueBefore <= 0.001 && repairs[1].pValueAfter > 0.001)
        #expect(model.columns.allSatisfy { repairs[1].row[$0] == Self.repaired[$0] })
        #expect(repairs[1].pValueAfter == (try model.score([repairs[1].row])[0].pValue))
    }

    @Test func aFileIsWrittenBackWithItsChangesAlone() throws {
        let rows = [Self.usual, Self.wrong]
        let folder = try TestFolder()
        let text = String(decoding: csv(rows), as: UTF8.self) + "heavy,Ideal,E,VS1,60,55,1970,5,5,3\n"
        let path = try folder.write(Array(text.utf8))
        let output = folder.path("clean.csv")
        let repairs = try model.repair(contentsOf: path, writingTo: output, alpha: 0.001)
        #expect(try String(contentsOfFile: output, encoding: .utf8) == text.replacing("5.15,31.8", with: "5.15,3.17"))
        #expect(repairs.rows.map(\.index) == [0, 1] && repairs.faults.map(\.index) == [2])
        #expect(repairs.faults[0].description.contains("heavy"))
        // An existing file stays.
        #expect(throws: TableModelError.self) { try model.repair(contentsOf: path, writingTo: output) }
        #expect(throws: TableModelError.self) { try model.repair(contentsOf: path, writingTo: path) }
    }

    @Test func whatARowLacksIsFilledInWithItsRange() throws {
        let holes = Self.usual.with("price", nil).with("cut", nil)
        let filled = try model.impute([Self.usual, holes, TableRow([("id", 7), ("carat", 0.51)])])
        #expect(filled.map(\.index) == [0, 1, 2])
        #expect(filled[0].cells.isEmpty && filled[0].rows[0]["z"] == 3.18)
        #expect(filled[1].cells.map(\.column) == ["cut", "price"], "in the order of the columns")
        let (cut, price) = (filled[1].cells[0], filled[1].cells[1])
        #expect(cut.values.count == 1 && filled[1].rows.count == 1)
        // The best value is the likeliest label, and the number that half of the distribution lies below.
        let values = try model.read([holes], SentColumns(model.columns, model.schema), Imputer.readingOptions) {
            "\($0)"
        }
        let workspace = model.compiled.makeWorkspace()
        let labels = model.compiled.fullConditional(of: 1, in: values[0].values, using: workspace)
        let likeliest = labels.likeliest(holding: 0.9).map { model.text.tableCell($0.value, of: 1) }
        #expect(cut.values == [likeliest[0]])
        guard case .values(let likely) = cut.parts[0].range, case .numbers(let range) = price.parts[0].range
        else { throw RowFault(index: 1, description: "\(filled[1])") }
        #expect(likely.map(\.value) == likeliest && likely.reduce(0) { $0 + $1.probability } >= 0.9)
        #expect(price.values[0].number.map { range.contains($0) && abs($0 - 1970) < 1000 } == true)
        #expect(price.parts.map(\.part) == [nil])
        for name in model.columns where name != "cut" && name != "price" {
            #expect(filled[1].rows[0][name] == Self.usual[name])
        }
        #expect(filled[1].rows[0]["cut"] == cut.values[0] && filled[1].rows[0]["price"] == price.values[0])
        #expect(filled[2].cells.count == 9 && filled[2].rows[0]["id"] == 7, "what the model does not know stays")
        #expect(try model.impute([]) == [])
    }

    @Test func drawsDifferAndComeAgainWithTheirSeed() throws {
        let holes = Self.usual.with("price", nil).with("cut", nil)
        let drawn = try model.impute([holes, holes], method: .draw(count: 20, seed: 1))
        #expect(drawn.map(\.rows.count) == [20, 20] && drawn[0].rows != drawn[1].rows, "rows alike are drawn apart")
        for row in drawn {
            #expect(row.cells.map(\.values.count) == [20, 20])
            for (column, cell) in zip(["cut", "price"], row.cells) {
                #expect(row.rows.map { $0[column] } == cell.values)
            }
            #expect(Set(row.cells[1].values.compactMap(\.number)).count > 5)
        }
        #expect(try model.impute([holes, holes], method: .draw(count: 20, seed: 1)) == drawn)
        #expect(try model.impute([holes, holes], method: .draw(count: 20, seed: 2)) != drawn)
    }

    @Test func aFileIsWrittenBackWithoutHoles() throws {
        let folder = try TestFolder()
        let text =
            String(decoding: csv([Self.usual.with("price", nil)]), as: UTF8.self)
            + "heavy,Ideal,E,VS1,60,55,1970,5,5,3\n"
        let path = try folder.write(Array(text.utf8))
        let output = folder.path("filled.csv")
        let filled = try model.impute(contentsOf: path, writingTo: output, method: .draw(count: 2, seed: 3))
        #expect(filled.rows.map(\.index) == [0] && filled.faults.map(\.index) == [1])
        let prices = filled.rows[0].cells[0].values.map(\.description)
        let lines = text.split(separator: "\n").map(String.init)
        let filledIn = prices.map { lines[1].replacing(",,", with: ",\($0),") }
        let wanted = ["draw," + lines[0], "1," + filledIn[0], "2," + filledIn[1], "1," + lines[2], "2," + lines[2]]
        #expect(try String(contentsOfFile: output, encoding: .utf8) == wanted.joined(separator: "\n") + "\n")
        #expect(throws: TableModelError.self) { try model.impute(contentsOf: path, writingTo: output) }
    }

    @Test func drawnRowsAreThoseOfTheWriter() throws {
        let rows = try model.sample(50, seed: 5, given: ["cut": "Ideal"])
        #expect(rows.allSatisfy { $0["cut"] == "Ideal" && $0.names == model.columns })
        var evidence = [Float](repeating: .nan, count: model.columns.count)
        evidence[1] = model.schema.variables[1].encode(try #require(Self.index(of: "Ideal", model.schema.variables[1])))
        let drawn = model.compiled.sample(
            SamplingRequest(count: 50, seed: 5, evidence: evidence), using: model.compiled.makeWorkspace())
        #expect(try model.score(rows).map(\.logLikelihood) == drawn.logLikelihoods)
        #expect(try model.sample(3).count == 3 && model.sample(0, given: ["cut": "Ideal"]).isEmpty)
        #expect(try model.sample(2, seed: 5, given: ["cut": "Ideal"]) == Array(rows.prefix(2)))
    }

    private static func index(of label: String, _ variable: Variable) -> Double? {
        guard case .categorical(let categories) = variable.kind else { return nil }
        return categories.labels.firstIndex(of: label).map(Double.init)
    }

    @Test func refusalsSayWhatWouldBeRight() throws {
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        for (text, body) in [
            (
                "rows[1].price: ",
                { _ = try model.score([Self.usual, Self.usual.with("price", "cheap")]) }
            ),
            ("did you mean 'carat'?", { _ = try model.score([["carrat": 1]]) }),
            ("rows[0]: the model has 10 columns, the row 2 values", { _ = try model.score([[0.5, "Ideal"]]) }),
            ("is not a finite number", { _ = try model.score([Self.usual.with("price", .number(.infinity))]) }),
            ("given.cut: \"Idael\" is not a category of 'cut'", { _ = try model.sample(1, given: ["cut": "Idael"]) }),
            ("alpha: 7.0 is no share", { _ = try model.score([Self.usual], alpha: 7) }),
            ("alpha: no row is judged at alpha 1e-09", { _ = try model.repair([Self.usual], alpha: 1e-9) }),
            ("changesMax: 0 is not", { _ = try model.repair([Self.usual], changesMax: 0) }),
            (
                "method: 0 draws of a row; there must be 1 to 1000",
                { _ = try model.impute([Self.usual], method: .draw(count: 0, seed: 1)) }
            ),
            ("rows[0].carat: ", { _ = try model.impute([Self.usual.with("carat", "heavy")]) }),
            ("count: -1 is no number", { _ = try model.sample(-1) }),
            ("temperature: 0.0 is not", { _ = try model.sample(1, temperature: 0) }),
            ("there is no such file", { _ = try model.score(contentsOf: "/nowhere/x.csv") }),
            ("cannot be read", { _ = try TableModel(contentsOf: "/nowhere/x.safetensors") }),
        ] as [(String, () throws -> Void)] {
            let found = message(body)
            #expect(found.contains(text), "\(found)")
            #expect(!found.contains(" --") && !found.contains("made "), "a library has no command line: \(found)")
        }
        let parquet = Array("PAR1\u{15}".utf8)
        for (bytes, text) in [
            (Array("carat,cot\n1,2\n".utf8), "\"cot\" is none of the model's; did you mean 'cut'?"),
            (
                Array("carat,shop\n1,2\n".utf8),
                "\"shop\" is none of the model's; ignoresUnknown passes over such columns"
            ),
            (parquet, "a Parquet file; this command makes text of it: duckdb"),
        ] {
            try withTemporaryFile(bytes) { path in
                let found = message { _ = try model.score(contentsOf: path) }
                #expect(found.contains(text), "\(found)")
                #expect(!found.contains(" --") && !found.contains("made "), "\(found)")
            }
        }
    }

    @Test func threadsMayShareAModel() throws {
        let rows = try model.sample(40, seed: 9) + [Self.wrong, Self.usual.with("price", nil)]
        let reading = ReadingOptions(missingIsUnknown: true)
        let alone = try model.score(rows, explaining: 1, reading: reading)
        let wrongCount = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let isSame = (try? model.score(rows, explaining: 1, reading: reading)) == alone
            if !isSame { wrongCount.add(1, ordering: .relaxed) }
        }
        #expect(wrongCount.load(ordering: .relaxed) == 0)
    }
}

extension TableRow {
    /// The row with another cell in a column.
    fileprivate func with(_ name: String, _ cell: TableCell) -> TableRow {
        TableRow(zip(names ?? [], cells).map { ($0, $0 == name ? cell : $1) })
    }
}
