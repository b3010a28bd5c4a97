import Foundation
import MADE
import MADERows
import Testing

@testable import MADETraining

/// `TableModel.train`, held against the trainer.
@Suite struct TableModelTrainingTests {
    private func change(_ options: inout TrainingOptions) {
        options.hiddenWidths = [8]
        options.memberCount = 1
        options.stepCount = 20
        options.foldCount = 2
    }

    private let rows = (0..<120).map { row in
        let kind = TableCell.text(row % 3 == 0 ? "a" : "b")
        return TableRow([
            ("size", .number(Double(row * 37 % 120) / 2)), ("kind", kind), ("flag", .truth(row % 2 == 0)),
        ])
    }

    private let folder = FileManager.default.temporaryDirectory.appending(path: "made-\(UUID().uuidString)")

    @Test func rowsAndTheirFileTrainTheModelOfTheTrainer() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let table = folder.appending(path: "table.csv").path
        let lines = ["size,kind,flag"] + rows.map { $0.cells.map(\.description).joined(separator: ",") }
        try (lines.joined(separator: "\n") + "\n").write(toFile: table, atomically: true, encoding: .utf8)
        let inferred = try Table.infer(table)
        var options = TrainingOptions.recommended(for: inferred.schema, rowCount: rows.count)
        change(&options)
        let expected = folder.appending(path: "expected.safetensors").path
        let trained = try Trainer(options).train(
            TrainingTables(train: inferred.table, schema: inferred.schema), name: "table")
        try Checkpoint.write(trained, to: expected)
        for (name, model) in [
            ("file", try TableModel.train(contentsOf: table, options: change)),
            ("rows", try TableModel.train(rows, options: change)),
        ] {
            let path = folder.appending(path: "\(name).safetensors").path
            try model.write(to: path)
            let scores = try model.score(rows)
            #expect(scores == (try TableModel(contentsOf: expected).score(rows)), "\(name)")
            #expect(scores == (try TableModel(contentsOf: path).score(rows)), "\(name)")
            if name == "file" {
                #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: expected)))
            }
            #expect(try model.sample(5, seed: 1).allSatisfy { $0.names == ["size", "kind", "flag"] })
        }
    }

    @Test func valuesThatTrainingNeverSawAreScoredAndSaidToBeSuch() throws {
        let model = try TableModel.train(rows, options: change)
        let usual: TableRow = ["size": 2.5, "kind": "a", "flag": true]
        let found = try model.score([usual, ["size": 2.5, "kind": "c", "flag": nil], ["flag": true]], explaining: 3)
        #expect(found[0].explanation.allSatisfy { !$0.isUnseen })
        let cells = Dictionary(uniqueKeysWithValues: found[1].explanation.map { ($0.column, $0) })
        #expect(cells["kind"]?.value == "c" && cells["kind"]?.isUnseen == true)
        #expect(cells["flag"]?.value == .missing && cells["flag"]?.isUnseen == true)
        #expect(cells["size"]?.value == 2.5 && cells["size"]?.isUnseen == false)
        #expect(found[0].logLikelihood > max(found[1].logLikelihood, found[2].logLikelihood))
    }

    @Test func whatCannotBeLearnedFromIsRefused() throws {
        #expect(throws: TrainingError.self) { try TableModel.train(Array(rows.prefix(2)), options: change) }
        #expect(throws: TrainingError.self) { try TableModel.train(rows) { $0.memberCount = 0 } }
        let none = #expect(throws: TableError.self) { try TableModel.train([]) }
        #expect(none?.description == "rows: is empty; the first line must name the columns")
        #expect(throws: TableError.self) { try TableModel.train(contentsOf: "/nowhere/table.csv") }
    }
}
