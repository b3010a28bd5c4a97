import Foundation
import MADE
import Oracle
import Testing

/// Files of both versions of the format.
@Suite struct CheckpointVersionTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let variables = [
        Variable(name: "flag", kind: .binary(.plusMinusOne), unseen: UnseenValues(rowCount: 12)),
        Variable(
            name: "color",
            kind: .categorical(
                Categories(
                    labels: ["red", "other"], otherIndex: 1, rowCounts: [9, 3], rareLabels: ["teal", "é"],
                    rareRowCounts: [2, 1])),
            unseen: UnseenValues(rowCount: 12, singletonCount: 1, doubletonCount: 1)),
        Variable(name: "one", kind: .categorical(Categories(labels: ["only"], rowCounts: [12]))),
        Variable(
            name: "time",
            kind: .real(
                RealEncoding(
                    centre: 1_700_000_000_123.7, scale: 1e10 / 3, componentCount: 2, scaleFloor: 0.01, inputBound: 4.7,
                    step: 1, resolution: 0.1, minimum: 1.6e12, maximum: 1_700_000_000_124))),
        Variable(
            name: "spent",
            kind: .real(
                RealEncoding(
                    centre: 1, scale: 2, componentCount: 1, scaleFloor: 0.1, atoms: [-0.1, 0, 1e300],
                    support: [-0.1, 1 / 3.0])),
            unseen: UnseenValues(rowCount: 12), hasMissing: true),
    ]

    private func model() -> DensityModel {
        var generator = PhiloxGenerator(seed: 1)
        var model = RandomModel.mixed(Self.variables, hiddenWidths: [8], memberCount: 2, using: &generator)
        var schema = Schema(columns: ["flag", "color", "", "one", "time", "spent"].map { Schema.Column(name: $0) })
        schema.hasHeader = false
        schema.columns[0].truthTexts = ["no", "yes"]
        schema.columns[1].missingTexts = ["?", "n/a"]
        schema.columns[2].leftOut = .unnamed
        schema.columns[3].labelsAreNumbers = true
        schema.columns[4].numberForm = .init(hasDecimalComma: true, groupSeparator: ".", unit: "€")
        schema.columns[4].missingRowCount = 3
        model.schema = schema
        return model
    }

    @Test func aFileOfToday() throws {
        var model = model()
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model, to: path)
        let read = try Checkpoint.read(path)
        model.applyMasks()
        #expect(read.variables == model.variables && read.schema == model.schema)
        #expect(read.networks == model.networks && read.members == model.members)
        let bytes = FileManager.default.contents(atPath: path)
        try Checkpoint.write(read, to: path)
        #expect(FileManager.default.contents(atPath: path) == bytes)
        _ = try Checkpoint.load(path)
        let text = String(decoding: try #require(bytes).prefix(4000), as: UTF8.self)
        #expect(text.contains("\"format_version\":\"2\""))
    }

    // MARK: Hostile members

    /// The file with its description changed by `change`, as a file of `version`.
    private func file(version: String = "2", _ change: (inout [String: Any]) throws -> Void) throws -> String {
        let path = "\(folder.path)/model.safetensors"
        try Checkpoint.write(model(), to: path)
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(
            try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
        var metadata = try #require(header["__metadata__"] as? [String: String])
        let text = try #require(metadata["model"])
        var document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        try change(&document)
        metadata["model"] = String(
            decoding: try JSONSerialization.data(withJSONObject: document, options: .sortedKeys), as: UTF8.self)
        metadata["format_version"] = version
        header["__metadata__"] = metadata
        let encoded = [UInt8](try JSONSerialization.data(withJSONObject: header))
        let count = withUnsafeBytes(of: UInt64(encoded.count).littleEndian) { Array($0) }
        return try folder.file("hostile.safetensors", count + encoded + bytes[(8 + length)...])
    }

    private func line(_ path: String) throws -> String {
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.load(path) }
        #expect(!error.description.contains("\n"))
        return String(error.description.dropFirst(path.count + 2))
    }

    private func problem(variable index: Int, _ key: String, _ value: Any?) throws -> String {
        try line(
            file { document in
                var variables = try #require(document["variables"] as? [[String: Any]])
                variables[index][key] = value
                document["variables"] = variables
            })
    }

    @Test func membersOfCategoricalVariablesAreNamed() throws {
        for value: Any in [[1], [1, 2, 3], [1, -2]] {
            #expect(try problem(variable: 1, "label_rows", value).contains("'color': 'label_rows' must have"))
        }
        for value: Any in [[1], [1, 0], [1, -1], [1, 1 << 40], [Int]()] {
            #expect(try problem(variable: 1, "rare_label_rows", value).contains("'rare_label_rows' must have"))
        }
        #expect(try problem(variable: 1, "rare_label_rows", nil).contains("'rare_label_rows' must have"))
        #expect(try problem(variable: 1, "rare_labels", ["red", "x"]).contains("two labels are 'red'"))
        #expect(try problem(variable: 1, "other", nil).contains("'rare_labels' need 'other'"))
        for key in ["label_rows", "rare_labels", "rare_label_rows"] {
            for value: Any in ["x", [1.5], 7, [true, NSNull()]] {
                #expect(try problem(variable: 1, key, value).contains("variables.Index 1.\(key)"), "\(key)")
            }
            #expect(try problem(variable: 0, key, [1]).contains(key), "\(key)")
        }
    }

    @Test func countsOfUnseenValuesAreNamed() throws {
        let good: [String: Any] = ["rows": 12, "once": 1, "twice": 1]
        for (key, values) in [
            "rows": [2, -1, 1 << 60] as [Any], "once": [-1, 11, 1 << 62], "twice": [-1, 6, 1 << 62],
        ] {
            for value in values {
                let unseen = good.merging([key: value]) { $1 }
                #expect(try problem(variable: 1, "unseen", unseen).contains("'color': 'unseen' counts"), "\(key)")
            }
            for value: Any in ["1", 1.5, NSNull(), [1]] {
                let unseen = good.merging([key: value]) { $1 }
                #expect(try problem(variable: 1, "unseen", unseen).contains("Index 1.unseen.\(key)"), "\(key)")
            }
            let without = good.filter { $0.key != key }
            #expect(
                try problem(variable: 1, "unseen", without).contains("'\(key)' is missing in variables.Index 1.unseen"))
        }
        #expect(try problem(variable: 1, "unseen", 3).contains("Index 1.unseen"))
    }

    @Test func outcomesAreChecked() throws {
        let many = (0...RealEncoding.numberCountMax).map(Double.init)
        for key in ["atoms", "support"] {
            #expect(try problem(variable: 1, key, [1]).contains("it is categorical and must not have '\(key)'"))
            for numbers in [[2.0, 1], [1, 1], [0, 3, 2]] {
                #expect(
                    try problem(variable: 4, key, numbers).contains(
                        "'spent': '\(key)' must be finite numbers in ascending"))
            }
            #expect(try problem(variable: 4, key, ["1"]).contains("variables.Index 4.\(key)"))
            #expect(try problem(variable: 4, key, many).contains("'\(key)' has 4097 numbers; there may be 4096"))
        }
        #expect(try problem(variable: 4, "missing", "yes").contains("variables.Index 4.missing"))
    }

    @Test func membersOfRealVariablesAreNamed() throws {
        for key in ["centre", "scale"] {
            #expect(try problem(variable: 3, key, nil).contains("'time': '\(key)' is missing"))
            #expect(try problem(variable: 0, key, 1).contains("it is binary and must not have '\(key)'"))
        }
        for key in ["centre", "scale", "resolution", "step", "minimum", "maximum"] {
            for value: Any in ["1", [1], true] {
                #expect(try problem(variable: 3, key, value).contains("variables.Index 3.\(key)"), "\(key)")
            }
        }
        #expect(try problem(variable: 3, "resolution", 0).contains("'resolution' is 0.0"))
        let old = ["offset": 1, "scale": 2]
        #expect(try problem(variable: 3, "encoding", old).contains("it is real and must not have 'encoding'"))
        #expect(try line(file(version: "1") { _ in }).contains("it is real and must not have 'centre'"))
    }

    @Test func schemasAreChecked() throws {
        func problem(column: Int, _ key: String, _ value: Any?) throws -> String {
            try line(
                file { document in
                    var schema = try #require(document["schema"] as? [String: Any])
                    var columns = try #require(schema["columns"] as? [[String: Any]])
                    columns[column][key] = value
                    schema["columns"] = columns
                    document["schema"] = schema
                })
        }
        let others = "the columns that the schema keeps are not the variables"
        #expect(try problem(column: 0, "name", "flags").contains(others))
        #expect(try problem(column: 0, "left_out", "asked").contains(others))
        #expect(try problem(column: 2, "left_out", nil).contains(others))
        #expect(try problem(column: 2, "left_out", "bored").contains("schema.columns.Index 2.left_out"))
        for texts in [["a"], ["a", "b", "c"], ["a", "a"]] {
            #expect(try problem(column: 0, "texts", texts).contains("column 'flag': 'texts' must be two"))
        }
        #expect(try problem(column: 0, "name", nil).contains("'name' is missing in schema.columns.Index 0"))
        #expect(try problem(column: 1, "missing", "?").contains("schema.columns.Index 1.missing"))
        #expect(try problem(column: 3, "number_labels", "yes").contains("schema.columns.Index 3.number_labels"))
        #expect(try problem(column: 4, "missing_rows", 0.5).contains("schema.columns.Index 4.missing_rows"))
        #expect(try problem(column: 4, "missing_rows", -1).contains("column 'time': 'missing_rows'"))
        #expect(try problem(column: 4, "number", ["decimal": ";"]).contains("Index 4.number.decimal"))
        #expect(try problem(column: 4, "number", ["group": "x"]).contains("Index 4.number.group"))
        #expect(try line(file { $0["schema"] = ["columns": 1] }).contains("schema"))
    }

    @Test func anotherVersionIsRefused() throws {
        for version in ["3", "0", "", "2.0"] {
            let path = try file(version: version) { _ in }
            #expect(throws: CheckpointError(path, .unsupportedFormatVersion(version))) { try Checkpoint.read(path) }
            #expect(try line(path) == "format version \(version) is not one that this program reads (1 and 2)")
        }
    }
}
