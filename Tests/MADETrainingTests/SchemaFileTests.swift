import Foundation
import MADE
import Testing

@testable import MADETraining

/// Schemas as files.
@Suite struct SchemaFileTests {
    private let table = "n,l,b,id,r\n0.5,x,1,17,1.25\n1.5,\"y, \"\"z\"\"\",0,18,NA\n0.5,x,1,19,2.5\n"

    private func file(_ text: String) throws -> SchemaFile {
        try withTemporaryFile(Array(text.utf8)) { try SchemaFile(path: $0) }
    }

    @Test func whatIsPrintedReadsBackAsTheSameTable() throws {
        try withTemporaryFile(Array(table.utf8)) { path in
            var options = SchemaOptions()
            options.labelRowsMin = 2
            options.choices = ["id": .drop]
            options.missingTexts = ["NA"]
            let inferred = try Table.infer(path, options: options)
            let text = SchemaFile.text(of: inferred)
            #expect(text.contains(#"{"name": "l", "type": "categorical", "labels": ["x", "other"], "other": "other"}"#))
            let schema = try file(text)
            var again = SchemaOptions()
            again.choices = schema.choices
            again.missingTexts = schema.missingTexts
            let reread = try Table.infer(path, options: again)
            #expect(reread.schema == inferred.schema && reread.dropped == ["id"])
            #expect(reread.table.values.map(\.bitPattern) == inferred.table.values.map(\.bitPattern))
            #expect(SchemaFile.text(of: reread) == text)
        }
    }

    @Test func whatAFileLeavesOutIsInferred() throws {
        let schema = try file(
            #"{"columns": [{"name": "a", "type": "real"}, {"name": "b", "type": "real", "step": null}, "#
                + #"{"name": "c", "type": "categorical"}, {"name": "d", "type": "real", "step": 0.5}]}"#)
        #expect(
            schema.choices == [
                "a": .real, "b": .exactly(.real(step: nil)), "c": .categorical, "d": .exactly(.real(step: 0.5)),
            ])
        #expect(schema.missingTexts.isEmpty)
    }

    static let wrong: [(text: String, reason: String)] = [
        ("columns: []", "is not JSON"),
        (#"{"colums": []}"#, #""colums" is no key here; there are columns, missing"#),
        (#"{"columns": [{"type": "real"}]}"#, #"no "name""#),
        (#"{"columns": [{"name": "a", "type": "int"}]}"#, #"column "a": "int" is not a type"#),
        (#"{"columns": [{"name": "a", "type": "real", "labels": []}]}"#, "only a categorical column has labels"),
        (#"{"columns": [{"name": "a", "type": "binary", "step": 1}]}"#, "only a real column has a step"),
        (#"{"columns": [{"name": "a", "type": "real", "step": 0}]}"#, "a step must be above 0"),
        (#"{"columns": [{"name": "a", "type": "categorical", "labels": ["x", "x"]}]}"#, "all different"),
        (
            #"{"columns": [{"name": "a", "type": "categorical", "labels": ["x", "y"], "other": "z"}]}"#,
            #""other" must be one of "labels""#
        ),
        (
            #"{"columns": [{"name": "a", "type": "real"}, {"name": "a", "type": "binary"}]}"#,
            #"column "a" occurs twice"#
        ),
    ]

    @Test(arguments: wrong) func aMistakeIsNamed(_ text: String, _ reason: String) throws {
        let error = #expect(throws: SchemaFile.Failure.self) { try file(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
