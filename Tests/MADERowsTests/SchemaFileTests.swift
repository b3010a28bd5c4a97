import MADE
import Testing

@testable import MADERows

/// Schemas as files.
@Suite struct SchemaFileTests {
    private let table =
        "n,l,b,id,r,p\n0.5,x,yes,17,1.25,\"1,5 €\"\n1.5,\"y, \"\"z\"\"\",no,18,NA,\"2,5 €\"\n0.5,x,yes,19,2.5,\n"

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
            for line in [
                #"{"name":"l","type":"categorical","labels":["x","other"],"other":"other","rare":["y, \"z\""]}"#,
                #"{"name":"b","type":"binary","texts":["no","yes"]}"#,
                #"{"name":"id","type":"drop","reason":"asked"}"#,
                #"{"name":"r","type":"real","step":null,"resolution":0.01,"missing":["NA"]}"#,
                #""number":{"decimal":",","unit":"€"}"#,
            ] { #expect(text.contains(line), "\(line)\n\(text)") }
            let schema = try file(text)
            var again = SchemaOptions()
            again.choices = schema.choices
            again.missingTexts = schema.missingTexts
            let reread = try Table.infer(path, options: again)
            #expect(reread.schema == inferred.schema && reread.leftOut.map(\.name) == ["id"])
            #expect(reread.table.rows == inferred.table.rows)
            #expect(SchemaFile.text(of: reread) == text)
        }
    }

    @Test func whatAFileLeavesOutIsInferred() throws {
        let schema = try file(
            #"{"columns": [{"name": "a", "type": "real"}, {"name": "b", "type": "real", "step": null}, "#
                + #"{"name": "c", "type": "categorical"}, {"name": "d", "type": "real", "step": 0.5}]}"#)
        func plain(_ name: String) -> Schema.Column { Schema.Column(name: name) }
        #expect(
            schema.choices == [
                "a": .real, "b": .exactly(.real(step: nil), plain("b")), "c": .categorical,
                "d": .exactly(.real(step: 0.5, resolution: 0.5), plain("d")),
            ])
        #expect(schema.missingTexts.isEmpty && schema.hasHeader == nil)
    }

    @Test func aFileSaysWhetherTheTableHasAHeader() throws {
        #expect(try file(#"{"header": false}"#).hasHeader == false)
        let inferred = try infer("1,0.5\n2,0.25\n")
        let text = SchemaFile.text(of: inferred)
        #expect(try file(text).hasHeader == false)
        #expect(try file(text).choices.keys.sorted() == ["column_1", "column_2"])
    }

    static let wrong: [(text: String, reason: String)] = [
        ("columns: []", "is not JSON"),
        (#"{"colums": []}"#, #""colums" is no key here; there are columns, missing, header"#),
        (#"{"columns": [{"type": "real"}]}"#, #"no "name""#),
        (#"{"columns": [{"name": "a", "type": "int"}]}"#, #"column "a": "int" is not a type"#),
        (#"{"columns": [{"name": "a", "type": "real", "labels": []}]}"#, #"only a categorical column has "labels""#),
        (#"{"columns": [{"name": "a", "type": "binary", "step": 1}]}"#, #"only a real column has "step""#),
        (#"{"columns": [{"name": "a", "type": "real", "texts": ["n", "y"]}]}"#, #"only a binary column has "texts""#),
        (#"{"columns": [{"name": "a", "type": "binary", "texts": ["y", "y"]}]}"#, #""texts" must be two"#),
        (#"{"columns": [{"name": "a", "type": "real", "step": 0}]}"#, "a step must be above 0"),
        (#"{"columns": [{"name": "a", "type": "real", "resolution": -1}]}"#, "a step must be above 0"),
        (#"{"columns": [{"name": "a", "type": "real", "number": {"decimal": ";"}}]}"#, "is no decimal mark"),
        (#"{"columns": [{"name": "a", "type": "real", "number": {"group": "."}}]}"#, "cannot separate groups"),
        (#"{"columns": [{"name": "a", "type": "categorical", "labels": ["x", "x"]}]}"#, "all different"),
        (#"{"columns": [{"name": "a", "type": "categorical", "labels": ["é", "e\u0301"]}]}"#, "all different"),
        (
            #"{"columns": [{"name": "a", "type": "categorical", "labels": ["x", "y"], "other": "z"}]}"#,
            #""other" must be one of "labels""#
        ),
        (
            #"{"columns": [{"name": "a", "type": "categorical", "labels": ["x"], "rare": ["y"]}]}"#,
            #""rare" labels need "other""#
        ),
        (#"{"columns": [{"name": "a", "type": "categorical", "labels": [" "]}]}"#, "an empty label is a missing value"),
        (#"{"columns": [{"name": "a", "type": "categorical", "rare": ["y"]}]}"#, #""other" and "rare" need "labels""#),
        (
            #"{"columns": [{"name": "a", "type": "real"}, {"name": " a", "type": "binary"}]}"#,
            #"column "a" occurs twice"#
        ),
    ]

    @Test(arguments: wrong) func aMistakeIsNamed(_ text: String, _ reason: String) throws {
        let error = #expect(throws: SchemaFile.Failure.self) { try file(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
